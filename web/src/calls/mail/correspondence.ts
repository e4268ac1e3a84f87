/** Written messages of one device: what is shown of them, and what a person does with them. */

import { drawId } from "../../trust/commands";
import { TrustError } from "../../trust/errors";
import { isName } from "../../trust/identity";
import type { Json } from "../../trust/strictJson";
import type { Court } from "../mls/authentication";
import type { Party } from "../mls/party";
import { Asks } from "./asks";
import { typed } from "./content";
import { Course } from "./course";
import { Ledger } from "./ledger";
import { type MailDoor, MailRefusal } from "./mailDoor";
import { type Arrival, makeRoom, sentenceOf, takeEarly, takeIn } from "./receiving";
import { Room } from "./room";
import { LOOK_MS, RECEIPTS_MS, Sender } from "./sending";
import { Shown } from "./shown";
import { publishMissing } from "./supply";
import { erased, retried, type Thread, withAllRead, withText } from "./thread";
import type { ConversationView, Letters } from "./view";

/** Before something that could not be kept is tried again. Our choice. */
const AGAIN_MS = 2_000;
/** Between two looks at one's own key packages: a post office bounds how often one publishes. */
const SUPPLY_MS = 60_000;
/** Before packages that could not be published are published again, doubled up to `LATEST_MS`. */
const SUPPLY_AGAIN_MS = 2_000;
const LATEST_MS = 60_000;
/** Within which pages that were held up ask again: all of a site hear of it at once. Our choice. */
const SPREAD_MS = 300;
/** Posts that were not taken in yet; an edge that sends more without `taken` is not heard. */
const MOST_POSTS = 4;

/** What its page gives it. */
export interface Outside {
  /** Something that is shown may have changed. */
  changed(): void;
  /** Something was refused; a sentence. */
  problem(sentence: string): void;
  /** Key packages that lie ready at the post office, in the place of what is usual. */
  packages?: number;
}

