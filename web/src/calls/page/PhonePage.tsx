import { useEffect, useState } from "preact/hooks";
import { ActionButton, kitWords, Tabs } from "../../authority/kit";
import { Announcements } from "../../authority/kit/Toast";
import { PageFrame } from "../../frame/PageFrame";
import { RefusedPages } from "../installed/PageCopy";
import { calledName } from "./attention";
import { CallCard, standingOf } from "./CallCard";
import { ConnectionMark } from "./ConnectionMark";
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
import { rings } from "./talks";
import { t } from "./words";

type Sheet = "sound" | "help" | null;

/** The telephone of this browser. */
export function PhonePage(props: { exchange: Exchange }) {
  const w = t.value;
  const [sheet, setSheet] = useState<Sheet>(null);
  const at = stage.value;
  const replaced = shown.value.connection.state === "replaced";
  return (
    <PageFrame path="/phone">
      <div class="authority-scroll">
        <div class="authority phone">
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

function Desk(props: { onHelp: () => void }) {
  const w = t.value;
  const [tab, setTab] = useState<"people" | "recent">("people");
  const [chosen, choose] = useState("");
  useShortcuts(() => setTab("people"), props.onHelp);
  const callee = chosen === "" ? null : calleeOf(chosen);
  const leave = () => {
    document.querySelector<HTMLElement>('.phone-person[aria-pressed="true"]')?.focus();
    choose("");
  };
  const calls = talks.value;
  const busy = calls.length > 0 || callee !== null;
  return (
    <>
      <Said />
      <Notices />
      <div class={busy ? "phone-desk phone-busy" : "phone-desk"}>
        <section class="card phone-list" aria-label={w.people}>
          <Tabs
            label={w.title}
            tabs={[
              { key: "people", title: w.people },
              { key: "recent", title: w.recent, count: missedIn(history.value) },
            ]}
            chosen={tab}
            onChoose={setTab}
          >
            {tab === "people" ? (
              <Directory chosen={chosen} onChoose={choose} />
            ) : (
              <Recent onChoose={choose} />
            )}
          </Tabs>
        </section>
        <section class="phone-calls" aria-label={w.callsHere}>
          <h2 class="unseen">{w.callsHere}</h2>
          {calls.map((talk) => (
            <CallCard key={talk.call} talk={talk} />
          ))}
          {callee ? (
            <DialPanel
              key={callee.person}
              callee={callee}
              onClose={leave}
              onCalled={() => choose("")}
            />
          ) : null}
          {busy ? null : (
            <div class="card phone-quiet">
              <p class="state-title">{w.quiet}</p>
              <p class="soft">{w.quietText}</p>
            </div>
          )}
        </section>
      </div>
    </>
  );
}

/** What is read out: who calls at once, how the call in front stands when it changes. */
function Said() {
  const w = t.value;
  const front = frontTalk();
  const ringing = front !== null && rings(front) ? front : null;
  const name = front ? calledName(front.person) : "";
  const said = ringing
    ? `${
        ringing.emergency
          ? w.emergencyFrom(name)
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
