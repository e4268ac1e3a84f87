/** Bounds of what an edge may say: amounts with an end, moments with a date, lists of some length. */

import { array, type Check, expected, number } from "../api/validate";

/** Numbers that something was counted or measured by: never below zero, never endless. */
export const amount: Check<number> = (value, where) => {
  const found = number(value, where);
  return Number.isFinite(found) && found >= 0 ? found : expected("an amount")(value, where);
};

/** The last second of the year 9999: what comes later no calendar writes. */
const LAST_MOMENT_S = 253_402_300_799;

/** A moment that can be written as a date, POSIX seconds. */
export const moment: Check<number> = (value, where) => {
  const found = amount(value, where);
  return found <= LAST_MOMENT_S ? found : expected("a moment")(value, where);
};

const MOST_ENTRIES = 5_000;

/** A list that a page can show, in which no name stands twice. */
export function named<T>(check: Check<T>, nameOf: (item: T) => string): Check<T[]> {
  return (value, where) => {
    if (Array.isArray(value) && value.length > MOST_ENTRIES) {
      return expected(`a list of ${MOST_ENTRIES} at most`)(value, where);
    }
    const items = array(check)(value, where);
    return new Set(items.map(nameOf)).size === items.length
      ? items
      : expected("a list without double names")(value, where);
  };
}

/** A record that a page can go through. */
export function limited<T>(check: Check<Record<string, T>>): Check<Record<string, T>> {
  return (value, where) =>
    typeof value === "object" && value !== null && Object.keys(value).length > MOST_ENTRIES
      ? expected(`a record of ${MOST_ENTRIES} at most`)(value, where)
      : check(value, where);
}
