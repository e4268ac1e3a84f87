/** What a conversation shows: which entries, in which lines, and what may be sent. Pure. */

import type { Entry, KeyChange, WrittenText } from "../mail/view";

/** Entries that are shown at once, and that are added when somebody asks for earlier ones. */
export const WINDOW = 100;
/** Beyond this many the oldest leave again, as long as nobody looks at them. */
export const MOST_SHOWN = 3 * WINDOW;
/** From this many characters on they are counted before one's eyes. */
export const COUNTED_FROM = 3_600;
/** Texts of one device that follow each other within this time stand close together. */
const TOGETHER_MS = 5 * 60_000;
const LONGEST_PREVIEW = 120;

export type Line =
  | { kind: "day"; key: string; at: number }
  | { kind: "unread"; key: string }
  | { kind: "change"; key: string; change: KeyChange }
  | { kind: "text"; key: string; text: WrittenText; follows: boolean };

/** The first text that its reader has not read yet; null where all was. */
export function firstUnread(entries: readonly Entry[]): string | null {
  return entries.find(isUnread)?.id ?? null;
}

export const isUnread = (entry: Entry): entry is WrittenText =>
  entry.kind === "text" && !entry.mine && entry.state !== "read";

/** From which entry on a conversation is shown that has grown since. */
export function shownFrom(from: number, length: number, atEnd: boolean): number {
  const most = Math.max(0, length - 1);
  if (atEnd && length - from > MOST_SHOWN) return length - WINDOW;
  return Math.min(from, most);
}

/**
 * The lines of the entries from `from` on: a day before the first of its texts, and a mark before
 * the text `unread`. `dayOf` tells of a moment which day it is of.
 */
export function linesOf(
  entries: readonly Entry[],
  from: number,
  unread: string | null,
  dayOf: (at: number) => string,
): Line[] {
  const lines: Line[] = [];
  let day = "";
  let before: WrittenText | null = null;
  for (const entry of entries.slice(from)) {
    const its = dayOf(entry.at);
    if (its !== day) {
      // Clocks of devices may differ: the same day can begin more than once.
      lines.push({ kind: "day", key: `day ${entry.id}`, at: entry.at });
      day = its;
      before = null;
    }
    if (entry.id === unread) {
      lines.push({ kind: "unread", key: "unread" });
      before = null;
    }
    if (entry.kind === "change") {
      lines.push({ kind: "change", key: entry.id, change: entry });
      before = null;
    } else {
      const follows =
        before !== null &&
        before.mine === entry.mine &&
        before.device === entry.device &&
        Math.abs(entry.at - before.at) < TOGETHER_MS;
      lines.push({ kind: "text", key: entry.id, text: entry, follows });
      before = entry;
    }
  }
  return lines;
}

/** The newest text that is one's own; its state is told in a word. */
export function lastOwn(entries: readonly Entry[]): string | null {
  const last = entries.findLast((entry) => entry.kind === "text");
  return last?.kind === "text" && last.mine ? last.id : null;
}

/** A text in one line, as it stands in lists and is read out. */
export function preview(text: string): string {
  const line = text.replace(/\s+/gu, " ").trim();
  const characters = [...line.slice(0, 4 * LONGEST_PREVIEW)];
  return characters.length > LONGEST_PREVIEW
    ? `${characters.slice(0, LONGEST_PREVIEW - 1).join("")}…`
    : line;
}

/** What somebody typed as it is sent: NFC, no control characters but line ends, no empty ends. */
export function composed(typed: string): string {
  return typed
    .replace(/\r\n?/g, "\n")
    .replace(/\t/g, " ")
    .replace(/[\p{Cc}\p{Cs}]/gu, (each) => (each === "\n" ? each : ""))
    .normalize("NFC")
    .replace(/^\s*\n/, "")
    .trimEnd();
}
