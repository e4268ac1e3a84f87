/**
 * What comes of the post: each item is taken in once, whatever it is, and what cannot be opened is
 * told and passed over. All that follows from an item is written in one go with the group's keys.
 */

import type { Envelope } from "../../trust/envelope";
import { TrustError } from "../../trust/errors";
import { type Octets, same } from "../../trust/octets";
import type { Json } from "../../trust/strictJson";
import { Repeated } from "../mls/errors";
import { Conversation } from "../mls/group";
import type { Message, Settled } from "../mls/outcomes";
import { PAST_EPOCHS } from "../mls/party";
import type { Member } from "../mls/roster";
import { beganAnew, changesBetween, keysOf, knownKeys, line } from "./changes";
import { readContent } from "./content";
import { type Item, itemOf, markOf } from "./items";
import { type Draft, MOST_THREADS } from "./ledger";
import { ordererOf, verifyNotice, type Word } from "./notice";
import { senderOf } from "./patience";
import { isOfStore, type Room } from "./room";
import {
  entered,
  leftGroup,
  type Thread,
  unsealed,
  withChanges,
  withDelivered,
  withRead,
  withText,
} from "./thread";

/** Times that an item may fail to be kept before it is passed over, if that can be kept. */
const MOST_TRIES = 5;
/** Times that the maker of a welcome or a commit is judged, if nobody of that person was lately. */
const MOST_JUDGED = 4;

/** What sending should know of what came. */
export interface Arrival {
  /** `anna.rossi` */
  person: string;
  group: string;
  /** The group has changed, or another one is written in. */
  keys: boolean;
}

/**
 * Takes one item of the post in; within a turn. Throws only where this device could not keep it.
 *
 * `tries`: what could not be kept here again and again is passed over, if at least that can be kept.
 * A welcome or a commit that cannot be judged now is tried a few times as well: evidence of who made
 * it may be on its way.
 */
export async function takeIn(room: Room, value: Json, tries = 1): Promise<Arrival | null> {
  let item: Item;
  try {
    item = itemOf(value);
  } catch (problem) {
    room.tell(sentenceOf(problem));
    return null;
  }
  const mark = await markOf(item);
  const known = room.ledger.desk.done.includes(mark);
  const begin = () => room.ledger.draft().done(mark);
  if (tries > MOST_TRIES) {
    await room.write(begin());
    return null;
  }
  const judged = tries < MOST_JUDGED && item.kind !== "message";
  const patient = () => judged && room.patience.has(senderOf(value), mark, room.now());
  const arrival = known ? null : await taken(room, item, begin, patient);
  // Also where it is known: what waited for it may not have been kept then.
  const { early } = room.ledger.desk;
  const awaited = item.kind !== "message" && early.some(({ group }) => group === item.group);
  return awaited ? ((await takeEarly(room, item.group)) ?? arrival) : arrival;
}

/** Tries again what waited for a commit of this group; within a turn. */
export async function takeEarly(room: Room, group: string): Promise<Arrival | null> {
  let last: Arrival | null = null;
  for (const item of room.ledger.desk.early.filter((each) => each.group === group)) {
    const without = () => {
      const draft = room.ledger.draft();
      return draft.early(draft.desk.early.filter((each) => each !== item));
    };
    const arrival = await taken(room, item, without);
    if (arrival?.keys) return (await takeEarly(room, group)) ?? arrival;
    last = arrival ?? last;
  }
  return last;
}

/** `begin` makes the draft that says that the item was taken in. */
async function taken(
  room: Room,
  item: Item,
  begin: () => Draft,
  patient = () => false,
): Promise<Arrival | null> {
  try {
    if (item.kind === "message") return await message(room, item, begin);
    if (item.kind === "commit") return await commit(room, item, begin);
    return await welcome(room, item, begin);
  } catch (problem) {
    if (isOfStore(problem) || (isOfEvidence(problem) && patient())) throw problem;
    if (!(problem instanceof Repeated)) room.tell(sentenceOf(problem));
    await room.write(begin());
    return null;
  }
}

