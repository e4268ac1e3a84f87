import { useEffect, useState } from "preact/hooks";
import { keepingOf } from "../../trust/device";
import type { Identity } from "../../trust/identity";
import {
  ActionButton,
  authority,
  Fingerprint,
  me,
  Problem,
  Sentence,
  say,
  useAct,
  useAnswer,
  wordsOf,
} from "../kit";
import { isProfile, waitingFingerprint } from "./enrolment";
import { addThisBrowser, askAgain, ticketFor } from "./thisBrowser";
import * as texts from "./words";

const words = wordsOf(texts);
const ASK_AGAIN_MS = 5_000;

/** One press, and this browser is a device of whoever is signed in. */
export function AddThisBrowser() {
  const t = words.value;
  const { busy, error, act } = useAct();
  const [readable, setReadable] = useState(false);
  const profile = authority.value?.profile ?? "";
  useEffect(() => {
    if (!isProfile(profile)) return;
    void keepingOf(profile).then((keeping) => setReadable(keeping === "readable"));
  }, [profile]);
  const add = () =>
    act(async () => {
      if (!authority.value || !me.value) return;
      const outcome = await addThisBrowser(authority.value, me.value.person);
      if (outcome.state !== "granted") return;
      say(t.thisAdded);
      // This button goes, and the keyboard with it, unless it goes on with the page.
      document.getElementById("content")?.focus();
    });
  return (
    <>
      {error ? <Problem error={error} /> : null}
      {readable ? <p class="soft">{t.readable}</p> : null}
      <div>
        <ActionButton tone="primary" busy={busy} onPress={async () => void (await add())}>
          {t.thisAdd}
        </ActionButton>
      </div>
    </>
  );
}

/** What an officer compares while a key of this browser waits; the page itself asks how it stands. */
export function AwaitedKey(props: { identity: Identity }) {
  const t = words.value;
  const ticket = ticketFor(props.identity);
  const asked = useAnswer(
    async () => {
      const outcome = ticket ? await askAgain(ticket) : null;
      if (outcome?.state === "granted" && outcome.kept) say(t.thisAdded);
      return outcome;
    },
    [ticket?.token],
    ASK_AGAIN_MS,
  );
  const [key, setKey] = useState<string | null>(null);
  useEffect(() => {
    if (ticket) void waitingFingerprint(ticket).then(setKey, () => setKey(null));
  }, [ticket?.token]);
  if (!ticket) {
    return (
      <>
        <p>{t.thisAwaitedElsewhere}</p>
        <AddThisBrowser />
      </>
    );
  }
  if (asked.answer?.state === "refused") {
    return (
      <>
        <Problem error={new Sentence(t.refusedTitle)} />
        {asked.answer.sentence ? (
          <p>
            <bdi>{asked.answer.sentence}</bdi>
          </p>
        ) : null}
        <AddThisBrowser />
      </>
    );
  }
  return (
    <>
      {key ? (
        <>
          <p>{t.waitingKey}</p>
          <Fingerprint hex={key} />
        </>
      ) : null}
      {asked.error ? (
        <Problem error={asked.error} />
      ) : (
        <p class="state-loading faint" role="status">
          <span class="spinner" aria-hidden="true" />
          {t.waitingAsk}
        </p>
      )}
    </>
  );
}
