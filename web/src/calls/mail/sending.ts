/**
 * What leaves: a conversation's group is brought to stand, its devices are let in and out, then what
 * waits is sealed and sent, one thing after the other. Every step is written down before it is said
 * and may be done again: commits by their hash, messages by their id, texts by theirs.
 */

import { drawId } from "../../trust/commands";
import { TrustError } from "../../trust/errors";
import { Conversation } from "../mls/group";
import { nameOf } from "../mls/ordering";
import { withKeys } from "./changes";
import { writeContent } from "./content";
import type { Course } from "./course";
import { deviceChange, readersOf } from "./devices";
import { MailRefusal } from "./mailDoor";
import { ordererOf, verifyNotice } from "./notice";
import { sentenceOf, settle, takeEarly } from "./receiving";
import { isOfStore, type Room } from "./room";
import {
  entered,
  type Flight,
  failed,
  landed,
  leftGroup,
  receiptOf,
  type Thread,
  unsealed,
  waitingTexts,
  withFlight,
} from "./thread";

/** For how long receipts gather. */
export const RECEIPTS_MS = 250;
/** Between two looks at the devices of both people. */
export const LOOK_MS = 10 * 60_000;
/** For how long somebody may let this device in, or a commit may be missing. */
export const PATIENCE_MS = 30_000;
/** Between two looks where something is missing. Our choice. */
const SOON_MS = 2_000;
const AWAY_MS = 500;
const LATER_MS = 60_000;
/** Between two tries to let a device of the other in: each takes one of its packages. */
const LET_IN_MS = 10_000;
/** Refusals in a row after which texts have failed. */
const MOST_REFUSED = 3;
const MOST_DOUBLED = 6;

export class Sender {
  readonly #room: Room;
  readonly #open: () => boolean;
  /** Why nothing leaves, by person. */
  readonly blocked = new Map<string, string>();

  constructor(room: Room, open: () => boolean) {
    this.#room = room;
    this.#open = open;
  }

  /** One step; tells after how many ms the next is due, null where nothing is left to do. */
  async step(course: Course): Promise<number | null> {
    try {
      const waitMs = await this.#step(course);
      if (waitMs === null || waitMs === 0) this.#block(course, "");
      if (waitMs === 0) course.delays = 0;
      return waitMs;
    } catch (problem) {
      return this.#failed(course, problem);
    }
  }

  async #step(course: Course): Promise<number | null> {
    const thread = this.#room.ledger.threads.get(course.person);
    if (thread === undefined || !this.#open()) return null;
    if (thread.flight !== null) return this.#fly(course, thread.flight);
    const texts = waitingTexts(thread).length > 0;
    const receipts = thread.delivered.length + thread.read.length > 0;
    if (thread.offer !== null) return this.#offer(course, thread);
    if (texts || course.due || thread.founding !== null) {
      const ready = await this.#prepare(course, texts);
      if (ready !== "ready") return ready;
      if (texts) return this.#seal(course, "text");
      course.due = false;
      return 0;
    }
    if (!receipts || thread.groups.length === 0) return null;
    const early = course.receiptsAt - this.#room.now();
    // Longer only where the clock was put back meanwhile.
    if (early > 0 && early <= RECEIPTS_MS) return early;
    return this.#seal(course, thread.read.length > 0 ? "read" : "delivered");
  }

  /** Brings the group to where a text can be sealed in it; otherwise what a step tells. */
  async #prepare(course: Course, texts: boolean): Promise<number | null | "ready"> {
    const look = await this.#look(course);
    const { standing } = look;
    const thread = this.#thread(course);
    if (thread.founding !== null) return this.#begin(course, thread.founding, standing.group);
    if (standing.group === "") return texts ? this.#found(course, "") : this.#rest(course);
    const group = await this.#room.turn(() => this.#room.group(standing.group));
    if (group === null) return this.#await(course, texts);
    course.awaited = null;
    const behind = standing.epoch > group.epoch;
    if (!behind) course.behindSince = null;
    if (!group.speaks) return texts ? this.#found(course, group.id) : this.#rest(course);
    if (behind) return this.#behind(course, texts);
    if (thread.groups[0] !== group.id) {
      await this.#room.turn(() => this.#enter(course, group.id));
      return 0;
    }
    const changed = await deviceChange(this.#room, course, look, group);
    return changed ? 0 : "ready";
  }

