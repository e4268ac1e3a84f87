import { useEffect, useRef, useState } from "preact/hooks";
import { ActionButton, kitWords, Tabs } from "../../authority/kit";
import { Announcements } from "../../authority/kit/Toast";
import { PageFrame } from "../../frame/PageFrame";
import { RefusedPages } from "../installed/PageCopy";
import type { TalkView } from "../talk/talkView";
import { unreadIn } from "./arrivals";
import { calledName } from "./attention";
import { beside, dialBeside, leaveDial } from "./beside";
import { CallCard, standingOf } from "./CallCard";
import { ConnectionMark } from "./ConnectionMark";
import { Conversations } from "./Conversations";
import { keysOn } from "./choices";
import { DialPanel } from "./DialPanel";
import { Directory, SEARCH } from "./Directory";
import {
  answer,
  calleeOf,
  type Exchange,
  finish,
  frontTalk,
  history,
  ownSite,
  shown,
  stage,
  talks,
  toggleHold,
  toggleMute,
} from "./desk";
import { HelpSheet } from "./HelpSheet";
import { missedIn } from "./history";
import { Notices } from "./Notices";
import { Opening, Replaced } from "./Opening";
import { Recent } from "./Recent";
import { siteName } from "./SecuritySheet";
import { SoundSheet } from "./SoundSheet";
import { type Act, actOf, isWriting } from "./shortcuts";
import { Thread } from "./Thread";
import { isGrave, isLive, rings } from "./talks";
import { saidOfTexts } from "./textNews";
import { t } from "./words";

type Sheet = "sound" | "help" | null;

/** The telephone of this browser. */
export function PhonePage(props: { exchange: Exchange }) {
  const w = t.value;
  const [sheet, setSheet] = useState<Sheet>(null);
  const at = stage.value;
  const replaced = shown.value.connection.state === "replaced";
  const writing = at.state === "open" && !replaced && beside.value.show === "thread";
  return (
    <PageFrame path="/phone">
      <div class="authority-scroll">
        <div class={writing ? "authority phone phone-writing" : "authority phone"}>
          <div class="authority-head phone-head">
            <div>
              <h1>{w.title}</h1>
              {at.state === "open" ? <Whose /> : null}
            </div>
            {at.state === "open" ? (
              <div class="authority-actions">
                <ConnectionMark />
                <ActionButton onPress={() => setSheet("sound")}>{w.sound}</ActionButton>
                <ActionButton label={w.help} onPress={() => setSheet("help")}>
                  ?
                </ActionButton>
              </div>
            ) : null}
          </div>
          <RefusedPages />
          {at.state !== "open" ? <Opening stage={at} exchange={props.exchange} /> : null}
          {at.state === "open" && replaced ? <Replaced /> : null}
          {at.state === "open" && !replaced ? <Desk onHelp={() => setSheet("help")} /> : null}
        </div>
      </div>
      {sheet === "sound" ? <SoundSheet onClose={() => setSheet(null)} /> : null}
      {sheet === "help" ? <HelpSheet onClose={() => setSheet(null)} /> : null}
      <Announcements />
    </PageFrame>
  );
}

function Whose() {
  const at = stage.value;
  if (at.state !== "open") return null;
  const { name, device } = at.device.identity;
  const site = ownSite.value;
  return (
    <p class="authority-lead">
      <bdi class="person-display">{calledName(name)}</bdi>,{" "}
      {t.value.you(device, site && siteName(site))}
    </p>
  );
}

type Tab = "people" | "recent" | "messages";

