/** Answers about moments, kept until the picture, which runs a little behind, has come to them. */

const KEPT = 6;

export class Answers<T extends { readonly time: number }> {
  #kept: readonly T[] = [];

  /** Take an answer; null forgets all (another thing was asked about). */
  add(answer: T | null): void {
    this.#kept = answer === null ? [] : [...this.#kept, answer].slice(-KEPT);
  }

  /** The answer about the moment nearest to a sky time; null if there is none. */
  at(skyTime: number): T | null {
    let nearest: T | null = null;
    for (const answer of this.#kept) {
      const away = Math.abs(answer.time - skyTime);
      // Of two about one moment the later one.
      if (nearest === null || away <= Math.abs(nearest.time - skyTime)) nearest = answer;
    }
    return nearest;
  }
}
