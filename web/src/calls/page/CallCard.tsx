import { useState } from "preact/hooks";
import { ActionButton, momentOf } from "../../authority/kit";
import { formatted, language } from "../../frame/language";
import { causeWords } from "../signalling/words";
import type { TalkView } from "../talk/talkView";
import { isRefusal } from "../talk/trouble";
import { calledName } from "./attention";
import { writeTo } from "./beside";
import { answer, clock, dial, dismiss, finish, keys, shown, toggleHold, toggleMute } from "./desk";
import { useCallFocus } from "./focus";
import { Icon } from "./Icon";
import { PrecedenceMark } from "./Precedence";
import { SecuritySheet } from "./SecuritySheet";
import { duration, isGrave, qualityOf, rings, wasPreempted } from "./talks";
import { t } from "./words";

/** One call: who, how urgent, how it stands, how it is protected, and what one can do. */
export function CallCard(props: { talk: TalkView }) {
  const w = t.value;
  const { talk } = props;
  const [sheet, setSheet] = useState(false);
  const heading = useCallFocus(talk);
  const name = calledName(talk.person);
  const kind = talk.state === "over" ? "over" : rings(talk) ? "rings" : "live";
  return (
    <article
      class={`card call call-${kind} call-of-${talk.emergency ? "emergency" : talk.precedence}`}
      aria-label={`${talk.side === "callee" ? w.from : w.to} ${name}`}
      data-call={talk.call}
    >
      <div class="call-top">
        <PrecedenceMark precedence={talk.precedence} emergency={talk.emergency} />
        <span class="call-aside">
          <Timer talk={talk} />
          {shown.value.letters ? (
            <button
              type="button"
              class="quiet-button phone-write"
              aria-label={w.texts.writeTo(name)}
              title={w.texts.writeTo(name)}
              onClick={() => writeTo(talk.person)}
            >
              <Icon name="write" />
            </button>
          ) : null}
        </span>
      </div>
      <div>
        <h3 class="call-name" ref={heading} tabIndex={-1}>
          <bdi>{name}</bdi>
        </h3>
        <p class="call-who faint">
          <bdi class="code">{talk.device ? `${talk.person} / ${talk.device}` : talk.person}</bdi>
        </p>
      </div>
      <p class="call-state">
        <Standing talk={talk} />
      </p>
      {talk.state === "over" ? <Ending talk={talk} /> : <Line talk={talk} />}
      <Protection talk={talk} onOpen={() => setSheet(true)} />
      <Acts talk={talk} name={name} />
      {sheet ? <SecuritySheet talk={talk} name={name} onClose={() => setSheet(false)} /> : null}
    </article>
  );
}

/** How it stands, in a word: read out when it changes, unlike the seconds beside it. */
export function standingOf(talk: TalkView): string {
  const w = t.value;
  if (talk.state !== "talking") return w.states[talk.state];
  if (talk.heldHere) return talk.heldThere ? w.heldBoth : w.heldHere;
  return talk.heldThere ? w.heldThere : w.states.talking;
}

function Standing(props: { talk: TalkView }) {
  return (
    <span class={props.talk.heldHere || props.talk.heldThere ? "call-held" : ""}>
      {standingOf(props.talk)}
    </span>
  );
}

function Timer(props: { talk: TalkView }) {
  const { answeredAt, endedAt } = props.talk;
  if (answeredAt === null) return null;
  return (
    <time class="call-time" role="timer" aria-live="off">
      {duration((endedAt ?? clock.value) - answeredAt)}
    </time>
  );
}

/** Why it ended; what somebody else decided over it stands out. */
function Ending(props: { talk: TalkView }) {
  const { talk } = props;
  // A call that was refused for its security says so below, where its protection stands.
  if (isRefusal(talk.trouble)) return null;
  const preempted = wasPreempted(talk.cause);
  return (
    <div class={isGrave(talk) ? "notice notice-bad call-ending" : "call-ending"}>
      {preempted ? <p class="notice-title">{t.value.preempted}</p> : null}
      {talk.cause && !talk.trouble ? <p>{causeWords[language.value][talk.cause]}</p> : null}
      {talk.trouble ? <p>{t.value.troubles[talk.trouble]}</p> : null}
    </div>
  );
}

