/**
 * All that this device keeps of written messages, as it lies in the vault: changed in drafts, each of
 * which is written in one go (with a group's keys where they change too) and counts only then.
 */

import { type Envelope, envelopeOfJson, envelopeToJson } from "../../trust/envelope";
import { TrustError } from "../../trust/errors";
import { ofUint64, ofUtf8, uint64, utf8 } from "../../trust/octets";
import { type JsonObject, parseJson, writeJson } from "../../trust/strictJson";
import { framed, unframed } from "../mls/frames";
import type { Beside, KeptRecord, Removed, Vault } from "../mls/vault";
import { withinBounds } from "./early";
import { groupOf, type Item } from "./items";
import { newThread, type Thread } from "./thread";
import { namesOf, readThreads, type Written, written } from "./threadRecords";

/** Conversations that are kept; whichever is silent longest leaves. */
export const MOST_THREADS = 500;
/** Items of which it is known that they were taken in: more than one post brings. Our choice. */
const MOST_DONE = 512;
/** Epochs of a group whose notices are kept, to be held against a second word. Our choice. */
const MOST_NOTICES = 4n;
const MOST_NOTICE_OCTETS = 1 << 20;

/** What is kept beside the conversations. */
export interface Desk {
  /** Marks of items, the oldest first. */
  done: readonly string[];
  early: readonly Item[];
  /** When the last resort was published, POSIX ms; 0 if never. */
  lastResortAt: number;
}

const NAMES = { done: "_done", early: "_early", lastResortAt: "_resort" } as const;
const EMPTY: Desk = { done: [], early: [], lastResortAt: 0 };

