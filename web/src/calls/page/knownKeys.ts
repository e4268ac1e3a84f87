/** Which key each device had in the last call with it: what is remembered, and how it is written. */

import { TrustError } from "../../trust/errors";
import type { Octets } from "../../trust/octets";
import { isObject, type Json, parseJson, writeJson } from "../../trust/strictJson";

/** Of devices; those that were talked with longest ago leave first. */
export const MOST_KNOWN = 1_000;
export const LARGEST_KNOWN = 1 << 19;
const FORM = "baluardo/calls/keys/v1";
const LONGEST_DEVICE = 160;
const PRINT = /^[0-9a-f]{64}$/;

/** A device's key, as it was in the last call with it. */
export interface KnownKey {
  /** `person/anna.rossi/phone` */
  device: string;
  /** SHA-256 of the key, small hexadecimal digits. */
  print: string;
  /** When it was talked with last, milliseconds of `Date.now()`. */
  at: number;
}

/** What is to be said of a key: nothing is known of it, or another one was used until `since`. */
export type KeyNews = { kind: "first" } | { kind: "new"; since: number };

/** What is to be said of a device's key; null where it is the one of the last call. */
export function newsOfKey(
  known: readonly KnownKey[],
  device: string,
  print: string,
): KeyNews | null {
  const before = known.find((each) => each.device === device);
  if (before === undefined) return { kind: "first" };
  return before.print === print ? null : { kind: "new", since: before.at };
}

/** With a key that was talked with now; a device has one, the last. */
export function withKey(known: readonly KnownKey[], key: KnownKey): readonly KnownKey[] {
  const others = known.filter(({ device }) => device !== key.device);
  return [{ ...key }, ...others].slice(0, MOST_KNOWN);
}

export function writeKnown(known: readonly KnownKey[]): Octets {
  return writeJson({ form: FORM, keys: known.map((key) => ({ ...key })) });
}

/** Reads what `writeKnown` has written; refused as a whole if anything in it is not as it writes. */
export function readKnown(octets: Octets): readonly KnownKey[] {
  const value = parseJson(octets, LARGEST_KNOWN);
  if (!isObject(value) || value.form !== FORM || !Array.isArray(value.keys)) throw damaged();
  if (value.keys.length > MOST_KNOWN) throw damaged();
  const keys = value.keys.map(keyOf);
  if (new Set(keys.map(({ device }) => device)).size !== keys.length) throw damaged();
  return keys;
}

function keyOf(value: Json): KnownKey {
  if (!isObject(value)) throw damaged();
  const { device, print, at } = value;
  const named = typeof device === "string" && device !== "" && device.length <= LONGEST_DEVICE;
  if (!named || typeof print !== "string" || !PRINT.test(print)) throw damaged();
  if (typeof at !== "number" || !Number.isSafeInteger(at) || at < 0) throw damaged();
  return { device, print, at };
}

function damaged(): TrustError {
  return new TrustError(
    "storage",
    "The list of keys of past calls is not as this page writes it: left as it is.",
  );
}