function Line(props: { talk: TalkView }) {
  const w = t.value;
  const { media, quality, muted, state } = props.talk;
  return (
    <div class="call-line">
      {media === "lost" ? <p class="problem">{w.media.lost}</p> : null}
      {media === "connecting" && state === "talking" ? (
        <p class="soft">{w.media.connecting}</p>
      ) : null}
      {media === "connected" && quality ? <LineQuality mos={quality.mos} /> : null}
      {muted ? (
        <p class="call-muted">
          <Icon name="mute" /> {w.muted}
        </p>
      ) : null}
    </div>
  );
}

function LineQuality(props: { mos: number }) {
  const w = t.value;
  const level = qualityOf(props.mos);
  return (
    <p class={`line-quality line-${level}`} title={w.qualityExact(formatted(props.mos, 1))}>
      <span class="line-bars" aria-hidden="true">
        <span />
        <span />
        <span />
      </span>
      {w.quality[level]}
    </p>
  );
}

function Protection(props: { talk: TalkView; onOpen: () => void }) {
  const w = t.value;
  const { security, state, trouble } = props.talk;
  if (security.state === "refused") {
    return (
      <p class="problem">
        {w.refused}. {w.troubles[trouble ?? "failed"]}
      </p>
    );
  }
  if (security.state === "preparing") {
    return state === "over" ? null : <p class="call-protection faint">{w.preparing}</p>;
  }
  return (
    <>
      <p class="call-protection call-secured">
        <Icon name="shield" />
        <span>{w.secured}</span>
        <button type="button" class="link" aria-haspopup="dialog" onClick={props.onOpen}>
          {w.details}
        </button>
      </p>
      <KeyNewsLine talk={props.talk} />
    </>
  );
}

/** Of a key that is not the one of the last call: nothing otherwise. */
function KeyNewsLine(props: { talk: TalkView }) {
  const w = t.value;
  const news = keys.value?.newsOf(props.talk) ?? null;
  if (news === null) return null;
  if (news.kind === "first") {
    return (
      <p class="call-key faint">
        <Icon name="key" /> {w.keyFirst}
      </p>
    );
  }
  return (
    <p class="call-key call-key-new" role="alert">
      <Icon name="key" /> <span>{w.keyNew(momentOf(news.since / 1000))}</span>
    </p>
  );
}

function Acts(props: { talk: TalkView; name: string }) {
  const w = t.value;
  const { talk } = props;
  if (talk.state === "over") {
    return (
      <div class="call-acts">
        <ActionButton onPress={() => dial(talk.person, talk.precedence, talk.emergency)}>
          {w.again}
        </ActionButton>
        <ActionButton
          tone="quiet"
          onPress={() => {
            dismiss(talk.call);
            document.getElementById("content")?.focus();
          }}
        >
          {w.dismiss}
        </ActionButton>
      </div>
    );
  }
  if (rings(talk)) {
    const talking = shown.value.talks.some((each) => each.state === "talking" && !each.heldHere);
    return (
      <div class="call-acts call-acts-large">
        <Act kind="answer" icon="call" onPress={() => answer(talk.call)}>
          {talking ? w.answerHold : w.answer}
        </Act>
        <Act kind="end" icon="end" onPress={() => finish(talk)}>
          {w.refuse}
        </Act>
      </div>
    );
  }
  if (talk.state !== "talking") {
    return (
      <div class="call-acts call-acts-large">
        <Act kind="end" icon="end" onPress={() => finish(talk)}>
          {w.cancel}
        </Act>
      </div>
    );
  }
  return (
    <div class="call-acts call-acts-large">
      <Act
        kind="plain"
        icon={talk.muted ? "mute" : "speak"}
        pressed={talk.muted}
        onPress={() => toggleMute(talk)}
      >
        {w.mute}
      </Act>
      <Act
        kind="plain"
        icon={talk.heldHere ? "resume" : "hold"}
        pressed={talk.heldHere}
        onPress={() => toggleHold(talk)}
      >
        {w.hold}
      </Act>
      <Act kind="end" icon="end" onPress={() => finish(talk)}>
        {w.end}
      </Act>
    </div>
  );
}

function Act(props: {
  kind: "answer" | "end" | "plain";
  icon: "call" | "end" | "mute" | "speak" | "hold" | "resume";
  pressed?: boolean;
  onPress: () => void;
  children: string;
}) {
  return (
    <button
      type="button"
      class={`act act-${props.kind}`}
      {...(props.pressed === undefined ? {} : { "aria-pressed": props.pressed })}
      onClick={props.onPress}
    >
      <Icon name={props.icon} />
      <span>{props.children}</span>
    </button>
  );
}
