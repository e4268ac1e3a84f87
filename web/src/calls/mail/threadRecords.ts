/** How a conversation is written down: a head, what is on its way, and entries by fifties. */

import { TrustError } from "../../trust/errors";
import { isName } from "../../trust/identity";
import { type Octets, ofUint64, uint64 } from "../../trust/octets";
import { isObject, type Json, type JsonObject, parseJson, writeJson } from "../../trust/strictJson";
import { framed, unframed } from "../mls/frames";
import type { Offer } from "./asks";
import { type Flight, type GroupKeys, MOST_ENTRIES, type Thread } from "./thread";
import type { Entry } from "./view";

/** Entries of one record: what one new text writes anew. Our choice. */
export const PART = 50;
const MOST_OCTETS = 8 << 20;
const FORM = "baluardo/mail/thread/v1";
const STATES = ["waiting", "sent", "delivered", "read", "failed"];
const CHANGES = ["added", "removed", "new keys", "began anew"];

/** A record by its name within the kind `letters`. */
export interface Written {
  name: string;
  octets: Octets;
}

/** What has to be written and removed so that what is kept says the second in the place of the first. */
export function written(before: Thread | null, after: Thread): { put: Written[]; gone: string[] } {
  const { person } = after;
  const put: Written[] = [];
  const gone: string[] = [];
  if (before === null || headOf(before) !== headOf(after)) {
    put.push({ name: person, octets: headOctets(after) });
  }
  if (before?.flight !== after.flight || before?.offer !== after.offer) {
    put.push({ name: `${person}/way`, octets: wayOctets(after) });
  }
  const parts = new Set([...partsOf(before), ...partsOf(after)]);
  for (const part of parts) {
    const now = entriesOf(after, part);
    const then = before === null ? [] : entriesOf(before, part);
    if (now.length === 0 && then.length > 0) gone.push(`${person}/${part}`);
    else if (now.length !== then.length || now.some((each, at) => each !== then[at])) {
      put.push({ name: `${person}/${part}`, octets: entriesOctets(after, part, now) });
    }
  }
  return { put, gone };
}

/** All records of a conversation by name. */
export function namesOf(thread: Thread): string[] {
  const { person } = thread;
  return [person, `${person}/way`, ...partsOf(thread).map((part) => `${person}/${part}`)];
}

/** Reads conversations from all their records; names of those that cannot be read are told. */
export function readThreads(records: readonly Written[]): { threads: Thread[]; broken: string[] } {
  const byName = new Map(records.map(({ name, octets }) => [name, octets]));
  const threads: Thread[] = [];
  const broken: string[] = [];
  for (const { name, octets } of records) {
    if (name.includes("/") || !isName(name)) continue;
    try {
      threads.push(threadOf(name, octets, byName));
    } catch {
      broken.push(name);
    }
  }
  return { threads, broken };
}

const heads = new WeakMap<Thread, string>();

/** The head as a text, to be compared. */
function headOf(thread: Thread): string {
  const known = heads.get(thread) ?? JSON.stringify(headJson(thread));
  heads.set(thread, known);
  return known;
}

function headJson(thread: Thread): JsonObject {
  const { person, groups, founding, keys, delivered, read, touchedAt, first, entries } = thread;
  return {
    form: FORM,
    person,
    groups: [...groups],
    founding: founding === null ? null : { ...founding },
    keys:
      keys === null ? null : { ...keys, members: keys.members.map((member) => ({ ...member })) },
    delivered: [...delivered],
    read: [...read],
    touchedAt,
    first,
    // Parts are written beside it: whatever stands in them beyond this was not meant.
    count: entries.length,
  };
}

function headOctets(thread: Thread): Octets {
  return writeJson(headJson(thread));
}