function Desk(props: { onHelp: () => void }) {
  const w = t.value;
  const [chosenTab, setTab] = useState<Tab>("people");
  useShortcuts(() => setTab("people"), props.onHelp);
  const { letters, conversations } = shown.value;
  const tab = letters === null && chosenTab === "messages" ? "people" : chosenTab;
  const messages = {
    key: "messages",
    title: w.texts.title,
    count: unreadIn(conversations),
  } as const;
  const at = beside.value;
  const dialled = at.show === "dial" ? at.person : "";
  const calls = talks.value;
  const busy = calls.length > 0 || at.show !== "nobody";
  const list = useRef<HTMLElement>(null);
  const cards = useRef<HTMLElement>(null);
  const ringing = calls.find(rings)?.call;
  // What has ended as it should stands below what one writes or dials, or it would push that away.
  const isPast = (talk: TalkView) => !isLive(talk) && !isGrave(talk);
  const card = (talk: TalkView) => <CallCard key={talk.call} talk={talk} />;
  useEffect(() => {
    // It stands above a conversation that may have filled the place.
    if (ringing) cards.current?.scrollTo({ top: 0 });
  }, [ringing]);
  useEffect(() => {
    // Beside a conversation the list scrolls by itself: who is written to stays in sight.
    const row = list.current?.querySelector('[aria-current="true"]');
    row?.scrollIntoView({ block: "nearest" });
  }, [at.show]);
  return (
    <>
      <Said />
      <Notices />
      <div class={busy ? "phone-desk phone-busy" : "phone-desk"}>
        <section class="card phone-list" aria-label={w.people} ref={list}>
          <Tabs
            label={w.title}
            tabs={[
              { key: "people", title: w.people },
              ...(letters === null ? [] : [messages]),
              { key: "recent", title: w.recent, count: missedIn(history.value) },
            ]}
            chosen={tab}
            onChoose={setTab}
          >
            {tab === "people" ? <Directory chosen={dialled} onChoose={dialBeside} /> : null}
            {tab === "messages" ? <Conversations /> : null}
            {tab === "recent" ? <Recent onChoose={dialBeside} /> : null}
          </Tabs>
        </section>
        <section class="phone-calls" aria-label={w.callsHere} ref={cards}>
          <h2 class="unseen">{w.callsHere}</h2>
          {[
            ...calls.filter((talk) => !isPast(talk)).map(card),
            at.show === "dial" ? (
              <DialPanel
                key={at.person}
                callee={calleeOf(at.person)}
                onClose={leave}
                onCalled={() => leaveDial(true)}
              />
            ) : null,
            at.show === "thread" && letters !== null ? (
              <Thread key={at.person} person={at.person} enter={at.enter} />
            ) : null,
            ...calls.filter(isPast).map(card),
          ]}
          {busy ? null : (
            <div class="card phone-quiet">
              <p class="state-title">{tab === "messages" ? w.texts.noneChosen : w.quiet}</p>
              <p class="soft">{tab === "messages" ? w.texts.noneChosenText : w.quietText}</p>
            </div>
          )}
        </section>
      </div>
    </>
  );
}

function leave(): void {
  document.querySelector<HTMLElement>('.phone-person[aria-pressed="true"]')?.focus();
  leaveDial(false);
}

/** What is read out: who calls at once, how the call in front stands when it changes. */
function Said() {
  const w = t.value;
  const front = frontTalk();
  const ringing = front !== null && rings(front) ? front : null;
  const name = front ? calledName(front.person) : "";
  const text = saidOfTexts.value;
  const said = ringing
    ? `${
        ringing.emergency
          ? w.emergencyFrom(name, kitWords.value.precedences[ringing.precedence])
          : w.incomingCall(name, kitWords.value.precedences[ringing.precedence])
      } ${keysOn.value ? w.answerBy : ""}`
    : "";
  return (
    <>
      <p class="unseen" role="alert">
        {said}
      </p>
      <p class="unseen" role="status">
        {front && !ringing ? `${name}: ${standingOf(front)}` : ""}
      </p>
      <div class="unseen" role="status" data-said="texts">
        {text ? <p key={text.id}>{text.text}</p> : null}
      </div>
    </>
  );
}

function useShortcuts(onSearch: () => void, onHelp: () => void): void {
  useEffect(() => {
    const acts: Record<Act, () => void> = {
      answer: () => {
        const talk = frontTalk();
        if (talk && rings(talk)) answer(talk.call);
      },
      end: () => {
        const talk = frontTalk();
        if (talk) finish(talk);
      },
      mute: () => {
        const talk = frontTalk();
        if (talk?.state === "talking") toggleMute(talk);
      },
      hold: () => {
        const talk = frontTalk();
        if (talk?.state === "talking") toggleHold(talk);
      },
      search: () => {
        const field = document.getElementById(SEARCH);
        onSearch();
        // At once where it is there: what is typed next belongs into it.
        if (field) field.focus();
        else setTimeout(() => document.getElementById(SEARCH)?.focus(), 0);
      },
      help: onHelp,
    };
    const pressed = (event: KeyboardEvent) => {
      const modal = document.querySelector("dialog[open]") !== null;
      const act = actOf(event, isWriting(document.activeElement), modal);
      if (act === null || (!keysOn.value && act !== "help")) return;
      event.preventDefault();
      acts[act]();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}
