import { useEffect, useRef, useState } from "preact/hooks";
import type { Person } from "../api";
import { ActionButton, AuthorityPage, EmptyState, ErrorState, hasRole, Loading, me } from "../kit";
import { useChosen } from "./address";
import { Details } from "./Details";
import { Invitations } from "./Invitations";
import { InviteDialog } from "./InviteDialog";
import { Marked } from "./Marked";
import { usePeople, useSettled } from "./people";
import { t } from "./words";

/** Who may invite persons. */
const mayInvite = () => hasRole("security-officer", "communications-officer");

export function DirectoryPage() {
  const [inviting, setInviting] = useState(false);
  const [made, setMade] = useState(0);
  const w = t.value;
  return (
    <AuthorityPage
      path="/directory"
      title={w.title}
      lead={w.lead}
      actions={
        mayInvite() ? (
          <ActionButton tone="primary" onPress={() => setInviting(true)}>
            {w.invite}
          </ActionButton>
        ) : null
      }
    >
      <People />
      {mayInvite() ? <Invitations made={made} kinds={["person"]} /> : null}
      {inviting ? (
        <InviteDialog onClose={() => setInviting(false)} onMade={() => setMade(made + 1)} />
      ) : null}
    </AuthorityPage>
  );
}

function People() {
  const w = t.value;
  const [typed, setTyped] = useState("");
  const wanted = useSettled(typed.trim());
  const found = usePeople(wanted);
  const [chosen, choose] = useChosen();
  const { people, next } = found;
  const person = people?.find((each) => each.person === chosen) ?? null;
  return (
    <div class={person ? "directory directory-chosen" : "directory"}>
      <section class="card directory-list" aria-label={w.people}>
        <search class="directory-search">
          <svg viewBox="0 0 24 24" class="icon" aria-hidden="true">
            <path d="m20 20-4.5-4.5M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0Z" />
          </svg>
          <input
            id="directory-search"
            type="search"
            autocomplete="off"
            spellcheck={false}
            dir="auto"
            maxLength={100}
            placeholder={w.search}
            aria-label={w.search}
            aria-describedby="directory-hint"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </search>
        <p class="unseen" id="directory-hint">
          {w.searchHint}
        </p>
        <p class="directory-count" role="status">
          {people ? w.counted(people.length, next !== null) : ""}
        </p>
        {found.error ? <ErrorState error={found.error} onRetry={found.reload} /> : null}
        {!people && !found.error ? <Loading /> : null}
        {people?.length === 0 ? (
          <EmptyState title={w.nobody}>{wanted ? w.nobodyText : w.empty}</EmptyState>
        ) : null}
        <ul class="directory-people">
          {people?.map((each) => (
            <li key={each.person}>
              <Row person={each} wanted={wanted} chosen={each.person === chosen} />
            </li>
          ))}
        </ul>
        {next ? <ActionButton onPress={found.more}>{w.more}</ActionButton> : null}
      </section>
      <Chosen person={person} onBack={() => choose("")} onChanged={found.reload} />
    </div>
  );
}

function Row(props: { person: Person; wanted: string; chosen: boolean }) {
  const { person } = props;
  const number = person.numbers.find((each) => each.number !== "");
  return (
    <a
      class="directory-row"
      href={`#${encodeURIComponent(person.person)}`}
      {...(props.chosen ? { "aria-current": "true" as const } : {})}
    >
      <Initials name={person.display_name} />
      <span class="directory-name">
        <bdi class="person-display">
          <Marked text={person.display_name} wanted={props.wanted} />
        </bdi>
        <bdi class="code faint">
          <Marked text={person.person} wanted={props.wanted} />
        </bdi>
      </span>
      {number ? <bdi class="directory-number">{number.number}</bdi> : null}
    </a>
  );
}

/** Two letters for the eye; whoever reads names aloud has the name itself. */
export function Initials(props: { name: string }) {
  const words = props.name.split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  const letters = ends.map((word) => [...(word ?? "")][0]?.toUpperCase() ?? "");
  return (
    <bdi class="initials" aria-hidden="true">
      {letters.join("")}
    </bdi>
  );
}

function Chosen(props: {
  person: Person | null;
  onBack: () => void;
  onChanged: () => Promise<void>;
}) {
  const w = t.value;
  const heading = useRef<HTMLHeadingElement>(null);
  const { person } = props;
  const seen = useRef(false);
  useEffect(() => {
    // Not on arrival: whoever opens the page begins at its top.
    if (person && seen.current) heading.current?.focus();
    seen.current = true;
  }, [person?.person]);
  if (!person) {
    return (
      <aside class="card directory-details directory-nobody" aria-label={w.details}>
        <p class="soft">{w.choose}</p>
      </aside>
    );
  }
  return (
    <aside class="card directory-details" aria-label={w.detailsOf(person.display_name)}>
      <button type="button" class="link directory-back" onClick={props.onBack}>
        {w.back}
      </button>
      <Details
        key={person.person}
        person={person}
        heading={heading}
        editable={hasRole("communications-officer")}
        mine={person.person === me.value?.person}
        onChanged={props.onChanged}
      />
    </aside>
  );
}
