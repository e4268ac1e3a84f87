/**
 * A number that two people compare by voice: equal at both ends only if no third stands between.
 *
 * Each person's key gives 20 digits (66 bits) by itself, so whoever stands between must find keys
 * of his own with the digits of both: 2^66 tries each, with no short cut by pairs as there would be
 * if one hash covered both keys. A try costs 100,000 rounds of PBKDF2 (17 bits more). Digits, as
 * Italian and English read the same ones aloud, and no list of words has to be learnt.
 */

import { type Octets, utf8 } from "./octets";

/** Groups of five digits, half of them of each key. */
export const GROUPS = 8;

const LABEL = "baluardo/safety-number/v1";
const ROUNDS = 100_000;
const GROUP_VALUES = 100_000n;
/** Octets of which a group is made: what is left of them by division favours nothing by 2^-47. */
const GROUP_OCTETS = 8;

/** The number of two keys (SubjectPublicKeyInfo, DER), in whatever order they are given. */
export async function safetyNumber(
  one: Octets,
  other: Octets,
  community: string,
): Promise<readonly string[]> {
  const salt = utf8(`${LABEL}\n${community}`);
  const halves = [await digitsOf(one, salt), await digitsOf(other, salt)];
  return halves.sort((a, b) => (a.join() < b.join() ? -1 : 1)).flat();
}

async function digitsOf(spki: Octets, salt: Octets): Promise<string[]> {
  const key = await crypto.subtle.importKey("raw", spki, "PBKDF2", false, ["deriveBits"]);
  const groups = GROUPS / 2;
  const params = { name: "PBKDF2", hash: "SHA-512", salt, iterations: ROUNDS };
  const bits = await crypto.subtle.deriveBits(params, key, groups * GROUP_OCTETS * 8);
  const view = new DataView(bits);
  return Array.from({ length: groups }, (_, at) =>
    (view.getBigUint64(at * GROUP_OCTETS) % GROUP_VALUES).toString().padStart(5, "0"),
  );
}
