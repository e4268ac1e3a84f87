/** Keys that were spent are overwritten: what was said before stays closed to whoever comes after. */

import type { ClientState, SecretTree } from "ts-mls";

/** Overwrites octets; copies that the engine made by itself are out of reach. */
export function wipe(secret: Uint8Array): void {
  secret.fill(0);
}

/** Wipes what the later state of the same group no longer holds; null where nothing is held on. */
export function wipeBetween(before: ClientState, after: ClientState | null): void {
  const still = new Set(after === null ? [] : secretsOf(after));
  for (const secret of secretsOf(before)) if (!still.has(secret)) wipe(secret);
}

/** Every secret of a state, as the very arrays that hold them. */
export function* secretsOf(state: ClientState): Iterable<Uint8Array> {
  yield* Object.values(state.keySchedule) as Uint8Array[];
  yield* Object.values(state.privatePath.privateKeys);
  yield* ratchetsOf(state.secretTree);
  for (const past of state.historicalReceiverData.values()) {
    yield past.resumptionPsk;
    yield past.senderDataSecret;
    yield* ratchetsOf(past.secretTree);
  }
}

function* ratchetsOf(tree: SecretTree): Iterable<Uint8Array> {
  for (const { application, handshake } of tree) {
    for (const ratchet of [application, handshake]) {
      yield ratchet.secret;
      yield* Object.values(ratchet.unusedGenerations);
    }
  }
}