  async #look(course: Course) {
    const now = this.#room.now();
    const known = course.look;
    if (known !== null && now - known.at < LOOK_MS && now >= known.at) return known;
    const { asks, party } = this.#room;
    const [own, other] = [`person/${party.identity.name}`, `person/${course.person}`];
    const standing = await asks.conversation(other);
    const devices = await asks.devices([own, other]);
    course.passed.clear();
    course.look = { standing, devices, at: now };
    return course.look;
  }

  /** Nothing waits, so nothing is begun. */
  #rest(course: Course): null {
    course.due = false;
    return null;
  }

  /** A group stands and its keys are not here: somebody may let this device in. */
  async #await(course: Course, texts: boolean): Promise<number | null> {
    const group = course.look?.standing.group ?? "";
    const now = this.#room.now();
    if (course.awaited?.group !== group) course.awaited = { group, since: now };
    const left = course.awaited.since + PATIENCE_MS - now;
    if (left <= 0 && texts) return this.#found(course, group);
    if (!texts) return this.#rest(course);
    course.look = null;
    this.#block(course, "This device waits to be let into the conversation by another one.");
    return Math.min(SOON_MS, Math.max(left, 1));
  }

  /** A commit is on its way, or was left out. */
  async #behind(course: Course, texts: boolean): Promise<number | null> {
    const now = this.#room.now();
    course.behindSince ??= now;
    const group = course.look?.standing.group ?? "";
    if (now - course.behindSince >= PATIENCE_MS) {
      this.#room.tell("A change of a conversation's keys did not come: it is begun anew.");
      return texts ? this.#found(course, group) : this.#rest(course);
    }
    course.look = null;
    this.#block(course, "A change of keys is on its way.");
    return SOON_MS;
  }

  /** Makes a group of this device alone, to stand in the place of another one. */
  async #found(course: Course, instead: string): Promise<number | null> {
    const { party, ledger } = this.#room;
    const { standing, devices } = await this.#look(course);
    const theirs = devices.filter((each) => each.startsWith(`person/${course.person}/`));
    if (theirs.length === 0) {
      course.look = null;
      this.#block(course, `${course.person} has no device yet that messages could go to.`);
      return LATER_MS;
    }
    const orderer = ordererOf(standing.orderer, party.identity.community);
    const holder = `spiffe://${party.identity.community}/person/${course.person}`;
    await this.#room.turn(async () => {
      const draft = ledger.draft();
      const made = await Conversation.create(party, holder, orderer, ({ id }) => {
        const founding = { group: id, instead };
        return draft.put({ ...draft.thread(course.person), founding }).beside();
      });
      this.#room.hold(made);
      this.#room.count(draft);
    });
    return 0;
  }

  /** Lets the own group stand, unless another one does by now. */
  async #begin(
    course: Course,
    { group, instead }: NonNullable<Thread["founding"]>,
    standing: string,
  ): Promise<number | null> {
    let stands = standing === group;
    if (standing === instead) {
      try {
        await this.#room.asks.begin(`person/${course.person}`, group, instead);
        stands = true;
      } catch (problem) {
        if (!(problem instanceof MailRefusal) || problem.code !== "stale") throw problem;
      }
    }
    course.look = null;
    course.awaited = null;
    course.behindSince = null;
    if (stands) await this.#room.turn(() => this.#enter(course, group));
    else await this.#room.turn(() => this.#leave(course, group));
    return 0;
  }

  /** From now on this group is written in. */
  async #enter(course: Course, group: string): Promise<void> {
    const draft = this.#room.ledger.draft();
    const { thread, left } = entered(draft.thread(course.person), group);
    const founding = thread.founding?.group === group ? null : thread.founding;
    for (const each of left) draft.forget(each);
    const found = await this.#room.group(group);
    const lone = found === null || found.members.length < 2;
    const now = { ...thread, founding };
    await this.#room.write(draft.put(lone ? now : withKeys(now, found, this.#room.now())));
  }

  /** Lets go of a group, and of its keys. */
  async #leave(course: Course, group: string): Promise<void> {
    const draft = this.#room.ledger.draft();
    draft.put(leftGroup(draft.thread(course.person), group)).forget(group);
    await this.#room.write(draft);
  }

  /** Has the orderer name a commit. */
  async #offer(course: Course, { offer }: Thread): Promise<number | null> {
    const { asks, court, ledger } = this.#room;
    if (offer === null) return 0;
    let envelope: Awaited<ReturnType<typeof asks.commit>>;
    try {
      envelope = await asks.commit(offer);
    } catch (problem) {
      return this.#notNamed(course, offer.group, problem);
    }
    const word = await verifyNotice(envelope, court);
    const ours = word.group === offer.group && word.epoch === offer.epoch;
    if (!ours || word.commit !== (await nameOf(offer.octets))) {
      throw new TrustError("not-genuine", "The orderer named something else than was offered.");
    }
    await this.#room.turn(async () => {
      const group = await this.#room.group(offer.group);
      const begin = () => {
        const draft = ledger.draft();
        return draft.put({ ...draft.thread(course.person), offer: null });
      };
      if (group === null) return this.#room.write(begin());
      const signed = { word, envelope };
      const settled = await settle(this.#room, group, signed, [offer.octets], begin);
      if (settled.kind === "past") {
        const draft = begin();
        const now = this.#room.now();
        const by = this.#room.party.identity.path;
        await this.#room.write(draft.put(withKeys(draft.thread(course.person), group, now, by)));
      }
      await takeEarly(this.#room, group.id);
    });
    course.refused = 0;
    course.behindSince = null;
    return 0;
  }

  /** Another commit came first, and comes by the post; or this one is of no use. */
  async #notNamed(course: Course, group: string, problem: unknown): Promise<number | null> {
    if (!(problem instanceof MailRefusal)) throw problem;
    const { code } = problem;
    if (code === "unavailable" || code === "full") throw problem;
    const now = this.#room.now();
    course.look = null;
    course.behindSince ??= now;
    const late = now - course.behindSince >= PATIENCE_MS;
    if (code === "stale" && !late) {
      this.#block(course, "A change of keys is on its way.");
      return SOON_MS;
    }
    if (code !== "stale") course.refused += 1;
    if (!late && course.refused < MOST_REFUSED) return SOON_MS;
    this.#room.tell(`A change of a conversation's keys was refused (${problem.message}).`);
    course.behindSince = null;
    await this.#room.turn(() => this.#leave(course, group));
    return 0;
  }

  /** Sends what was sealed. */
  async #fly(course: Course, flight: Flight): Promise<number | null> {
    const { person } = course;
    const thread = this.#thread(course);
    const edit = (by: (thread: Thread) => Thread) =>
      this.#room.turn(() => {
        const draft = this.#room.ledger.draft();
        return this.#room.write(draft.put(by(draft.thread(person))));
      });
    if (thread.groups[0] !== flight.group) {
      await edit(unsealed);
      return 0;
    }
    try {
      await this.#room.asks.send(flight);
    } catch (problem) {
      if (!(problem instanceof MailRefusal)) throw problem;
      if (problem.code === "unavailable" || problem.code === "full") throw problem;
      course.look = null;
      course.refused += 1;
      const lost = course.refused >= MOST_REFUSED;
      await edit((now) => {
        const undone = now.flight?.id === flight.id ? unsealed(now) : now;
        if (!lost) return undone;
        // Receipts that are refused again and again are let go, as nobody waits for them.
        const { delivered, read } = thread;
        return failed({ ...undone, delivered, read }, flight.texts, problem.message);
      });
      if (lost) course.refused = 0;
      return lost ? 0 : SOON_MS;
    }
    course.refused = 0;
    await edit((now) => landed(now, flight.id));
    return 0;
  }

  /** Seals what comes next, and keeps it sealed before it is sent. */
  async #seal(course: Course, what: "text" | "read" | "delivered"): Promise<number | null> {
    const { person } = course;
    return this.#room.turn(async () => {
      const draft = this.#room.ledger.draft();
      const thread = draft.thread(person);
      const group = thread.groups[0] ? await this.#room.group(thread.groups[0]) : null;
      if (group === null || !group.speaks || group.waiting !== null || thread.flight !== null) {
        return what === "text" ? SOON_MS : null;
      }
      const to = readersOf(group, this.#room.party.identity.path, course);
      if (to.length === 0) {
        course.look = null; // who could not be judged now may be soon
        return what === "text" ? LET_IN_MS : null;
      }
      const [text] = waitingTexts(thread);
      const none = { texts: [], delivered: [], read: [] };
      const ids = what === "text" ? [] : receiptOf(thread[what]);
      if (what === "text" ? text === undefined : ids.length === 0) return 0;
      const content =
        what === "text" && text !== undefined
          ? writeContent({ type: what, id: text.id, at: text.at, text: text.text })
          : writeContent({ type: what === "read" ? "read" : "delivered", ids });
      const { id, epoch } = group;
      await group.send(content, (octets) => {
        const held = text !== undefined && what === "text" ? { texts: [text.id] } : { [what]: ids };
        const flight = { ...none, ...held, id: drawId(), group: id, to, octets, epoch };
        return draft.put(withFlight(thread, flight)).beside();
      });
      this.#room.count(draft);
      return 0;
    });
  }

  #thread(course: Course): Thread {
    const thread = this.#room.ledger.threads.get(course.person);
    if (thread === undefined) throw new TrustError("busy", "This conversation was erased.");
    return thread;
  }

  async #failed(course: Course, problem: unknown): Promise<number | null> {
    if (problem instanceof MailRefusal) {
      this.#block(course, problem.message);
      if (problem.code === "unavailable" || problem.code === "full") {
        course.delays += 1;
        // A way that is gone is often back at once, and nothing tells so; an allowance is not.
        const first = problem.code === "full" ? SOON_MS : AWAY_MS;
        return Math.min(LATER_MS, first * 2 ** Math.min(course.delays, MOST_DOUBLED));
      }
      course.look = null;
      course.refused += 1;
      if (course.refused < MOST_REFUSED) return SOON_MS;
      course.refused = 0;
      await this.#giveUp(course, problem.message);
      return null;
    }
    this.#room.tell(sentenceOf(problem));
    this.#block(course, sentenceOf(problem));
    course.look = null;
    return isOfStore(problem) ? SOON_MS : PATIENCE_MS;
  }

  /** What waits is told as failed; the person may try it again. */
  async #giveUp(course: Course, sentence: string): Promise<void> {
    await this.#room
      .turn(() => {
        const draft = this.#room.ledger.draft();
        const thread = draft.thread(course.person);
        const ids = waitingTexts(thread).map(({ id }) => id);
        return this.#room.write(draft.put(failed(thread, ids, sentence)));
      })
      .catch((problem) => this.#room.tell(sentenceOf(problem)));
    this.#block(course, "");
  }

  #block({ person }: Course, sentence: string): void {
    if ((this.blocked.get(person) ?? "") === sentence) return;
    if (sentence === "") this.blocked.delete(person);
    else this.blocked.set(person, sentence);
    this.#room.show();
  }
}
