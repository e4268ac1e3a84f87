/** What this device keeps of written messages with one person: values in, values out. */

import type { Offer, Parcel } from "./asks";
import { MOST_IDS } from "./content";
import type { Entry, KeyChange, TextState, WrittenText } from "./view";

/** Entries of one conversation; the oldest leave. */
export const MOST_ENTRIES = 2_000;
/** Groups whose messages are still read: the one that is written in, and those before it. */
export const MOST_GROUPS = 4;

/** A sealed message that the post office has not answered yet, and what is in it. */
export interface Flight extends Parcel {
  /** The epoch that it was sealed in. */
  epoch: bigint;
  texts: readonly string[];
  delivered: readonly string[];
  read: readonly string[];
}

/** A device in the group by its key. */
export interface KnownKey {
  /** `person/anna.rossi/phone` */
  device: string;
  /** SHA-256 of its public key (SubjectPublicKeyInfo), hexadecimal. */
  key: string;
}

export interface GroupKeys {
  group: string;
  epoch: number;
  members: readonly KnownKey[];
}

export interface Thread {
  /** `anna.rossi` */
  person: string;
  /** Groups whose keys are here, the one that is written in first. */
  groups: readonly string[];
  /** An own group that does not stand yet, and whose place it is to take; empty for none's. */
  founding: { group: string; instead: string } | null;
  /** As the group was when it last changed. */
  keys: GroupKeys | null;
  /** Texts of the other of which it is still to be told that they came, and that they were read. */
  delivered: readonly string[];
  read: readonly string[];
  flight: Flight | null;
  offer: Offer | null;
  /** When the last text was written or came, by this device's clock, POSIX ms. */
  touchedAt: number;
  /** The number of the first entry that is kept: entries are numbered from 0 as they come. */
  first: number;
  /** Oldest first. */
  entries: readonly Entry[];
}

export const newThread = (person: string): Thread => ({
  person,
  groups: [],
  founding: null,
  keys: null,
  delivered: [],
  read: [],
  flight: null,
  offer: null,
  touchedAt: 0,
  first: 0,
  entries: [],
});

const RANK: Record<TextState, number> = { failed: 0, waiting: 0, sent: 1, delivered: 2, read: 3 };

export const isText = (entry: Entry): entry is WrittenText => entry.kind === "text";
export const waitingTexts = ({ entries }: Thread): WrittenText[] =>
  entries.filter(isText).filter(({ mine, state }) => mine && state === "waiting");
export const unreadIn = ({ entries }: Thread): number =>
  entries.filter((each) => isText(each) && !each.mine && each.state !== "read").length;

/** A text at the end; one that is known by its id changes nothing. */
export function withText(
  thread: Thread,
  text: Omit<WrittenText, "kind" | "problem">,
  now: number,
): Thread {
  if (thread.entries.some(({ id }) => id === text.id)) return thread;
  const entry = { kind: "text" as const, problem: "", ...text };
  const after = { ...withEntry(thread, entry), touchedAt: now };
  return text.mine ? after : { ...after, delivered: queued(after.delivered, [text.id]) };
}

export function withChanges(thread: Thread, changes: readonly KeyChange[]): Thread {
  return changes.reduce<Thread>(withEntry, thread);
}

/** Somebody told that texts came to a device of theirs: the other of ours, or we of the other's. */
export function withDelivered(thread: Thread, ids: readonly string[], byUs: boolean): Thread {
  if (!byUs) return raised(thread, ids, true, "delivered");
  // Another device of this person has told the other already.
  const delivered = without(thread.delivered, ids);
  return delivered.length === thread.delivered.length ? thread : { ...thread, delivered };
}

export function withRead(thread: Thread, ids: readonly string[], byUs: boolean): Thread {
  const after = raised(thread, ids, !byUs, "read");
  if (!byUs) return after;
  const known = new Set(after.entries.filter(isRead).map(({ id }) => id));
  const done = ids.filter((id) => known.has(id));
  if (done.length === 0) return after;
  const [delivered, read] = [without(after.delivered, done), without(after.read, done)];
  return { ...after, delivered, read };
}

/** Everything of the other was read here. */
export function withAllRead(thread: Thread): Thread {
  const fresh = thread.entries.filter((each) => isText(each) && !each.mine && !isRead(each));
  if (fresh.length === 0) return thread;
  const ids = fresh.map(({ id }) => id);
  const after = raised(thread, ids, false, "read");
  const delivered = without(after.delivered, ids);
  return { ...after, delivered, read: queued(after.read, ids) };
}

