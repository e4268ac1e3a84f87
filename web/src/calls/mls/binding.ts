/**
 * What the two ends of a call say of their media, bound to their group: a code over it that only
 * members can make. Whoever rewrites a key's fingerprint or a name of ICE on the way is found.
 *
 * Where the media go is not bound: each end takes its own relay's address from its own edge.
 */

import { TrustError } from "../../trust/errors";
import { isName } from "../../trust/identity";
import { type Octets, utf8 } from "../../trust/octets";
import { boundOctets, type MediaEnd } from "../media/description";
import { framed } from "./frames";
import type { Conversation } from "./group";
import { EXPORT } from "./numbers";

const KEY_OCTETS = 64;
/** HMAC-SHA-512 (RFC 2104), whole. */
export const CODE_OCTETS = 64;
/** Codes of one end that may get lost between two that come. Our choice. */
export const MOST_LOST = 8;

/** One end's words about a call. */
export interface CallWords {
  /** The call's identifier, as signalling has it. */
  call: string;
  /** Devices: identities' URIs. */
  from: string;
  to: string;
  /** The media of `from`, as it was applied; an offer or an answer. */
  end: MediaEnd;
  /** How many times `from` has said its media in this call, this time too. */
  count: number;
}

/** The same as they come: which time it is, the code shows. */
export type HeardWords = Omit<CallWords, "count">;

/** What travels beside the description. */
export interface Binding {
  /** Of the group, when the code was made. */
  epoch: bigint;
  code: Octets;
}

/** Binds what this device says; refused if it speaks for another one. */
export async function bindCall(conversation: Conversation, words: CallWords): Promise<Binding> {
  if (deviceAt(conversation, conversation.leaf) !== words.from) {
    throw new TrustError("identity", "A device binds its own words only.");
  }
  return { epoch: conversation.epoch, code: await codeOf(conversation, words) };
}

/**
 * Returns which time it is that a member of the group has said exactly this, to this device, in the
 * present epoch; refused unless it is later than the `last` one: nobody plays an earlier one again.
 */
export async function checkCall(
  conversation: Conversation,
  words: HeardWords,
  binding: Binding,
  last: number,
): Promise<number> {
  const known = conversation.members.some(({ identity }) => identity.uri === words.from);
  const mine = deviceAt(conversation, conversation.leaf);
  if (!known || words.to !== mine || words.from === mine) {
    throw new TrustError("identity", "This call is not between two devices of the conversation.");
  }
  if (binding.epoch !== conversation.epoch) {
    throw new TrustError(
      "not-in-force",
      "This call was bound in another epoch: nothing was connected. It must be set up again.",
    );
  }
  for (let count = last + 1; count <= last + 1 + MOST_LOST; count++) {
    if (constantTime(await codeOf(conversation, { ...words, count }), binding.code)) return count;
  }
  throw new TrustError(
    "not-genuine",
    "The call's keys were changed on the way, or are old: nothing was connected.",
  );
}

async function codeOf(conversation: Conversation, words: CallWords): Promise<Octets> {
  const { call, from, to, end, count } = words;
  if (!isName(call)) throw new TrustError("malformed", "This is no identifier of a call.");
  const context = framed(...[call, end.kind, from, to, `${count}`].map(utf8));
  const raw = await conversation.exportSecret(EXPORT.call, context, KEY_OCTETS);
  const algorithm = { name: "HMAC", hash: "SHA-512" };
  const key = await crypto.subtle.importKey("raw", raw, algorithm, false, ["sign"]);
  raw.fill(0);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, boundOctets(end)));
}

function deviceAt({ members }: Conversation, leaf: number): string {
  return members.find((member) => member.leaf === leaf)?.identity.uri ?? "";
}

/** Compares without telling by its time where the first difference is. */
function constantTime(one: Octets, other: Octets): boolean {
  if (one.length !== CODE_OCTETS || other.length !== CODE_OCTETS) return false;
  let difference = 0;
  for (let at = 0; at < CODE_OCTETS; at++) difference |= (one[at] ?? 0) ^ (other[at] ?? 0);
  return difference === 0;
}
