/** What of a list of warnings is new since it was seen last. */

import { language } from "../frame/language";
import type { Warning } from "./shapes";

/** Warnings that were not there before, and those whose state is another now. */
export function newsOf(before: readonly Warning[], now: readonly Warning[]): Warning[] {
  const states = new Map(before.map(({ id, state }) => [id, state]));
  return now.filter(({ id, state }) => states.get(id) !== state);
}

/** A warning's headline in the reader's language, or in the first it has. */
export function headlineOf(warning: Pick<Warning, "headline">): string {
  const { headline } = warning;
  return headline[language.value] ?? Object.values(headline)[0] ?? "";
}