function partsOf(thread: Thread | null): number[] {
  if (thread === null || thread.entries.length === 0) return [];
  const from = Math.floor(thread.first / PART);
  const to = Math.floor((thread.first + thread.entries.length - 1) / PART);
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

function entriesOf({ first, entries }: Thread, part: number): readonly Entry[] {
  const from = Math.max(0, part * PART - first);
  return entries.slice(from, Math.max(0, (part + 1) * PART - first));
}

function entriesOctets({ first }: Thread, part: number, entries: readonly Entry[]): Octets {
  const from = Math.max(first, part * PART);
  return framed(uint64(from), writeJson(entries.map((entry) => ({ ...entry }))));
}

function wayOctets({ flight, offer }: Thread): Octets {
  return framed(
    flight === null ? new Uint8Array() : flightOctets(flight),
    offer === null ? new Uint8Array() : offerOctets(offer),
  );
}

function flightOctets({ octets, epoch, to, texts, delivered, read, id, group }: Flight): Octets {
  const lists = { to: [...to], texts: [...texts], delivered: [...delivered], read: [...read] };
  return framed(writeJson({ id, group, epoch: Number(epoch), ...lists }), octets);
}

function offerOctets({ group, epoch, octets, to, welcome, added }: Offer): Octets {
  const told = { group, epoch: Number(epoch), to: [...to], added: [...added] };
  return framed(writeJson(told), octets, welcome);
}

function threadOf(name: string, octets: Octets, byName: ReadonlyMap<string, Octets>): Thread {
  const head = objectOf(parseJson(octets, MOST_OCTETS));
  if (head.form !== FORM || head.person !== name) throw damaged();
  const [first, count] = [wholeOf(head.first), wholeOf(head.count)];
  if (count > MOST_ENTRIES) throw damaged();
  const way = byName.get(`${name}/way`);
  const [flight, offer] = way === undefined ? [] : unframed(way, 2);
  const thread: Thread = {
    person: name,
    groups: textsOf(head.groups),
    founding: foundingOf(head.founding),
    keys: keysOf(head.keys),
    delivered: textsOf(head.delivered),
    read: textsOf(head.read),
    touchedAt: wholeOf(head.touchedAt),
    flight: flight === undefined || flight.length === 0 ? null : flightOf(flight),
    offer: offer === undefined || offer.length === 0 ? null : offerOf(offer),
    first,
    entries: Array.from({ length: count }, () => NONE),
  };
  const entries: Entry[] = [];
  for (const part of partsOf(thread)) {
    const [from, list] = unframed(byName.get(`${name}/${part}`) ?? new Uint8Array(), 2);
    if (from === undefined || list === undefined) throw damaged();
    const read = parseJson(list, MOST_OCTETS);
    if (!Array.isArray(read) || ofUint64(from) !== first + entries.length) throw damaged();
    entries.push(...read.map(entryOf));
  }
  if (entries.length !== count) throw damaged();
  return { ...thread, entries };
}

const NONE: Entry = { kind: "change", id: "", at: 0, person: "", device: "", what: "added" };

function entryOf(value: Json): Entry {
  const { kind, id, at, ...fields } = objectOf(value);
  const common = { id: textOf(id), at: wholeOf(at) };
  const { person, device, what, mine, text, state, problem } = fields;
  if (kind === "change" && CHANGES.includes(textOf(what))) {
    const whose = { person: textOf(person), device: textOf(device) };
    return { kind, ...common, ...whose, what } as Entry;
  }
  if (kind !== "text" || typeof mine !== "boolean" || !STATES.includes(textOf(state))) {
    throw damaged();
  }
  const said = { device: textOf(device), text: textOf(text), problem: textOf(problem) };
  return { kind, ...common, mine, ...said, state } as Entry;
}

function foundingOf(value: Json | undefined): Thread["founding"] {
  if (value === null) return null;
  const { group, instead } = objectOf(value);
  return { group: textOf(group), instead: textOf(instead) };
}

function keysOf(value: Json | undefined): GroupKeys | null {
  if (value === null) return null;
  const { group, epoch, members } = objectOf(value);
  if (!Array.isArray(members)) throw damaged();
  const known = members.map((each) => {
    const { device, key } = objectOf(each);
    return { device: textOf(device), key: textOf(key) };
  });
  return { group: textOf(group), epoch: wholeOf(epoch), members: known };
}

function flightOf(octets: Octets): Flight {
  const [told, sealed] = unframed(octets, 2) as [Octets, Octets];
  const { id, group, epoch, to, texts, delivered, read } = objectOf(parseJson(told, MOST_OCTETS));
  return {
    id: textOf(id),
    group: textOf(group),
    epoch: BigInt(wholeOf(epoch)),
    to: textsOf(to),
    texts: textsOf(texts),
    delivered: textsOf(delivered),
    read: textsOf(read),
    octets: sealed,
  };
}

function offerOf(octets: Octets): Offer {
  const [told, commit, welcome] = unframed(octets, 3) as [Octets, Octets, Octets];
  const { group, epoch, to, added } = objectOf(parseJson(told, MOST_OCTETS));
  const who = { to: textsOf(to), added: textsOf(added) };
  const at = { group: textOf(group), epoch: BigInt(wholeOf(epoch)) };
  return { ...at, octets: commit, welcome, ...who };
}

function objectOf(value: Json | undefined): JsonObject {
  if (!isObject(value)) throw damaged();
  return value;
}

function textOf(value: Json | undefined): string {
  if (typeof value !== "string") throw damaged();
  return value;
}

function textsOf(value: Json | undefined): string[] {
  if (!Array.isArray(value)) throw damaged();
  return value.map(textOf);
}

function wholeOf(value: Json | undefined): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw damaged();
  return value;
}

function damaged(): TrustError {
  return new TrustError("storage", "What was kept of a conversation is not as it was written.");
}
