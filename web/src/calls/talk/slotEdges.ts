/**
 * Where slots of low satellites meet, ways are disturbed: packets come late, then together. The
 * receiver keeps more in hand shortly before and lets go of it after, as its edge foretells.
 */

import type { SlotEdge } from "../signalling/frames";

/** From one edge to the next (`terms.py`, SLOT_SECONDS). */
export const SLOT_MS = 15_000;
/** For the buffer to grow: it stretches what it plays, so that nobody hears it. Our choice. */
export const BEFORE_MS = 2_000;
/** The head of a slot (140 ms), a way of 300 ms, and what comes together then. Our choice. */
export const AFTER_MS = 600;
/** Edges without a word of the edge, until no more are believed. Our choice: two reports late. */
export const MOST_EDGES = 4;

export class SlotEdges {
  readonly #keep: (milliseconds: number) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #until: ReturnType<typeof setTimeout> | undefined;
  /** Of `performance.now()`; null until one was foretold. */
  #next: number | null = null;
  #holdMs = 0;
  #left = 0;

  /** `keep` is told how much to keep in hand from now on; 0: as much as without an edge. */
  constructor(keep: (milliseconds: number) => void) {
    this.#keep = keep;
  }

  /** Takes what the edge says of the next one; it comes anew every few seconds. */
  expect({ inMs, holdMs }: SlotEdge): void {
    this.#next = performance.now() + inMs;
    this.#holdMs = holdMs;
    this.#left = MOST_EDGES;
    this.#wait();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#until);
    this.#next = null;
  }

  #wait(): void {
    clearTimeout(this.#timer);
    if (this.#next === null || this.#left === 0) return;
    const inMs = this.#next - BEFORE_MS - performance.now();
    this.#timer = setTimeout(() => this.#hold(), Math.max(0, inMs));
  }

  #hold(): void {
    if (this.#next === null) return;
    this.#keep(this.#holdMs);
    clearTimeout(this.#until);
    const overInMs = this.#next + AFTER_MS - performance.now();
    this.#until = setTimeout(() => this.#keep(0), Math.max(0, overInMs));
    this.#next += SLOT_MS;
    this.#left -= 1;
    this.#wait();
  }
}
