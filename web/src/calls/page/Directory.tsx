import { useState } from "preact/hooks";
import { distance, EmptyState, kitWords, now } from "../../authority/kit";
import { authority, me } from "../../frame/authority";
import { signInAddress } from "../../frame/ownAddress";
import { initials } from "../../frame/PersonCorner";
import { writeTo } from "./beside";
import { contacts, dial, people, shown } from "./desk";
import { Icon } from "./Icon";
import { type Callee, findPeople, shownName, whoHas } from "./people";
import { siteName } from "./SecuritySheet";
import { t } from "./words";

export const SEARCH = "phone-search";
const MOST_SHOWN = 200;

/** Everybody whom one may call: searched by name or number, dialled by one press. */
export function Directory(props: { chosen: string; onChoose: (person: string) => void }) {
  const w = t.value;
  const [wanted, setWanted] = useState("");
  const all = people.value;
  const found = findPeople(all, wanted);
  const take = () => {
    const only = whoHas(all, wanted) ?? (found.length === 1 ? found[0] : null);
    if (only) props.onChoose(only.person);
  };
  return (
    <div class="phone-people">
      <search class="directory-search">
        <Icon name="search" />
        <input
          id={SEARCH}
          type="search"
          autocomplete="off"
          spellcheck={false}
          dir="auto"
          maxLength={100}
          placeholder={w.search}
          aria-label={w.search}
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") take();
          }}
        />
      </search>
      <p class="directory-count" role="status">
        {all.length > 0 ? w.counted(found.length) : ""}
      </p>
      {all.length === 0 ? <EmptyState title={w.noPeople}>{w.noPeopleText}</EmptyState> : null}
      {all.length > 0 && found.length === 0 ? (
        <EmptyState title={w.nobody}>{w.nobodyText}</EmptyState>
      ) : null}
      <ul class="directory-people">
        {found.slice(0, MOST_SHOWN).map((each) => (
          <li key={each.person} class="phone-row">
            <Row callee={each} chosen={each.person === props.chosen} onChoose={props.onChoose} />
          </li>
        ))}
      </ul>
      <Age />
    </div>
  );
}

function Row(props: { callee: Callee; chosen: boolean; onChoose: (person: string) => void }) {
  const w = t.value;
  const { callee } = props;
  const name = shownName(callee);
  const busy = shown.value.talks.some(
    (talk) => talk.person === callee.person && talk.state !== "over",
  );
  return (
    <>
      <button
        type="button"
        class="directory-row phone-person"
        aria-pressed={props.chosen}
        onClick={() => props.onChoose(callee.person)}
      >
        <bdi class="initials" aria-hidden="true">
          {initials(name).toUpperCase()}
        </bdi>
        <span class="directory-name">
          <bdi class="person-display">{name}</bdi>
          <PresenceLine callee={callee} busy={busy} />
        </span>
      </button>
      {shown.value.letters ? (
        <button
          type="button"
          class="quiet-button phone-write"
          data-writes={callee.person}
          aria-label={w.texts.writeTo(name)}
          title={w.texts.writeTo(name)}
          onClick={() => writeTo(callee.person)}
        >
          <Icon name="write" />
        </button>
      ) : null}
      <button
        type="button"
        class="quiet-button phone-call-now"
        aria-label={w.callNow(name)}
        title={w.callNow(name)}
        disabled={busy}
        onClick={() => dial(callee.person, "routine", false)}
      >
        <Icon name="call" />
      </button>
    </>
  );
}

/** Whether somebody can be reached, and where: a shape and words, and a colour. */
export function PresenceLine(props: { callee: Callee; busy: boolean }) {
  const w = t.value;
  const { presence, site } = props.callee;
  const kind = props.busy ? "busy" : presence;
  return (
    <span class={`presence presence-${kind}`}>
      <span class="presence-dot" aria-hidden="true" />
      {w.presence[kind]}
      {site !== "" && kind !== "away" ? ` ${w.at(siteName(site))}` : ""}
    </span>
  );
}

/** How old the names are where they were not just asked for, and how to get newer ones. */
function Age() {
  const w = t.value;
  const { at } = contacts.value;
  if (me.value !== null || authority.value === null) return null;
  return (
    <p class="faint phone-age">
      {at > 0 ? `${w.keptSince(distance(at / 1000, now.value))} ` : ""}
      <a href={signInAddress(location)}>{kitWords.value.signIn}</a>
      {at > 0 ? "" : `: ${w.signInForNames}`}
    </p>
  );
}
