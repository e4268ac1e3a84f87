import { computed, effect, signal } from "@preact/signals";
import type { Text } from "../api/console";
import { en, type Words } from "../words/en";
import { it } from "../words/it";
import { store, stored } from "./stored";

export type Language = "it" | "en";
export const dictionaries: Record<Language, Words> = { it, en };

/** What a reader gets who has chosen nothing yet: Italian where the browser speaks it. */
export function preferredLanguage(kept: string | null, browser: readonly string[]): Language {
  if (kept === "it" || kept === "en") return kept;
  return browser.some((tag) => tag.toLowerCase().startsWith("it")) ? "it" : "en";
}

export const language = signal<Language>(
  preferredLanguage(stored("language"), navigator.languages ?? [navigator.language]),
);
export const words = computed(() => dictionaries[language.value]);

effect(() => {
  document.documentElement.lang = language.value;
});

export function switchLanguage(): void {
  language.value = language.value === "it" ? "en" : "it";
  store("language", language.value);
}

/** A text of the server in the reader's language. */
export function inLanguage(text: Text | string): string {
  return typeof text === "string" ? text : text[language.value];
}

const numberFormats = new Map<string, Intl.NumberFormat>();

/** A number as the reader writes it. */
export function formatted(value: number, digits = 0): string {
  const locale = language.value === "it" ? "it-IT" : "en-GB";
  const key = `${locale} ${digits}`;
  let format = numberFormats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      useGrouping: "always",
      // No "-0.0".
      signDisplay: "negative",
    } as Intl.NumberFormatOptions);
    numberFormats.set(key, format);
  }
  return format.format(value);
}
