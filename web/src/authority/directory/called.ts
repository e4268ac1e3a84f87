/** Languages and places by their names, in the reader's language. */

import { language } from "../../frame/language";

/** "Italian" for it; the code itself where it names no language. */
export function languageName(code: string): string {
  return named(code, "language") ?? code;
}

/** "Italy" for IT; "Italy (IT-RM)" for a subdivision, whose names browsers do not know. */
export function placeName(place: string): string {
  const country = named(place.slice(0, 2), "region");
  if (!country) return place;
  return place.length > 2 ? `${country} (${place})` : country;
}

function named(code: string, type: "language" | "region"): string | undefined {
  try {
    return new Intl.DisplayNames([language.value], { type, fallback: "none" }).of(code);
  } catch {
    return undefined;
  }
}
