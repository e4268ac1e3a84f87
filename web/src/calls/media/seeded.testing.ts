/** Chance that is the same every time: what a test finds, it finds again. */

import type { Octets } from "../../trust/octets";

export interface Chance {
  /** A whole number from 0 up to, not including, this one. */
  below(limit: number): number;
  octets(length: number): Octets;
}

/** Mulberry32: 32 bits of state, good enough to choose inputs of tests. */
export function random(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return { below, octets: (length) => Uint8Array.from({ length }, () => below(256)) };
}
