/** Times of certificates and lists: POSIX seconds here, whole seconds of UTC in X.509. */

import { type Element, TAG } from "./der";
import { TrustError } from "./errors";
import { ofUtf8 } from "./octets";

/** Seconds by which two clocks may differ, either way, before anybody is refused. */
export const SKEW_S = 600;
export const DAY_S = 86_400;
/** From this year on a time has four digits for its year (RFC 5280 section 4.1.2.5). */
const FIRST_LONG_YEAR = "2050";

/** Reads UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 writes them; POSIX seconds. */
export function timeOf(time: Element): number {
  const text = ofUtf8(time.content);
  const short = time.tag === TAG.utcTime && /^[0-9]{12}Z$/.test(text);
  const long =
    time.tag === TAG.generalizedTime && /^[0-9]{14}Z$/.test(text) && text >= FIRST_LONG_YEAR;
  if (!short && !long) throw new TrustError("malformed", "A certificate's time cannot be read.");
  const whole = short ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}` : text;
  const [, year, month, day, hour, minute, second] =
    /^(....)(..)(..)(..)(..)(..)Z$/.exec(whole) ?? [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime()) || moment.toISOString() !== iso) {
    throw new TrustError("malformed", "A certificate's time is on no calendar.");
  }
  return moment.getTime() / 1000;
}

/** A time for a sentence: ISO 8601 in UTC, to the minute. */
export function shown(posixS: number): string {
  const moment = new Date(posixS * 1000);
  if (Number.isNaN(moment.getTime())) return "a time beyond all calendars";
  return `${moment.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
