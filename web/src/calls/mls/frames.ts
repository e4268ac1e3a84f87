/** Several strings of octets as one, each with its length before it: what is sealed on the disk. */

import { joined, type Octets } from "../../trust/octets";
import { malformed } from "./errors";

const LENGTH_OCTETS = 4;

export function framed(...parts: readonly Uint8Array[]): Octets {
  return joined(...parts.flatMap((part) => [lengthOf(part), part]));
}

/** Reads the parts; exactly so many where a count is given. */
export function unframed(octets: Octets, count = -1): Octets[] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const parts: Octets[] = [];
  for (let at = 0; at < octets.length; ) {
    if (at + LENGTH_OCTETS > octets.length) throw broken();
    const start = at + LENGTH_OCTETS;
    at = start + view.getUint32(at);
    if (at > octets.length) throw broken();
    parts.push(octets.slice(start, at));
  }
  if (count >= 0 && parts.length !== count) throw broken();
  return parts;
}

function lengthOf(part: Uint8Array): Octets {
  const octets = new Uint8Array(LENGTH_OCTETS);
  new DataView(octets.buffer).setUint32(0, part.length);
  return octets;
}

function broken() {
  return malformed("What was kept cannot be read");
}