export class Correspondence implements Letters {
  readonly #room: Room;
  readonly #door: MailDoor;
  readonly #sender: Sender;
  readonly #shown: Shown;
  readonly #courses = new Map<string, Course>();
  readonly #posts: (readonly Json[])[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #packages: number | undefined;
  #taking: Promise<void> | null = null;
  #supplying = false;
  #supplyFailures = 0;
  #supplyTimer: ReturnType<typeof setTimeout> | undefined;
  #hurryTimer: ReturnType<typeof setTimeout> | undefined;
  #suppliedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  private constructor(room: Room, door: MailDoor, packages: number | undefined) {
    this.#packages = packages;
    this.#room = room;
    this.#door = door;
    this.#sender = new Sender(room, () => door.isOpen && !this.#closed);
    this.#shown = new Shown(room);
    door.onPost = (items) => this.#post(items);
    door.onOpen = () => this.#opened();
    this.#timer = setInterval(() => this.#lookAround(), LOOK_MS);
  }

  /** Opens what this device has kept; the party's vault is the one that outlives the page. */
  static async open(
    party: Party,
    court: Court,
    door: MailDoor,
    outside: Outside,
  ): Promise<Correspondence> {
    const ledger = await Ledger.open(party.vault);
    const asks = new Asks(door);
    const room = new Room(party, court, ledger, asks, outside.changed, outside.problem);
    for (const person of ledger.broken) {
      room.tell(`What was kept of the conversation with ${person} cannot be read.`);
    }
    const made = new Correspondence(room, door, outside.packages);
    await made.#resume();
    made.#opened();
    return made;
  }

  get conversations(): readonly ConversationView[] {
    return this.#shown.all();
  }

  get problem(): string {
    if (this.#room.ledger.disputes.size > 0) {
      return "The authority has named two changes of keys for one moment: evidence was kept.";
    }
    if (!this.#door.isOpen) return "There is no connection: what is written is sent later.";
    const [blocked = ""] = this.#sender.blocked.values();
    return blocked;
  }

  of(person: string): ConversationView | null {
    return this.#shown.of(person);
  }

  /** TrustError if this is no text that can be sent, or nobody it can be sent to. */
  send(person: string, text: string, lost?: () => void): string {
    const said = typed(text);
    if (!isName(person) || person === this.#room.party.identity.name) {
      throw new TrustError("identity", "Messages are written to another person.");
    }
    const [id, at] = [drawId(), this.#room.now()];
    const { device } = this.#room.party.identity;
    const entry = { id, mine: true, device, at, text: said, state: "waiting" as const };
    this.#edit(person, (thread) => withText(thread, entry, at), lost);
    return id;
  }

  read(person: string): void {
    const thread = this.#room.ledger.threads.get(person);
    if (thread === undefined || withAllRead(thread) === thread) return;
    this.#gather(person);
    this.#edit(person, withAllRead);
  }

  again(person: string, id: string): void {
    this.#edit(person, (thread) => retried(thread, id));
  }

  erase(person: string): void {
    this.#edit(person, erased);
  }

  /** Everything that was begun here is written down; for tests, and before a page goes. */
  async settled(): Promise<void> {
    await this.#taking;
    await this.#room.turn(async () => {});
  }

  /** Nothing is sent or taken in any more. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#supplyTimer);
    clearTimeout(this.#hurryTimer);
    for (const course of this.#courses.values()) course.stop();
    this.#door.onPost = () => {};
    this.#door.onOpen = () => {};
  }

  #edit(person: string, by: (thread: Thread) => Thread, lost?: () => void): void {
    const { ledger } = this.#room;
    this.#room
      .turn(async () => {
        const draft = ledger.draft();
        const after = by(draft.thread(person));
        if (after === ledger.threads.get(person)) return;
        makeRoom(this.#room, draft, person);
        await this.#room.write(draft.put(after));
      })
      .then(
        () => this.#wake(person),
        (problem) => {
          this.#room.tell(`It was not kept: ${sentenceOf(problem)}`);
          lost?.();
        },
      );
  }

  #course(person: string): Course {
    const course = this.#courses.get(person) ?? new Course(person);
    this.#courses.set(person, course);
    return course;
  }

  #wake(person: string): void {
    if (this.#closed) return;
    this.#course(person).wake((course) => this.#sender.step(course));
  }

  /** Receipts of the next moments go together. */
  #gather(person: string): void {
    const course = this.#course(person);
    const now = this.#room.now();
    if (course.receiptsAt <= now) course.receiptsAt = now + RECEIPTS_MS;
  }

  /** What was interrupted when the page went. */
  async #resume(): Promise<void> {
    const groups = new Set(this.#room.ledger.desk.early.map(({ group }) => group));
    for (const group of groups) {
      await this.#room.turn(() => takeEarly(this.#room, group)).catch(() => {});
    }
  }

  #opened(): void {
    this.#room.show();
    if (!this.#door.isOpen || this.#closed) return;
    for (const course of this.#courses.values()) course.look = null;
    for (const person of this.#room.ledger.threads.keys()) this.#wake(person);
    void this.#supply();
  }

  /** The authority can be reached again: who waits for it for longer each time asks now. */
  #hurry(): void {
    this.#hurryTimer ??= setTimeout(() => {
      this.#hurryTimer = undefined;
      for (const course of this.#courses.values()) {
        if (course.delays === 0) continue;
        course.delays = 0;
        this.#wake(course.person);
      }
      void this.#supply();
    }, Math.random() * SPREAD_MS);
  }

  #lookAround(): void {
    if (!this.#door.isOpen) return;
    for (const course of this.#courses.values()) {
      if (course.look === null) continue;
      course.due = true;
      course.look = null;
      this.#wake(course.person);
    }
    void this.#supply();
  }

  async #supply(): Promise<void> {
    const now = this.#room.now();
    if (this.#supplying || Math.abs(now - this.#suppliedAt) < SUPPLY_MS) return;
    this.#supplying = true;
    clearTimeout(this.#supplyTimer);
    try {
      await publishMissing(this.#room, this.#packages);
      this.#suppliedAt = now;
      this.#supplyFailures = 0;
    } catch (problem) {
      if (problem instanceof MailRefusal) this.#supplyLater();
      else this.#room.tell(sentenceOf(problem));
    } finally {
      this.#supplying = false;
    }
  }

  /** Who has no package at the post office cannot be written to: that does not wait for a look. */
  #supplyLater(): void {
    if (this.#closed) return;
    const againMs = Math.min(LATEST_MS, SUPPLY_AGAIN_MS * 2 ** this.#supplyFailures);
    this.#supplyFailures += 1;
    this.#supplyTimer = setTimeout(() => this.#door.isOpen && void this.#supply(), againMs);
  }

  #post(items: readonly Json[]): void {
    if (items.length === 0) {
      this.#hurry();
      return;
    }
    if (this.#posts.length >= MOST_POSTS) return;
    this.#posts.push(items);
    this.#taking ??= this.#takeAll().finally(() => {
      this.#taking = null;
    });
  }

  async #takeAll(): Promise<void> {
    for (let items = this.#posts[0]; items !== undefined; items = this.#posts[0]) {
      for (const item of items) {
        await this.#take(item);
        if (this.#closed) return;
      }
      this.#posts.shift();
      // Without an answer the same comes again, and is known.
      await this.#room.asks.taken(items).catch(() => {});
    }
  }

  async #take(item: Json): Promise<void> {
    for (let tries = 1; !this.#closed; tries++) {
      try {
        const arrival = await this.#room.turn(() => takeIn(this.#room, item, tries));
        if (arrival !== null) this.#arrived(arrival);
        return;
      } catch (problem) {
        this.#room.tell(sentenceOf(problem));
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }

  #arrived({ person, keys }: Arrival): void {
    const course = this.#course(person);
    course.behindSince = null;
    if (keys) {
      course.look = null;
      course.awaited = null;
      void this.#supply();
    }
    this.#gather(person);
    this.#wake(person);
  }
}
