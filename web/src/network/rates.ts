/** Rates from counts: what was added between two answers, over the time between them. */

/** An answer, and when it came: seconds of a clock that never goes back. */
export interface Taken<T> {
  readonly value: T;
  readonly atS: number;
}

/** Two answers further apart than this say nothing of how it is now. */
export const LONGEST_S = 15;

/** bit/s between two counts of octets; null where they cannot be compared. */
export function rateBps(before: number | undefined, after: number, seconds: number): number | null {
  // A count that went back began anew: its owner was started again.
  if (before === undefined || after < before || seconds <= 0 || seconds > LONGEST_S) return null;
  return ((after - before) * 8) / seconds;
}

/** The rate of each of several counts by its name; what cannot be compared is absent. */
export function ratesOf<T>(
  before: Taken<readonly T[]> | null,
  after: Taken<readonly T[]>,
  nameOf: (each: T) => string,
  octetsOf: (each: T) => number,
): Map<string, number> {
  const rates = new Map<string, number>();
  if (before === null) return rates;
  const counted = new Map(before.value.map((each) => [nameOf(each), octetsOf(each)]));
  for (const each of after.value) {
    const rate = rateBps(counted.get(nameOf(each)), octetsOf(each), after.atS - before.atS);
    if (rate !== null) rates.set(nameOf(each), rate);
  }
  return rates;
}

/** Both directions at once. */
export interface Flow {
  readonly up: Map<string, number>;
  readonly down: Map<string, number>;
}

interface Counted {
  sent_octets: number;
  received_octets: number;
}

export function flowOf<T extends Counted>(
  before: Taken<readonly T[]> | null,
  after: Taken<readonly T[]>,
  nameOf: (each: T) => string,
): Flow {
  return {
    up: ratesOf(before, after, nameOf, (each) => each.sent_octets),
    down: ratesOf(before, after, nameOf, (each) => each.received_octets),
  };
}

/** All that flows; null where nothing could be compared. */
export function totalOf(rates: Map<string, number>): number | null {
  return rates.size === 0 ? null : [...rates.values()].reduce((sum, rate) => sum + rate, 0);
}

/** A part of an answer, with the answer's time; null where the part is not there. */
export function partOf<T, P>(
  taken: Taken<T> | null,
  part: (value: T) => P | null | undefined,
): Taken<P> | null {
  const found = taken === null ? null : part(taken.value);
  return taken === null || found === null || found === undefined
    ? null
    : { value: found, atS: taken.atS };
}
