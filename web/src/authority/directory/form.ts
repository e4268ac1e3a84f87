/** What may be written into the directory, checked before it is sent. */

import type { PhoneNumber } from "../api";

export const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const LANGUAGE = /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$/;
const NUMBER = /^[+*#]?[0-9]([0-9*# -]{0,30}[0-9*#])?$/;
const MOST_LANGUAGES = 8;

/** Languages as people type them; null if one of them is no code of a language. */
export function languagesOf(typed: string): string[] | null {
  const found = new Set<string>();
  for (const each of typed.split(/[\s,;]+/).filter(Boolean)) {
    try {
      found.add(Intl.getCanonicalLocales(each)[0] ?? "");
    } catch {
      return null;
    }
  }
  const good = [...found].every((each) => LANGUAGE.test(each));
  return good && found.size <= MOST_LANGUAGES ? [...found] : null;
}

/** Whether every number can be dialled and says of what kind it is. */
export function goodNumber(number: PhoneNumber): boolean {
  return NUMBER.test(number.number.trim()) && NAME.test(number.kind);
}
