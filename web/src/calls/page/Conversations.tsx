import { EmptyState, now } from "../../authority/kit";
import { language } from "../../frame/language";
import { initials } from "../../frame/PersonCorner";
import type { ConversationView, Entry } from "../mail/view";
import { calledName } from "./attention";
import { beside, writeTo } from "./beside";
import { shown } from "./desk";
import { preview } from "./entries";
import { HeldNotice } from "./HeldNotice";
import { shortMoment } from "./moments";
import { changeWords, StateMark } from "./ThreadLine";
import { t } from "./words";

/** With whom one has written, the newest first. */
export function Conversations() {
  const w = t.value.texts;
  const { conversations } = shown.value;
  const at = beside.value;
  const open = at.show === "thread" ? at.person : "";
  return (
    <div class="phone-recent">
      {open === "" ? <HeldNotice /> : null}
      {conversations.length === 0 ? <EmptyState title={w.none}>{w.noneText}</EmptyState> : null}
      <ul class="directory-people" aria-label={w.title}>
        {conversations.map((each) => (
          <li key={each.person}>
            <Row conversation={each} open={each.person === open} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Row(props: { conversation: ConversationView; open: boolean }) {
  const w = t.value.texts;
  const { person, entries, unread } = props.conversation;
  const name = calledName(person);
  const last = entries.at(-1);
  return (
    <button
      type="button"
      class={
        unread > 0 ? "directory-row past conversation past-new" : "directory-row past conversation"
      }
      data-writes={person}
      {...(props.open ? { "aria-current": "true" } : {})}
      onClick={() => writeTo(person)}
    >
      <bdi class="initials" aria-hidden="true">
        {initials(name).toUpperCase()}
      </bdi>
      <span class="directory-name">
        <bdi class="person-display">{name}</bdi>
        {last ? <LastLine entry={last} person={person} /> : null}
      </span>
      <span class="past-when">
        {last ? (
          <time class="faint" dateTime={new Date(last.at).toISOString()}>
            {shortMoment(last.at, now.value * 1000, language.value, w)}
          </time>
        ) : null}
        {unread > 0 ? (
          <span class="unread-count">
            <span aria-hidden="true">{unread}</span>
            <span class="unseen">{w.unread(String(unread))}</span>
          </span>
        ) : null}
      </span>
    </button>
  );
}

function LastLine(props: { entry: Entry; person: string }) {
  const w = t.value.texts;
  const { entry } = props;
  if (entry.kind === "change")
    return <span class="last-line">{changeWords(entry, props.person)}</span>;
  const line = preview(entry.text);
  return (
    <span class={entry.state === "failed" ? "last-line last-failed" : "last-line"}>
      {entry.mine ? <StateMark state={entry.state} /> : null}
      <bdi>{entry.mine ? w.youSaid(line) : line}</bdi>
    </span>
  );
}
