/** Proposing and answering commands with the key that this browser holds for the signed-in person. */

import { useEffect, useState } from "preact/hooks";
import { answer, type Decision, propose, type SignedProposal } from "../../trust/commands";
import { type DeviceKey, held, load } from "../../trust/device";
import { envelopeToJson } from "../../trust/envelope";
import type { Identity } from "../../trust/identity";
import type { JsonObject } from "../../trust/strictJson";
import * as api from "../api";
import { keysChanged } from "../enrol/thisBrowser";
import { authority, freshen, me, now } from "../kit";
import type { CommandKind } from "../policy/document";
import { explaining } from "./trustSentence";

const DAY = 86_400;
const HALF_HOUR = 1_800;
/** Seconds that a proposal may wait, at most (protocol/dangerous.py). */
const LIVES: Record<CommandKind, number> = {
  "policy.set": 7 * DAY,
  "certificates.revoke": DAY,
  "passkey.recover": DAY,
  "issuer.adopt": 7 * DAY,
  "warning.release": HALF_HOUR,
  "warning.preauthorise": DAY,
};

/** What this browser can sign with, for whoever is signed in. */
export type Signing =
  | { readonly state: "asking" }
  | { readonly state: "none" }
  /** A key was made here and waits for its certificate. */
  | { readonly state: "waiting"; readonly identity: Identity }
  | { readonly state: "expired" }
  | { readonly state: "ready"; readonly device: DeviceKey };

/** The key with the longest life among those of this person that are kept here. */
export async function findDevice(
  person: string,
  community: string,
  nowS: number,
): Promise<Signing> {
  const kept = await held();
  const mine = (identity: { name: string; community: string; kind: string }) =>
    identity.kind === "person" && identity.name === person && identity.community === community;
  const keys: DeviceKey[] = [];
  for (const identity of kept.devices.filter(mine)) {
    const key = await load(identity).catch(() => null);
    if (key) keys.push(key);
  }
  const [best] = keys.sort((one, other) => other.chain[0].notAfter - one.chain[0].notAfter);
  if (best && best.chain[0].notAfter > nowS) return { state: "ready", device: best };
  if (best) return { state: "expired" };
  const identity = kept.waiting.find(mine);
  return identity ? { state: "waiting", identity } : { state: "none" };
}

/** What this browser can sign with; asked for each person, and again when a key has come. */
export function useSigning(): Signing {
  const [signing, setSigning] = useState<Signing>({ state: "asking" });
  const person = me.value?.person;
  const community = authority.value?.community;
  useEffect(() => {
    if (!person || !community) return;
    let current = true;
    // A browser that keeps nothing holds no key either.
    findDevice(person, community, now.value)
      .catch((): Signing => ({ state: "none" }))
      .then((found) => {
        if (current) setSigning(found);
      });
    return () => {
      current = false;
    };
  }, [person, community, keysChanged.value]);
  return signing;
}

/** Sign a command and hand it to the authority, where it waits for others. */
export function proposeCommand(
  kind: CommandKind,
  body: JsonObject,
  device: DeviceKey,
): Promise<api.Command> {
  return explaining(async () => {
    await freshen();
    const wish = { kind, body, rule: kind, life: LIVES[kind], executor: "authority" as const };
    const envelope = await propose(wish, device, Date.now() / 1000);
    return api.propose(envelopeToJson(envelope));
  });
}

/** Sign an answer to a proposal that was read, and hand it to the authority. */
export function sendAnswer(
  signed: SignedProposal,
  decision: Decision,
  reason: string,
  device: DeviceKey,
): Promise<api.AnsweredCommand> {
  return explaining(async () => {
    await freshen();
    const envelope = await answer(signed, decision, device, Date.now() / 1000, reason);
    return api.answerCommand(signed.digest, envelopeToJson(envelope));
  });
}
