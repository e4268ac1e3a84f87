/** Which texts are new since one looked last. Pure. */

import type { ConversationView, WrittenText } from "../mail/view";
import { isUnread } from "./entries";

/** Of each person, the entry that was the last one then. */
export type Known = ReadonlyMap<string, string>;

export interface Arrived {
  /** `anna.rossi` */
  person: string;
  /** Oldest first; at least one. */
  texts: readonly WrittenText[];
}

export function knownOf(conversations: readonly ConversationView[]): Known {
  return new Map(
    conversations.map(({ person, entries }) => [person, entries.at(-1)?.id ?? ""] as const),
  );
}

/** The unread texts of others that have come since. */
export function arrivedSince(
  known: Known,
  conversations: readonly ConversationView[],
): readonly Arrived[] {
  return conversations.flatMap(({ person, entries }) => {
    const last = entries.findLastIndex(({ id }) => id === known.get(person));
    const texts = entries.slice(last + 1).filter(isUnread);
    return texts.length > 0 ? [{ person, texts }] : [];
  });
}

export const unreadIn = (conversations: readonly ConversationView[]): number =>
  conversations.reduce((sum, { unread }) => sum + unread, 0);
