/** For whose welcomes and commits the post waits: nothing else is read meanwhile. */

import type { Json } from "../../trust/strictJson";

/** Between two items of one person that are waited for. Our choice. */
export const PATIENT_EVERY_MS = 60_000;
const MOST_PEOPLE = 256;

/** One item of each person in a minute: who sends one after the other keeps nobody from reading. */
export class Patience {
  readonly #last = new Map<string, { mark: string; at: number }>();

  /** Whether this item is to be tried again later; `now` in milliseconds. */
  has(person: string, mark: string, now: number): boolean {
    const last = this.#last.get(person);
    if (last?.mark === mark) return true;
    // Longer only where the clock was put back meanwhile.
    const isLate = last === undefined || now - last.at >= PATIENT_EVERY_MS || now < last.at;
    if (!isLate) return false;
    this.#last.delete(person);
    this.#last.set(person, { mark, at: now });
    const [oldest] = this.#last.keys();
    if (this.#last.size > MOST_PEOPLE && oldest !== undefined) this.#last.delete(oldest);
    return true;
  }
}

/** The person whose device an item is from, as the authority says: `person/anna.rossi`. */
export function senderOf(value: Json): string {
  const from = value !== null && typeof value === "object" && "from" in value ? value.from : "";
  return typeof from === "string" ? from.slice(0, from.lastIndexOf("/")) : "";
}
