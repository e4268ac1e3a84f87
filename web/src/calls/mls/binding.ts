/**
 * What the two ends of a call say of their media, bound to their group: a code over it that only
 * members can make. Whoever rewrites a key's fingerprint or a candidate on the way is found.
 */

import { TrustError } from "../../trust/errors";
import { isName } from "../../trust/identity";
import { type Octets, utf8 } from "../../trust/octets";
import { framed } from "./frames";
import type { Conversation } from "./group";
import { EXPORT } from "./numbers";

const KEY_OCTETS = 64;
/** HMAC-SHA-512 (RFC 2104), whole. */
const CODE_OCTETS = 64;
const LARGEST_SDP = 65_536;
const MOST_LINES = 256;
/**
 * Lines of SDP (RFC 8866) by which media could be led elsewhere or read by others: keys and roles
 * of DTLS (RFC 8122, RFC 4145), names and addresses of ICE (RFC 8839), and what is sent which way.
 */
const BOUND =
  /^(?:m=.*|c=.*|a=(?:fingerprint|setup|tls-id|ice-ufrag|ice-pwd|ice-lite|candidate|mid|group|rtcp-mux|crypto|sendrecv|sendonly|recvonly|inactive)(?::.*)?)$/;

/** Lines that hold nothing but addresses, and the port in a line of media. */
const ADDRESS = /^(?:c=|a=candidate:)/;
const PORT = /^(m=\w+) \d+ /;

/** One end's words about a call. */
export interface CallWords {
  /** The call's identifier, as signalling has it. */
  call: string;
  role: "offer" | "answer";
  /** Devices: identities' URIs. */
  from: string;
  to: string;
  /** SDP, as it was applied. */
  sdp: string;
  /**
   * Each end's edge puts its own relay's address in: addresses are then not bound, as no end sees
   * the other's. Where the media go each end asks its own edge; keys and names of ICE stay bound.
   */
  relayed: boolean;
}

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

/** Returns if a member of the group has said exactly this, to this device, in the present epoch. */
export async function checkCall(
  conversation: Conversation,
  words: CallWords,
  binding: Binding,
): Promise<void> {
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
  const wanted = await codeOf(conversation, words);
  if (!constantTime(wanted, binding.code)) {
    throw new TrustError(
      "not-genuine",
      "The call's keys or addresses were changed on the way: nothing was connected.",
    );
  }
}

/** What is bound of a description, in the order in which it stands there. */
export function boundLines(sdp: string, relayed: boolean): string[] {
  if (sdp.length > LARGEST_SDP) throw new TrustError("too-large", "This description is too long.");
  const lines = sdp.split(/\r?\n/).filter((line) => BOUND.test(line));
  const keyed = lines.some((line) =>
    /^a=fingerprint:[\w-]+ (?:[0-9A-Fa-f]{2}:)+[0-9A-Fa-f]{2}$/.test(line),
  );
  if (!keyed || lines.length > MOST_LINES) {
    throw new TrustError("malformed", "This description has no key, or too much of everything.");
  }
  if (!relayed) return lines;
  const placeless = lines.filter((line) => !ADDRESS.test(line));
  return placeless.map((line) => line.replace(PORT, "$1 9 "));
}

async function codeOf(conversation: Conversation, words: CallWords): Promise<Octets> {
  const { call, role, from, to, sdp, relayed } = words;
  if (!isName(call)) throw new TrustError("malformed", "This is no identifier of a call.");
  const context = framed(...[call, role, from, to, relayed ? "relayed" : "direct"].map(utf8));
  const raw = await conversation.exportSecret(EXPORT.call, context, KEY_OCTETS);
  const algorithm = { name: "HMAC", hash: "SHA-512" };
  const key = await crypto.subtle.importKey("raw", raw, algorithm, false, ["sign"]);
  const said = framed(...boundLines(sdp, relayed).map(utf8));
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, said));
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
