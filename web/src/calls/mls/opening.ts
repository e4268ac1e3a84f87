/** Opening a message: what it says, and which member says it (RFC 9420 section 6.3). */

import {
  type ClientState,
  emptyPskIndex,
  type GenerationSecret,
  type PrivateMessage,
  processMessage,
} from "ts-mls";
import { decryptSenderData } from "ts-mls/privateMessage.js";
import { TrustError } from "../../trust/errors";
import { joined, type Octets, same } from "../../trust/octets";
import { malformed, Repeated } from "./errors";
import type { Party } from "./party";
import { type Member, memberOf } from "./roster";

export interface Opened {
  from: Member;
  content: Octets;
  /** The group's state, this message's key spent. */
  next: ClientState;
  consumed: readonly Uint8Array[];
}

/**
 * Opens an application message of this epoch or of one just past; Repeated if its key is spent.
 *
 * Refused if its sender, by the key that it had in that epoch, is none of the present members: who
 * was taken out, or holds a key that was replaced, could write in an epoch that is past as long as
 * others still read it.
 */
export async function opened(
  party: Party,
  state: ClientState,
  members: readonly Member[],
  message: PrivateMessage,
): Promise<Opened> {
  const { suite } = party;
  const now = state.groupContext.epoch;
  const past = message.epoch < now ? state.historicalReceiverData.get(message.epoch) : undefined;
  if (message.epoch < now && past === undefined) throw malformed("This message came too late");
  const secret = past?.senderDataSecret ?? state.keySchedule.senderDataSecret;
  // ts-mls verifies by the sender's key and does not tell who it was; the sender's data does.
  const sender = await decryptSenderData(message, secret, suite);
  const node = (past?.ratchetTree ?? state.ratchetTree)[2 * (sender?.leafIndex ?? -1)];
  if (sender === undefined || node?.nodeType !== "leaf") throw malformed("Nobody sent this");
  const from = await memberOf(node.leaf, sender.leafIndex);
  // By the key, not the name: the same device with a newer one is somebody else than the former.
  if (!members.some(({ certificate }) => same(certificate.spki, from.certificate.spki))) {
    throw new TrustError("identity", "Whoever sent this was taken out. It was dropped.");
  }
  const tree = past?.secretTree ?? state.secretTree;
  if (isSpent(tree[2 * sender.leafIndex]?.application, sender.generation)) throw new Repeated();
  const never = () => {
    throw malformed("Proposals travel in commits only");
  };
  const wireformat = "mls_private_message" as const;
  const whole = { version: "mls10" as const, wireformat, privateMessage: message };
  const result = await processMessage(whole, state, emptyPskIndex, never, suite);
  if (result.kind !== "applicationMessage") throw malformed("This is no message");
  const { message: content, newState: next, consumed } = result;
  return { from, content: joined(content), next, consumed };
}

function isSpent(ratchet: GenerationSecret | undefined, generation: number): boolean {
  if (ratchet === undefined) return false;
  return generation < ratchet.generation && !(generation in ratchet.unusedGenerations);
}
