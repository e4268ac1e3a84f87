/** When something was written, as people read it: in Rome's time, as all that people do. */

import type { Language } from "../../frame/language";

const TIME_ZONE = "Europe/Rome";
const DAY_MS = 86_400_000;
const LOCALES = { it: "it-IT", en: "en-GB" } as const;

type Form = (at: number) => string;

function form(locale: string, options: Intl.DateTimeFormatOptions): Form {
  const made = new Intl.DateTimeFormat(locale, { timeZone: TIME_ZONE, ...options });
  return (at) => made.format(at);
}

const inBoth = (options: Intl.DateTimeFormatOptions): Record<Language, Form> => ({
  it: form(LOCALES.it, options),
  en: form(LOCALES.en, options),
});

/** 2026-11-22 */
export const dayOf = form("sv-SE", { dateStyle: "short" });
/** 21:54 */
export const timeOf = form("en-GB", { timeStyle: "short" });
/** 21:54:12 */
export const secondOf = form("en-GB", { timeStyle: "medium" });
const years = form("en-GB", { year: "numeric" });
const days = inBoth({ weekday: "long", day: "numeric", month: "long" });
const daysOfYears = inBoth({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const short = inBoth({ day: "numeric", month: "short" });
const shortOfYears = inBoth({ day: "numeric", month: "short", year: "numeric" });

export interface DayWords {
  today: string;
  yesterday: string;
}

/** Today, yesterday, Sunday 22 November. `at` and `now` are milliseconds since 1970. */
export function dayName(at: number, now: number, language: Language, words: DayWords): string {
  const day = dayOf(at);
  if (day === dayOf(now)) return words.today;
  if (day === dayOf(now - DAY_MS)) return words.yesterday;
  return (years(at) === years(now) ? days : daysOfYears)[language](at);
}

/** As short as can be: the time of today, else the day. */
export function shortMoment(at: number, now: number, language: Language, words: DayWords): string {
  const day = dayOf(at);
  if (day === dayOf(now)) return timeOf(at);
  if (day === dayOf(now - DAY_MS)) return words.yesterday;
  return (years(at) === years(now) ? short : shortOfYears)[language](at);
}