/** Changes that are to be written together. */
export class Draft {
  readonly #ledger: Ledger;
  readonly #threads = new Map<string, Thread | null>();
  readonly #more: KeptRecord[] = [];
  readonly #less: Removed[] = [];
  #desk: Desk;
  #beside: Beside | null = null;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#desk = ledger.desk;
  }

  get desk(): Desk {
    return this.#desk;
  }

  get threads(): ReadonlyMap<string, Thread | null> {
    return this.#threads;
  }

  /** As it stands with the changes so far. */
  thread(person: string): Thread {
    return this.#threads.get(person) ?? this.#ledger.threads.get(person) ?? newThread(person);
  }

  put(thread: Thread): this {
    this.#threads.set(thread.person, thread);
    return this;
  }

  drop(person: string): this {
    this.#threads.set(person, null);
    return this;
  }

  /** An item was taken in, whatever came of it. */
  done(mark: string): this {
    this.#desk = { ...this.#desk, done: [...this.#desk.done, mark].slice(-MOST_DONE) };
    return this;
  }

  /** What waits for a commit, as far as there is room for it. */
  early(early: readonly Item[]): this {
    const people = new Map<string, string>();
    for (const { person, groups } of this.#ledger.threads.values()) {
      for (const group of groups) people.set(group, person);
    }
    const kept = withinBounds(early, (group) => people.get(group) ?? group);
    this.#desk = { ...this.#desk, early: kept };
    return this;
  }

  lastResort(at: number): this {
    this.#desk = { ...this.#desk, lastResortAt: at };
    return this;
  }

  /** Keeps a notice that is followed, and lets go of one that is long past. */
  notice(group: string, epoch: bigint, envelope: Envelope, revision: number): this {
    const octets = writeJson(envelopeToJson(envelope));
    this.#more.push({ kind: "notice", name: `${group}/${epoch}`, revision, octets });
    this.#less.push({ kind: "notice", name: `${group}/${epoch - MOST_NOTICES}` });
    return this;
  }

  /** Lets go of a group's keys. */
  forget(group: string): this {
    this.#less.push({ kind: "conversation", name: group });
    return this;
  }

  /** Keeps two words for one epoch, signed by the same orderer. */
  dispute(group: string, epoch: bigint, envelopes: readonly Envelope[]): this {
    const octets = writeJson(envelopes.map(envelopeToJson));
    const name = `${group}/${epoch}`;
    const revision = this.#ledger.disputes.get(name) ?? 0;
    this.#more.push({ kind: "dispute", name, revision, octets });
    return this;
  }

  /** What is to be written. */
  beside(): Beside {
    const put: Written[] = [];
    const gone: string[] = [];
    for (const [person, after] of this.#threads) {
      const before = this.#ledger.threads.get(person) ?? null;
      if (after === null) {
        if (before !== null) gone.push(...namesOf(before));
        continue;
      }
      const change = written(before, after);
      put.push(...change.put);
      gone.push(...change.gone);
    }
    put.push(...deskRecords(this.#ledger.desk, this.#desk));
    const own = put.map(({ name, octets }): KeptRecord => {
      return { kind: "letters", name, revision: this.#ledger.revisionOf(name), octets };
    });
    const removed = gone.map((name): Removed => ({ kind: "letters", name }));
    this.#beside = { put: [...own, ...this.#more], removed: [...removed, ...this.#less] };
    return this.#beside;
  }

  /** It was written. */
  count(): void {
    const { put, removed } = this.#beside ?? this.beside();
    this.#ledger.count(this.#threads, this.#desk, put, removed);
  }
}

export class Ledger {
  readonly #vault: Vault;
  #threads = new Map<string, Thread>();
  #revisions = new Map<string, number>();
  #desk = EMPTY;
  #disputes = new Map<string, number>();
  #broken: readonly string[] = [];

  private constructor(vault: Vault) {
    this.#vault = vault;
  }

  static async open(vault: Vault): Promise<Ledger> {
    const made = new Ledger(vault);
    await made.renew();
    return made;
  }

  get threads(): ReadonlyMap<string, Thread> {
    return this.#threads;
  }

  get desk(): Desk {
    return this.#desk;
  }

  /** Revisions of the evidence against an orderer, by group and epoch. */
  get disputes(): ReadonlyMap<string, number> {
    return this.#disputes;
  }

  /** People of whom something is kept that cannot be read. */
  get broken(): readonly string[] {
    return this.#broken;
  }

  revisionOf(name: string): number {
    return this.#revisions.get(name) ?? 0;
  }

  /** Reads everything anew: another page of this device may have written. */
  async renew(): Promise<void> {
    const records = await this.#vault.readAll("letters");
    const disputes = await this.#vault.readAll("dispute");
    const { threads, broken } = readThreads(records);
    this.#threads = new Map(threads.map((thread) => [thread.person, thread]));
    this.#revisions = new Map(records.map(({ name, revision }) => [name, revision]));
    this.#desk = deskOf(records);
    this.#disputes = new Map(disputes.map(({ name, revision }) => [name, revision]));
    this.#broken = broken;
  }

  draft(): Draft {
    return new Draft(this);
  }

  async write(draft: Draft): Promise<void> {
    const { put, removed } = draft.beside();
    if (put.length > 0 || removed.length > 0) await this.#vault.write(put, removed);
    draft.count();
  }

  /** The notice that was followed; null if it is not kept any more. */
  async noticeOf(
    group: string,
    epoch: bigint,
  ): Promise<{ word: Envelope; revision: number } | null> {
    const record = await this.#vault.read("notice", `${group}/${epoch}`);
    if (record === null) return null;
    const word = envelopeOfJson(parseJson(record.octets, MOST_NOTICE_OCTETS));
    return { word, revision: record.revision };
  }

  /** Takes what a draft has written. */
  count(
    threads: ReadonlyMap<string, Thread | null>,
    desk: Desk,
    put: readonly KeptRecord[],
    removed: readonly Removed[],
  ): void {
    for (const [person, thread] of threads) {
      if (thread === null) this.#threads.delete(person);
      else this.#threads.set(person, thread);
    }
    this.#desk = desk;
    for (const { kind, name, revision } of put) {
      if (kind === "letters") this.#revisions.set(name, revision + 1);
      if (kind === "dispute") this.#disputes.set(name, revision + 1);
    }
    for (const { kind, name } of removed) if (kind === "letters") this.#revisions.delete(name);
  }
}

function deskRecords(before: Desk, after: Desk): Written[] {
  const put: Written[] = [];
  if (before.done !== after.done) {
    put.push({ name: NAMES.done, octets: utf8(after.done.join("")) });
  }
  if (before.early !== after.early) {
    put.push({ name: NAMES.early, octets: framed(...after.early.map(earlyOctets)) });
  }
  if (before.lastResortAt !== after.lastResortAt) {
    put.push({ name: NAMES.lastResortAt, octets: uint64(after.lastResortAt) });
  }
  return put;
}

function deskOf(records: readonly KeptRecord[]): Desk {
  const of = (name: string) => records.find((record) => record.name === name)?.octets;
  const [done, early, resort] = [of(NAMES.done), of(NAMES.early), of(NAMES.lastResortAt)];
  return {
    done: done === undefined ? [] : (ofUtf8(done).match(/.{32}/g) ?? []),
    early: early === undefined ? [] : unframed(early).map(earlyOf),
    lastResortAt: resort === undefined ? 0 : ofUint64(resort),
  };
}

function earlyOctets({ kind, group, octets, notice }: Item) {
  const word = notice === null ? new Uint8Array() : writeJson(envelopeToJson(notice));
  return framed(utf8(kind), utf8(group), octets, word);
}

function earlyOf(kept: Uint8Array): Item {
  const [kind, group, octets, word] = unframed(kept.slice(), 4);
  const read = kind && ofUtf8(kind);
  const known = read === "message" || read === "commit" || read === "welcome";
  if (!known || !group || !octets || !word) {
    throw new TrustError("storage", "What waits for a commit cannot be read.");
  }
  const notice =
    word.length === 0 ? null : envelopeOfJson(parseJson(word, MOST_NOTICE_OCTETS) as JsonObject);
  return { kind: read, group: groupOf(ofUtf8(group)), octets, notice };
}
