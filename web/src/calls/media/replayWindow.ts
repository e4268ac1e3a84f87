/** A window that lets every counter pass once, in any order that a network makes of them (RFC 6479). */

const WORD_BITS = 32;
const RING_WORDS = 32;

/** How far behind the newest a counter may come: 992 frames, 20 s. One word is always being cleared. */
export const WINDOW = (RING_WORDS - 1) * WORD_BITS;

/** Remembers which of the newest counters have passed; all older ones count as passed. */
export class ReplayWindow {
  readonly #ring = new Uint32Array(RING_WORDS);
  #newest = 0;

  /** Whether this counter, a whole number below 2^53, has not passed yet. */
  isNew(counter: number): boolean {
    if (!Number.isSafeInteger(counter) || counter < 0) return false;
    if (this.#newest - counter > WINDOW) return false;
    const word = Math.floor(counter / WORD_BITS);
    if (word > Math.floor(this.#newest / WORD_BITS)) return true;
    return ((this.#word(word) >>> (counter % WORD_BITS)) & 1) === 0;
  }

  /**
   * Lets this counter pass, now and never again; false if it may not.
   *
   * To be called for what has been authenticated only: anybody may write any counter.
   */
  accept(counter: number): boolean {
    if (!this.isNew(counter)) return false;
    const word = Math.floor(counter / WORD_BITS);
    const ahead = word - Math.floor(this.#newest / WORD_BITS);
    for (let step = 0; step < Math.min(ahead, RING_WORDS); step++) {
      this.#ring[(word - step) % RING_WORDS] = 0;
    }
    this.#newest = Math.max(this.#newest, counter);
    this.#ring[word % RING_WORDS] = this.#word(word) | (1 << (counter % WORD_BITS));
    return true;
  }

  #word(word: number): number {
    return this.#ring[word % RING_WORDS] ?? 0;
  }
}
