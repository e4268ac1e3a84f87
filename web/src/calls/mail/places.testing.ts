/** Devices of two people with a post office, for tests: they can be closed, and opened again. */

import { vi } from "vitest";
import { TrustError } from "../../trust/errors";
import type { JsonObject } from "../../trust/strictJson";
import type { Court } from "../mls/authentication";
import { MemoryStore } from "../mls/memoryStore";
import { type Party, partyOf } from "../mls/party";
import { type CommunityFile, courtOfFile } from "../mls/places.testing";
import { newSealingKey, type SealedRecord, Vault } from "../mls/vault";
import file from "./community.testing.json";
import { Correspondence } from "./correspondence";
import { keyOf, PostOffice, type TestDoor } from "./postOffice.testing";
import type { ConversationView, WrittenText } from "./view";

export type MailFile = CommunityFile & { notice: JsonObject; before: string[] };
export const FILES: Record<"eu" | "cnsa", MailFile> = file;
export type Which = keyof typeof FILES;

const really = globalThis.setTimeout;
/** Of the tests' clock, for each millisecond or so that truly passes. */
const STEP_MS = 20;

/** The clock of tests stands an hour after everything was made, and moves by `until` and `jump`. */
export function fakeClock(which: Which = "eu"): void {
  vi.useFakeTimers({
    toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
    now: (FILES[which].now + 3_600) * 1_000,
  });
}

/** Lets time pass until something is so. */
export async function until(what: () => boolean, atMostMs = 90_000, told = ""): Promise<void> {
  const end = Date.now() + atMostMs;
  while (!what()) {
    if (Date.now() > end) throw new Error(`it did not come to pass: ${told || what}`);
    await breath();
  }
}

/** Lets so much time pass at once, when all that was begun has come to rest. */
export async function jump(ms: number): Promise<void> {
  for (let each = 0; each < 100; each++) await breath();
  vi.advanceTimersByTime(ms);
}

async function breath(): Promise<void> {
  await new Promise((resume) => really(resume, 1));
  vi.advanceTimersByTime(STEP_MS);
}

/** A store that can be made to fail at one of its writings, as a page that is killed would. */
export class FailingStore extends MemoryStore {
  writes = 0;
  /** At which writing; 0 for never. */
  failAt = 0;
  /** Whether that one is kept before it fails. */
  after = false;
  dead = false;

  override async change(put: readonly SealedRecord[], removed: readonly string[]) {
    this.writes += 1;
    const now = this.failAt > 0 && this.writes >= this.failAt;
    if (this.dead || (now && !this.after)) {
      this.dead = this.dead || now;
      throw new TrustError("storage", "The test's store fails.");
    }
    await super.change(put, removed);
    if (now) {
      this.dead = true;
      throw new TrustError("storage", "The test's store fails after it has kept it.");
    }
  }
}

/** A browser with one device; its store outlives its pages. */
export class Browser {
  readonly office: PostOffice;
  readonly name: string;
  readonly which: Which;
  readonly problems: string[] = [];
  store = new FailingStore();
  door!: TestDoor;
  letters!: Correspondence;
  court!: Court;
  party!: Party;
  /** Whether this browser has the newest lists, by which one device's certificate was taken back. */
  informed = true;
  #key: CryptoKey | null = null;
  #as = "";

  constructor(office: PostOffice, name: string, which: Which) {
    this.office = office;
    this.name = name;
    this.which = which;
  }

  /** Opens the page, as another member of the file if one is named: a key that was renewed. */
  async open(as = this.name, connected = true): Promise<this> {
    if (this.#as !== as) await this.#prepare(as);
    this.door = this.office.door(this.party.identity.path);
    this.letters = await Correspondence.open(this.party, this.court, this.door, {
      changed: () => {},
      problem: (sentence) => this.problems.push(sentence),
      packages: 2,
    });
    if (connected) this.door.open();
    return this;
  }

  /** The same device with what it has kept so far, at another office. */
  async copied(office: PostOffice): Promise<Browser> {
    const made = new Browser(office, this.name, this.which);
    [made.court, made.#key, made.#as] = [this.court, this.#key, this.#as];
    made.store = copyOf(this.store);
    const vault = new Vault(made.store, this.#key as CryptoKey, this.party.identity.uri);
    made.party = { ...this.party, vault };
    return made;
  }

  /** Judges the device, which takes long, once for all its pages. */
  async #prepare(as: string): Promise<void> {
    const made = FILES[this.which];
    const device = await keyOf(made, as);
    this.#key ??= await newSealingKey();
    const now = () => Date.now() / 1_000;
    const court = await courtOfFile(made, now, { newest: null });
    const before = await courtOfFile({ ...made, lists: made.before }, now, { newest: null });
    this.court = { ...court, trust: () => (this.informed ? court : before).trust() };
    const vault = new Vault(this.store, this.#key, device.identity.uri);
    const chain = device.chain.map(({ der }) => der);
    const { profile } = this.court.trust().anchors;
    this.party = await partyOf({ profile, signer: device.signer, chain }, this.court, vault);
    this.#as = as;
  }

  /** The page is gone, whatever it was doing. */
  close(): void {
    this.store.dead = true;
    this.door.close();
    this.letters.close();
  }

  async reopen(as = this.name): Promise<void> {
    this.close();
    this.#keep(copyOf(this.store));
    await this.open(as);
  }

  /** The keys and everything kept are gone: the same device in an empty browser. */
  async wiped(): Promise<void> {
    this.close();
    this.#keep(new FailingStore());
    await this.open();
  }

  #keep(store: FailingStore): void {
    this.store = store;
    const vault = new Vault(store, this.#key as CryptoKey, this.party.identity.uri);
    this.party = { ...this.party, vault };
  }

  with(person: string): ConversationView | null {
    return this.letters.of(person);
  }

  texts(person: string): WrittenText[] {
    const entries = this.with(person)?.entries ?? [];
    return entries.filter((each) => each.kind === "text");
  }

  said(person: string): string[] {
    return this.texts(person).map(({ text }) => text);
  }

  changes(person: string): string[] {
    const entries = this.with(person)?.entries ?? [];
    return entries.flatMap((each) =>
      each.kind === "change" ? [`${each.person}/${each.device} ${each.what}`] : [],
    );
  }

  state(person: string, text: string): string {
    return this.texts(person).find((each) => each.text === text)?.state ?? "none";
  }

  get path(): string {
    return this.door.device;
  }
}

function copyOf(store: FailingStore): FailingStore {
  const made = new FailingStore();
  for (const [name, record] of store.records) made.records.set(name, record);
  return made;
}

export const ANNA = "anna.rossi";
export const BRUNO = "bruno.verdi";

/** One more browser at an office. */
export async function another(office: PostOffice, name: string, informed = true): Promise<Browser> {
  const made = new Browser(office, name, "eu");
  made.informed = informed;
  await made.open();
  await until(() => (office.supplies.get(made.path)?.published ?? 0) > 1);
  return made;
}

/** Browsers of these members at one post office, open and known to it. */
export async function browsers(
  names: readonly string[],
  which: Which = "eu",
): Promise<{ office: PostOffice; all: Browser[] }> {
  const office = await PostOffice.open(FILES[which]);
  const all: Browser[] = [];
  for (const name of names) all.push(await new Browser(office, name, which).open());
  await until(() => all.every(({ path }) => (office.supplies.get(path)?.published ?? 0) > 1));
  return { office, all };
}