async function message(room: Room, item: Item, begin: () => Draft): Promise<Arrival | null> {
  const group = await groupOf(room, item);
  const person = room.otherOf(group);
  const draft = begin();
  let problem: unknown = null;
  const received = await group.receive(item.octets, (opened) => {
    try {
      draft.put(said(draft.thread(person), opened, room));
    } catch (why) {
      problem = why; // its key is spent all the same
    }
    return draft.beside();
  });
  if (received.kind === "early") {
    await wait(room, item, begin());
    return null;
  }
  if (received.kind === "held") {
    await room.write(begin());
    return null;
  }
  room.count(draft);
  if (problem !== null) room.tell(sentenceOf(problem));
  return { person, group: group.id, keys: false };
}

/** What a member says, taken into the conversation. */
function said(thread: Thread, { from, content }: Message, room: Room): Thread {
  const mine = from.identity.holder === room.party.identity.holder;
  const read = readContent(content);
  if (read.type === "delivered") return withDelivered(thread, read.ids, mine);
  if (read.type === "read") return withRead(thread, read.ids, mine);
  const { id, at, text } = read;
  const state = mine ? "sent" : "delivered";
  const { device } = from.identity;
  return withText(thread, { id, mine, device, at, text, state }, room.now());
}

async function commit(room: Room, item: Item, begin: () => Draft): Promise<Arrival | null> {
  const group = await groupOf(room, item);
  if (item.notice === null) throw new TrustError("malformed", "A commit came without its notice.");
  const word = await verifyNotice(item.notice, room.court);
  if (word.group !== item.group) {
    throw new TrustError("malformed", "A notice came with a commit of another conversation.");
  }
  const person = room.otherOf(group);
  const settled = await settle(room, group, { word, envelope: item.notice }, [item.octets], begin);
  if (settled.kind === "missing") {
    await wait(room, item, begin());
    return null;
  }
  if (settled.kind === "wanted") {
    throw new TrustError("not-genuine", "Another commit came than the orderer has named: dropped.");
  }
  if (settled.kind === "past") {
    await room.write(begin());
    return null;
  }
  return { person, group: group.id, keys: true };
}

/** A notice whose signature was verified. */
export interface Signed {
  word: Word;
  envelope: Envelope;
}

/**
 * Follows the orderer's word, one's own commit's too; what changes is written with the draft.
 *
 * Of two words for one epoch the first counts; both are kept, to be shown.
 */
export async function settle(
  room: Room,
  group: Conversation,
  { word, envelope }: Signed,
  commits: readonly Octets[],
  begin: () => Draft,
): Promise<Settled> {
  const person = room.otherOf(group);
  const known = await room.ledger.noticeOf(group.id, word.epoch);
  const draft = begin();
  const along = (settled: Settled) => {
    draft.put(settledIn(draft.thread(person), group, settled, room.now()));
    draft.notice(group.id, word.epoch, envelope, known?.revision ?? 0);
    return draft.beside();
  };
  try {
    const settled = await group.follow(word, commits, along);
    if (settled.kind === "settled" || settled.kind === "removed") room.count(draft);
    return settled;
  } catch (problem) {
    const second = known !== null && !same(known.word.payload, envelope.payload);
    const other = problem instanceof TrustError && problem.code === "not-genuine";
    if (second && other) {
      await room.write(room.ledger.draft().dispute(group.id, word.epoch, [known.word, envelope]));
    }
    throw problem;
  }
}

/** The conversation after a change of its group. */
function settledIn(thread: Thread, group: Conversation, settled: Settled, at: number): Thread {
  if (settled.kind === "removed") {
    const own = group.members.find(({ leaf }) => leaf === group.leaf);
    const lines = own === undefined ? [] : [line(own.identity.path, "removed", at)];
    return withChanges(leftGroup(thread, group.id), lines);
  }
  if (settled.kind !== "settled") return thread;
  const { epoch, members } = settled;
  const flight = thread.flight?.group === group.id ? thread.flight : null;
  const late = flight !== null && epoch - flight.epoch >= BigInt(PAST_EPOCHS);
  const after = {
    ...(late ? unsealed(thread) : thread),
    offer: thread.offer?.group === group.id ? null : thread.offer,
  };
  if (thread.groups[0] !== group.id) return after;
  const now = knownKeys(members);
  const lines = changesBetween(knownKeys(group.members), now, at);
  const keys = { group: group.id, epoch: Number(epoch), members: now };
  return withChanges({ ...after, keys }, lines);
}

