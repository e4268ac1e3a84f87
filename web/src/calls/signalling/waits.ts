/** How long a browser waits before it comes to its edge again, by how its last visit ended. */

/** Close codes of the edge (`edge/calls/seat.py`). */
export const REPLACED = 4000;
export const NOT_ATTENDED = 4001;
/** Nothing changes until a person acts: who it is was not believed, or it is held no more. */
const REFUSALS: readonly number[] = [NOT_ATTENDED, 4002, 4003, 4005];

const FIRST_S = 0.5;
const LONGEST_S = 30;
const FIRST_REFUSED_S = 15;
const LONGEST_REFUSED_S = 900;
/** A visit that lasted so long was a success: waiting begins anew. */
const STABLE_S = 20;

/** Waits that grow; pure: time and chance are arguments. */
export class Waits {
  #failures = 0;

  /** Seconds to wait after a visit of so many seconds; `chance` is from 0 to 1. */
  after(code: number, livedS: number, chance: number): number {
    if (livedS >= STABLE_S) this.#failures = 0;
    const refused = REFUSALS.includes(code);
    const [first, most] = refused ? [FIRST_REFUSED_S, LONGEST_REFUSED_S] : [FIRST_S, LONGEST_S];
    const span = Math.min(most, first * 2 ** Math.min(this.#failures, 32));
    this.#failures += 1;
    // Spread, so that a site's browsers do not all come back in the same moment.
    return span * (0.5 + chance / 2);
  }
}

/** When this device's page was started, in milliseconds: later than ever before. */
export function nextLife(last: string | null, nowMs: number): number {
  const before = last !== null && /^[0-9]{1,15}$/.test(last) ? Number(last) : 0;
  return Math.max(Math.floor(nowMs), before + 1);
}
