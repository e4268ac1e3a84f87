import type { Reason } from "../api/paths";
import { wordsOf } from "../authority/kit/language";
import { words } from "../frame/language";
import { en } from "./en";
import { it } from "./it";

export { en, it };
/** The fleet page's texts in the reader's language. */
export const t = wordsOf({ it, en });

/** Why there is no service: the globe's words, without the "Not served" that stands before them. */
export const causeOf = (reason: Reason): string =>
  words.value.reasons[reason].replace(/^[^:]*: /, "");

/** A length of time as people say it: 45 s, 12 min, 1 h 20 min. */
export function lengthOf(seconds: number): string {
  const w = t.value;
  const whole = Math.max(Math.round(seconds), 0);
  if (whole < 120) return w.inSeconds(whole);
  const minutes = Math.round(whole / 60);
  return minutes < 120 ? w.inMinutes(minutes) : w.inHours(Math.floor(minutes / 60), minutes % 60);
}
