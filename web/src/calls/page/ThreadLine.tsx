import { momentOf, now } from "../../authority/kit";
import { language } from "../../frame/language";
import type { KeyChange, TextState, WrittenText } from "../mail/view";
import { calledName } from "./attention";
import { shown } from "./desk";
import type { Line } from "./entries";
import { Icon } from "./Icon";
import { dayName, timeOf } from "./moments";
import { t } from "./words";

/** One line of a conversation with a person: a day, a text, or something about keys. */
export function ThreadLine(props: { line: Line; person: string; newest: boolean }) {
  const { line } = props;
  switch (line.kind) {
    case "day":
      return (
        <li class="thread-day">
          <h3>{dayName(line.at, now.value * 1000, language.value, t.value.texts)}</h3>
        </li>
      );
    case "unread":
      return (
        <li class="thread-unread">
          <span>{t.value.texts.newHere}</span>
        </li>
      );
    case "change":
      return <Change change={line.change} person={props.person} />;
    case "text":
      return (
        <Text text={line.text} person={props.person} follows={line.follows} newest={props.newest} />
      );
  }
}

/** Something about keys or devices, in a sentence; `other` is the person with whom one writes. */
export function changeWords({ what, person, device }: KeyChange, other: string): string {
  const w = t.value.texts;
  if (person !== other) return w.ownChanges[what](device);
  return w.changes[what](calledName(person), device);
}

function Change(props: { change: KeyChange; person: string }) {
  const { change } = props;
  const grave = change.what === "new keys" || change.what === "began anew";
  return (
    <li class={grave ? "thread-change thread-change-grave" : "thread-change"}>
      <p title={momentOf(change.at / 1000)}>
        <Icon name={grave ? "shield" : "key"} />
        <bdi>{changeWords(change, props.person)}</bdi>
      </p>
    </li>
  );
}

function Text(props: { text: WrittenText; person: string; follows: boolean; newest: boolean }) {
  const w = t.value.texts;
  const { text } = props;
  const failed = text.mine && text.state === "failed";
  const name = text.mine ? w.you : calledName(props.person);
  const classes = [
    "text",
    text.mine ? "text-mine" : "text-theirs",
    props.follows ? "text-follows" : "",
    failed ? "text-failed" : "",
  ];
  return (
    <li class={classes.filter(Boolean).join(" ")} data-text={text.id}>
      <div
        class="text-bubble"
        title={`\u2068${name}\u2069, ${text.device}, ${momentOf(text.at / 1000)}`}
      >
        <span class="unseen">{`${name}: `}</span>
        <p class="text-words" dir="auto">
          {text.text}
        </p>
        <span class="text-meta">
          <time dateTime={new Date(text.at).toISOString()}>{timeOf(text.at)}</time>
          {text.mine ? <StateMark state={text.state} spelled={props.newest || failed} /> : null}
        </span>
      </div>
      {failed ? <Failed text={text} person={props.person} /> : null}
    </li>
  );
}

/** How far an own text has come: a shape of its own each, and the word. */
export function StateMark(props: { state: TextState; spelled?: boolean }) {
  const word = t.value.texts.states[props.state];
  return (
    <span class={`text-state text-state-${props.state}`} title={word}>
      <Icon name={props.state} />
      <span class={props.spelled ? "" : "unseen"}>{word}</span>
    </span>
  );
}

function Failed(props: { text: WrittenText; person: string }) {
  const { text } = props;
  return (
    <p class="text-problem">
      {text.problem ? <bdi lang="en">{text.problem}</bdi> : null}{" "}
      <button
        type="button"
        class="link"
        onClick={() => shown.peek().letters?.again(props.person, text.id)}
      >
        {t.value.texts.again}
      </button>
    </p>
  );
}
