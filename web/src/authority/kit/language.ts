import { computed, type ReadonlySignal } from "@preact/signals";
import { language } from "../../frame/language";
import { en, it } from "./words";

/** A page's own texts in the reader's language, as a signal. */
export function wordsOf<T>(dictionaries: { it: T; en: T }): ReadonlySignal<T> {
  return computed(() => dictionaries[language.value]);
}

/** The texts that all pages of the authority share. */
export const kitWords = wordsOf({ it, en });