async function wait(room: Room, item: Item, draft: Draft): Promise<void> {
  const early = [...draft.desk.early, item];
  draft.early(early);
  if (draft.desk.early.length < early.length) {
    room.tell("Messages wait for a change of keys that does not come: the oldest was dropped.");
  }
  await room.write(draft);
}

async function welcome(room: Room, item: Item, begin: () => Draft): Promise<Arrival | null> {
  const here = await room.group(item.group);
  if (here?.speaks) throw new Repeated();
  const draft = begin();
  const { conversation } = await Conversation.join(room.party, item.octets, (joined) => {
    const { conversation: group, by } = joined;
    if (group.id !== item.group) throw new TrustError("malformed", "A welcome is misnamed.");
    ordererOf(group.terms.orderer.uri, room.party.identity.community);
    if (here !== null) checkReplaced(here, group, by);
    const person = room.otherOf(group);
    makeRoom(room, draft, person);
    draft.put(letIn(draft, draft.thread(person), group, by, room.now()));
    return draft.beside();
  });
  room.hold(conversation);
  room.count(draft);
  return { person: room.otherOf(conversation), group: item.group, keys: true };
}

/**
 * Refuses to put this device anew into a group that it is in: only its own new key takes the place
 * of its former one there (which `speaks` has told), and only by a member as it is known here.
 *
 * Otherwise whoever has a key package of this device could put a group of their own in the place of
 * another one, under its name. A later epoch, and that nobody is in it twice, joining has seen to.
 */
function checkReplaced(here: Conversation, group: Conversation, by: Member): void {
  const { certificate, identity } = by;
  const known = here.members.some((each) => same(each.certificate.spki, certificate.spki));
  const own = here.members.find(({ leaf }) => leaf === here.leaf);
  if (!known || identity.uri === own?.identity.uri) {
    throw new TrustError("identity", "A welcome is of nobody in the conversation: dropped.");
  }
  const [before, after] = [here.terms, group.terms];
  const people = before.people.every((uri, at) => uri === after.people[at]);
  if (!people || before.orderer.uri !== after.orderer.uri) {
    throw new TrustError("identity", "A welcome is into another conversation than it says.");
  }
}

/** The conversation once this device was let into a group; `by` is who has done so. */
function letIn(draft: Draft, before: Thread, group: Conversation, by: Member, at: number): Thread {
  const keys = keysOf(group);
  const known = before.keys;
  const lines =
    known === null
      ? []
      : known.group === group.id
        ? changesBetween(known.members, keys.members, at)
        : beganAnew(known, by.identity.path, keys, at);
  // What the former leaf had sealed or offered in this group nobody would take any more.
  const sealed = before.flight?.group === group.id ? unsealed(before) : before;
  const { thread, left } = entered(withChanges(sealed, lines), group.id);
  for (const each of left) draft.forget(each);
  return { ...thread, keys, offer: thread.offer?.group === group.id ? null : thread.offer };
}

/** Lets go of whichever conversation is silent longest where there would be too many. */
export function makeRoom(room: Room, draft: Draft, person: string): void {
  const { threads } = room.ledger;
  if (threads.has(person) || threads.size < MOST_THREADS) return;
  const silent = [...threads.values()].reduce((one, other) =>
    other.touchedAt < one.touchedAt ? other : one,
  );
  draft.drop(silent.person);
  const founding = silent.founding === null ? [] : [silent.founding.group];
  for (const group of [...silent.groups, ...founding]) draft.forget(group);
}

async function groupOf(room: Room, { group }: Item): Promise<Conversation> {
  const found = await room.group(group);
  if (found === null) {
    throw new TrustError("key", "Something came of a conversation whose keys are not here.");
  }
  return found;
}

/** Whether somebody could not be judged, for want of evidence, a list or the right time. */
function isOfEvidence(problem: unknown): boolean {
  const codes = ["proof", "not-in-force"];
  return problem instanceof TrustError && codes.includes(problem.code);
}

export function sentenceOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : "Something that came could not be read.";
}
