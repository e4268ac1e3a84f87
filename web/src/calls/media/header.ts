/** The SFrame header (RFC 9605 section 4.3): which key sealed a frame, and the frame's number. */

import { TrustError } from "../../trust/errors";
import type { Octets } from "../../trust/octets";

export const LARGEST_VALUE = (1n << 64n) - 1n;
/** The configuration octet, a key's name and a counter of eight octets each. */
export const LONGEST_HEADER = 17;
/** Values up to this one stand in the configuration octet itself. */
const LARGEST_SHORT = 7n;
const EXTENDED = 0x08;

export interface Header {
  /** KID: names the key. */
  keyId: bigint;
  /** CTR: the number of the frame under this key. */
  counter: bigint;
}

/** A header in the fewest octets there are for it. */
export function writeHeader({ keyId, counter }: Header): Octets {
  const [name, number] = [fieldOf(keyId), fieldOf(counter)];
  return Uint8Array.of((name.bits << 4) | number.bits, ...name.octets, ...number.octets);
}

/** Reads the header a frame begins with, and its length; refused unless written as above. */
export function readHeader(frame: Uint8Array): Header & { length: number } {
  const config = frame[0];
  if (config === undefined) throw malformed();
  const name = fieldAt(frame, 1, config >> 4);
  const number = fieldAt(frame, name.end, config & 0x0f);
  return { keyId: name.value, counter: number.value, length: number.end };
}

function fieldOf(value: bigint): { bits: number; octets: number[] } {
  if (value < 0n || value > LARGEST_VALUE) {
    throw new TrustError("malformed", `${value} does not fit into an SFrame header.`);
  }
  if (value <= LARGEST_SHORT) return { bits: Number(value), octets: [] };
  const octets: number[] = [];
  for (let rest = value; rest > 0n; rest >>= 8n) octets.unshift(Number(rest & 0xffn));
  return { bits: EXTENDED | (octets.length - 1), octets };
}

function fieldAt(frame: Uint8Array, start: number, bits: number): { value: bigint; end: number } {
  if ((bits & EXTENDED) === 0) return { value: BigInt(bits), end: start };
  const end = start + (bits & 0x07) + 1;
  if (end > frame.length) throw malformed();
  let value = 0n;
  for (const octet of frame.subarray(start, end)) value = (value << 8n) | BigInt(octet);
  // One header for one pair of values: leading zeros, or a small value written long, are refused.
  if (frame[start] === 0 || value <= LARGEST_SHORT) throw malformed();
  return { value, end };
}

function malformed(): TrustError {
  return new TrustError("malformed", "This is no SFrame header.");
}
