import { useEffect, useRef, useState } from "preact/hooks";
import { initials } from "../../frame/PersonCorner";
import { dialBeside, leaveThread } from "./beside";
import { Composer } from "./Composer";
import { ConversationSheet } from "./ConversationSheet";
import { PresenceLine } from "./Directory";
import { calleeOf, shown } from "./desk";
import { firstUnread, lastOwn, linesOf, shownFrom, WINDOW } from "./entries";
import { HeldNotice } from "./HeldNotice";
import { Icon, type IconName } from "./Icon";
import { dayOf } from "./moments";
import { shownName } from "./people";
import { useReading } from "./reading";
import { useScrolling } from "./scrolling";
import { ThreadLine } from "./ThreadLine";
import { t } from "./words";

/** Below this width list and conversation stand one after the other (phone.css has it too). */
const NARROW = "(max-width: 900px)";

/** What was written with one person, and where one writes on. */
export function Thread(props: { person: string; enter: boolean }) {
  const w = t.value.texts;
  const { person } = props;
  const callee = calleeOf(person);
  const name = shownName(callee);
  const view = shown.value.letters?.of(person) ?? null;
  const entries = view?.entries ?? [];
  const [sheet, setSheet] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const [asked, setAsked] = useState(() => Math.max(0, entries.length - WINDOW));
  // As it was when the conversation was opened: the mark stays while one reads.
  const [unreadFrom] = useState(() => firstUnread(entries));
  const last = entries.at(-1);
  const own = last?.kind === "text" && last.mine;
  const atEnd = useRef(true);
  const from = shownFrom(asked, entries.length, atEnd.current);
  const first = entries[from]?.id ?? "";
  const { box, below, toEnd, scrolled } = useScrolling(atEnd, last?.id ?? "", own, first);
  useEffect(() => {
    if (from !== asked) setAsked(from);
  }, [from]);
  const end = useReading(person, view?.unread ?? 0, last?.id ?? "");
  useEffect(() => {
    if (props.enter && document.activeElement?.tagName !== "TEXTAREA") heading.current?.focus();
  }, []);
  const newest = lastOwn(entries);
  return (
    <section
      class="card thread"
      aria-label={w.conversationWith(name)}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
        // What Escape does in a dialog above is the dialog's.
        if (document.querySelector("dialog[open]") || !matchMedia(NARROW).matches) return;
        event.preventDefault();
        leaveThread();
      }}
    >
      <header class="thread-head">
        <IconButton name="back" label={w.back} kind="thread-back" onPress={leaveThread} />
        <bdi class="initials" aria-hidden="true">
          {initials(name).toUpperCase()}
        </bdi>
        <div class="thread-who">
          <h2 ref={heading} tabIndex={-1}>
            <bdi>{name}</bdi>
          </h2>
          <PresenceLine callee={callee} busy={isBusy(person)} />
        </div>
        <IconButton
          name="shield"
          label={w.protection}
          kind=""
          onPress={() => setSheet(true)}
          dialog
        />
        <IconButton
          name="call"
          label={w.callTo(name)}
          kind="thread-call"
          onPress={() => dialBeside(person, true)}
        />
        <IconButton name="close" label={t.value.close} kind="thread-close" onPress={leaveThread} />
      </header>
      <div class="thread-middle">
        <div
          class="thread-box"
          role="log"
          aria-live="off"
          ref={box}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys.
          tabIndex={0}
          aria-label={w.title}
          onScroll={scrolled}
        >
          {from > 0 ? (
            <button
              type="button"
              class="button thread-earlier"
              onClick={() => {
                atEnd.current = false;
                setAsked(Math.max(0, from - WINDOW));
                // With the last of them the button is gone.
                if (from <= WINDOW) box.current?.focus({ preventScroll: true });
              }}
            >
              {w.earlier}
            </button>
          ) : null}
          {entries.length === 0 ? <Begins /> : null}
          <ol class="thread-lines">
            {linesOf(entries, from, unreadFrom, dayOf).map((line) => (
              <ThreadLine
                key={line.key}
                line={line}
                person={person}
                newest={line.kind === "text" && line.text.id === newest}
              />
            ))}
          </ol>
          <div class="thread-end" ref={end} />
        </div>
        {below ? (
          <button type="button" class="thread-below" onClick={toEnd}>
            {w.toEnd}
            <Icon name="down" />
          </button>
        ) : null}
      </div>
      <HeldNotice />
      <Composer person={person} name={name} enter={props.enter} onSent={toEnd} />
      {sheet ? (
        <ConversationSheet person={person} name={name} onClose={() => setSheet(false)} />
      ) : null}
    </section>
  );
}

const isBusy = (person: string): boolean =>
  shown.value.talks.some((talk) => talk.person === person && talk.state !== "over");

function Begins() {
  const w = t.value.texts;
  return (
    <div class="thread-begins">
      <Icon name="shield" />
      <p class="state-title">{w.begins}</p>
      <p class="soft">{w.beginsText}</p>
    </div>
  );
}

function IconButton(props: {
  name: IconName;
  label: string;
  kind: string;
  onPress: () => void;
  dialog?: boolean;
}) {
  return (
    <button
      type="button"
      class={`quiet-button thread-button ${props.kind}`}
      aria-label={props.label}
      title={props.label}
      {...(props.dialog ? { "aria-haspopup": "dialog" as const } : {})}
      onClick={props.onPress}
    >
      <Icon name={props.name} />
    </button>
  );
}