/** The sealed message on its way: what is in it is no longer waiting to be sealed. */
export function withFlight(thread: Thread, flight: Flight): Thread {
  return {
    ...thread,
    flight,
    delivered: without(thread.delivered, flight.delivered),
    read: without(thread.read, flight.read),
  };
}

/** It lies in the mailboxes. */
export function landed(thread: Thread, id: string): Thread {
  const { flight } = thread;
  if (flight?.id !== id) return thread;
  return { ...raised(thread, flight.texts, true, "sent"), flight: null };
}

/** It did not leave, or nobody could read it any more: what is in it is sealed again. */
export function unsealed(thread: Thread): Thread {
  const { flight } = thread;
  if (flight === null) return thread;
  return {
    ...thread,
    flight: null,
    delivered: queued(flight.delivered, thread.delivered),
    read: queued(flight.read, thread.read),
  };
}

/** What waits has failed, with a sentence; receipts are let go. */
export function failed(thread: Thread, ids: readonly string[], problem: string): Thread {
  const flight = thread.flight?.texts.some((id) => ids.includes(id)) ? null : thread.flight;
  return edited({ ...thread, flight }, (entry) =>
    entry.mine && entry.state === "waiting" && ids.includes(entry.id)
      ? { ...entry, state: "failed", problem }
      : entry,
  );
}

/** A text that has failed waits again. */
export function retried(thread: Thread, id: string): Thread {
  return edited(thread, (entry) =>
    entry.id === id && entry.mine && entry.state === "failed"
      ? { ...entry, state: "waiting", problem: "" }
      : entry,
  );
}

/** Nothing written is kept; the keys are. */
export function erased(thread: Thread): Thread {
  const first = thread.first + thread.entries.length;
  return { ...thread, entries: [], first, delivered: [], read: [], flight: null };
}

/** What a receipt may tell of at once. */
export const receiptOf = (ids: readonly string[]): readonly string[] => ids.slice(0, MOST_IDS);

/** A group to be written in from now on; the oldest of too many are told, to be forgotten. */
export function entered(thread: Thread, group: string): { thread: Thread; left: string[] } {
  const groups = [group, ...thread.groups.filter((each) => each !== group)];
  const left = groups.splice(MOST_GROUPS);
  return { thread: { ...thread, groups }, left };
}

/** A group whose keys are gone. */
export function leftGroup(thread: Thread, group: string): Thread {
  return {
    ...thread,
    groups: thread.groups.filter((each) => each !== group),
    founding: thread.founding?.group === group ? null : thread.founding,
    offer: thread.offer?.group === group ? null : thread.offer,
    ...(thread.flight?.group === group ? pick(unsealed(thread)) : {}),
    keys: thread.keys?.group === group ? null : thread.keys,
  };
}

function pick({ flight, delivered, read }: Thread) {
  return { flight, delivered, read };
}

function isRead(entry: Entry): boolean {
  return isText(entry) && !entry.mine && entry.state === "read";
}

function withEntry(thread: Thread, entry: Entry): Thread {
  const entries = [...thread.entries, entry].slice(-MOST_ENTRIES);
  const first = thread.first + thread.entries.length + 1 - entries.length;
  return { ...thread, entries, first };
}

/** Texts of one side go up to a state, and never down. */
function raised(thread: Thread, ids: readonly string[], mine: boolean, state: TextState): Thread {
  const wanted = new Set(ids);
  return edited(thread, (entry) =>
    entry.mine === mine && wanted.has(entry.id) && RANK[entry.state] < RANK[state]
      ? { ...entry, state, problem: "" }
      : entry,
  );
}

function edited(thread: Thread, by: (text: WrittenText) => WrittenText): Thread {
  let changed = false;
  const entries = thread.entries.map((entry) => {
    const after = isText(entry) ? by(entry) : entry;
    changed ||= after !== entry;
    return after;
  });
  return changed ? { ...thread, entries } : thread;
}

function queued(ids: readonly string[], more: readonly string[]): readonly string[] {
  return [...new Set([...ids, ...more])].slice(-MOST_ENTRIES);
}

function without(ids: readonly string[], gone: readonly string[]): readonly string[] {
  return ids.filter((id) => !gone.includes(id));
}
