/** What a member holds of a group: as octets to be kept, and how keys that are spent are wiped. */

import { type ClientConfig, type ClientState, decodeGroupState, encodeGroupState } from "ts-mls";
import { addHistoricalReceiverData } from "ts-mls/clientState.js";
import { type Octets, ofUint64, ofUtf8, uint64, utf8 } from "../../trust/octets";
import { type Pending, wishOctets, wishOfOctets } from "./commits";
import { malformed } from "./errors";
import { framed, unframed } from "./frames";
import type { Named } from "./ordering";
import { PAST_EPOCHS } from "./party";

/** What is kept of a conversation. */
export interface Kept {
  state: ClientState;
  pending: Pending | null;
  /** Commits of this epoch that the orderer has not named. */
  held: readonly Octets[];
  named: readonly Named[];
}

export function keptOctets({ state, pending, held, named }: Kept): Octets {
  const waiting =
    pending === null
      ? new Uint8Array()
      : framed(
          wishOctets(pending.wish),
          pending.commit,
          pending.welcome,
          encodeGroupState(pending.next),
        );
  const told = named.map(({ epoch, commit }) => framed(uint64(Number(epoch)), utf8(commit)));
  return framed(encodeGroupState(state), waiting, framed(...held), framed(...told));
}

export function keptOfOctets(octets: Octets, config: ClientConfig): Kept {
  const [state, waiting, held, told] = unframed(octets, 4) as [Octets, Octets, Octets, Octets];
  return {
    state: stateOf(state, config),
    pending: waiting.length === 0 ? null : pendingOf(waiting, config),
    held: unframed(held),
    named: unframed(told).map((each) => {
      const [epoch, commit] = unframed(each, 2) as [Octets, Octets];
      return { epoch: BigInt(ofUint64(epoch)), commit: ofUtf8(commit) };
    }),
  };
}

/** One's own commit was named: past epochs as they are now, not as they were when it was made. */
export function advanced(now: ClientState, next: ClientState): ClientState {
  const [every] = addHistoricalReceiverData(now);
  const kept = [...every].sort(([one], [other]) => (one < other ? -1 : 1)).slice(-PAST_EPOCHS);
  return pruned({ ...next, historicalReceiverData: new Map(kept) });
}

/** Without the keys of nodes that the tree no longer has: they open nothing but the past. */
export function pruned(state: ClientState): ClientState {
  const { privatePath, ratchetTree } = state;
  const privateKeys: Record<number, Uint8Array> = {};
  for (const [node, key] of Object.entries(privatePath.privateKeys)) {
    if (ratchetTree[Number(node)] !== undefined) privateKeys[Number(node)] = key;
  }
  return { ...state, privatePath: { ...privatePath, privateKeys } };
}

function stateOf(octets: Octets, clientConfig: ClientConfig): ClientState {
  const read = decodeGroupState(octets, 0);
  if (read === undefined || read[1] !== octets.length) throw malformed("A group cannot be read");
  return { ...read[0], clientConfig };
}

function pendingOf(octets: Octets, config: ClientConfig): Pending {
  const [wish, commit, welcome, next] = unframed(octets, 4) as [Octets, Octets, Octets, Octets];
  return { wish: wishOfOctets(wish), commit, welcome, next: stateOf(next, config) };
}
