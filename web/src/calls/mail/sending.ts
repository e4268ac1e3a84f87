/**
 * What leaves: a conversation's group is brought to stand, its devices are let in and out, then what
 * waits is sealed and sent, one thing after the other. Every step is written down before it is said
 * and may be done again: commits by their hash, messages by their id, texts by theirs.
 */

import { drawId } from "../../trust/commands";
import { TrustError } from "../../trust/errors";
import { nameOf } from "../mls/ordering";
import { withKeys } from "./changes";
import { writeContent } from "./content";
import type { Course, Look } from "./course";
import { deviceChange, readersOf } from "./devices";
import { MailRefusal } from "./mailDoor";
import { verifyNotice } from "./notice";
import { sentenceOf, settle, takeEarly } from "./receiving";
import { isOfStore, type Room } from "./room";
import { dropOffer, enterGroup, foundGroup, leaveGroup } from "./standing";
import {
  type Flight,
  failed,
  landed,
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

/** For what a conversation is made ready: only a text begins one. */
type Purpose = "text" | "receipt" | "look";

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
    if (thread.offer !== null) return this.#offer(course, thread);
    if (texts || course.due || thread.founding !== null) {
      const ready = await this.#prepare(course, texts ? "text" : "look");
      if (ready !== "ready") return ready;
      if (texts) return this.#seal(course, "text");
      course.due = false;
      return 0;
    }
    const receipts = thread.delivered.length + thread.read.length > 0;
    if (!receipts || thread.groups.length === 0) return null;
    const early = course.receiptsAt - this.#room.now();
    // Longer only where the clock was put back meanwhile.
    if (early > 0 && early <= RECEIPTS_MS) return early;
    // They tell when somebody reads: a device that must be out is to be out of the group first.
    const ready = await this.#prepare(course, "receipt");
    if (ready !== "ready") return ready;
    return this.#seal(course, thread.read.length > 0 ? "read" : "delivered");
  }

  /** Brings the group to where something can be sealed in it; otherwise what a step tells. */
  async #prepare(course: Course, purpose: Purpose): Promise<number | null | "ready"> {
    const texts = purpose === "text";
    const look = await this.#look(course);
    const { standing } = look;
    const thread = this.#thread(course);
    if (thread.founding !== null) return this.#begin(course, thread.founding, standing.group);
    if (standing.group === "") return texts ? this.#found(course, "") : this.#rest(course);
    const group = await this.#room.turn(() => this.#room.group(standing.group));
    const theirs = group === null || this.#room.otherOf(group) !== course.person;
    if (theirs) return this.#await(course, texts);
    course.awaited = null;
    const behind = standing.epoch > group.epoch;
    if (!behind) course.behindSince = null;
    if (!group.speaks) {
      // Receipts too: who only reads with a renewed key asks to be let in by them.
      return purpose === "look" ? this.#rest(course) : this.#found(course, group.id);
    }
    if (behind) return this.#behind(course, texts);
    if (thread.groups[0] !== group.id) {
      await this.#room.turn(() => enterGroup(this.#room, course, group.id));
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

  /** A group stands whose keys are not here, or other people's: somebody may let this device in. */
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
    if (texts) this.#block(course, "A change of keys is on its way.");
    return SOON_MS;
  }

  /** Makes a group of this device alone, to stand in the place of another one. */
  async #found(course: Course, instead: string): Promise<number | null> {
    const look = await this.#look(course);
    const theirs = look.devices.filter((each) => each.startsWith(`person/${course.person}/`));
    if (theirs.length === 0) {
      course.look = null;
      this.#block(course, `${course.person} has no device yet that messages could go to.`);
      return later(course, SOON_MS); // one may be about to be known
    }
    await foundGroup(this.#room, course, look, instead);
    return 0;
  }

  /** Lets the own group stand, unless another one does by now. */
  async #begin(
    course: Course,
    { group, instead }: NonNullable<Thread["founding"]>,
    standing: string,
  ): Promise<number | null> {
    let stands = standing === group;
    let look: Look | null = null;
    if (standing === instead) {
      try {
        await this.#room.asks.begin(`person/${course.person}`, group, instead);
        stands = true;
        // Nobody else is in it: how it stands need not be asked.
        const { look: before } = course;
        look = before && { ...before, standing: { ...before.standing, group, epoch: 0n } };
      } catch (problem) {
        if (!(problem instanceof MailRefusal) || problem.code !== "stale") throw problem;
      }
    }
    course.look = look;
    course.awaited = null;
    course.behindSince = null;
    await this.#room.turn(() => (stands ? enterGroup : leaveGroup)(this.#room, course, group));
    // Nobody else is in it yet, whatever becomes of what it was made for.
    course.due = stands;
    return 0;
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
    course.look = null;
    const over = code === "stale" || code === "unknown";
    if (over && (await this.#look(course)).standing.group !== group) {
      // Its group is over: no commit of it comes any more, and another one is written in.
      await this.#room.turn(() => dropOffer(this.#room, course, group));
      return 0;
    }
    course.look = null;
    const now = this.#room.now();
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
    await this.#room.turn(() => leaveGroup(this.#room, course, group));
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
    const group = await this.#room.turn(() => this.#room.group(flight.group));
    // What a former key has sealed is read only as long as that key is in the group.
    if (thread.groups[0] !== flight.group || group?.speaks === false) {
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
      // Another group stands: which one is looked up at once.
      return lost || problem.code === "stale" ? 0 : SOON_MS;
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
        // A way that is gone is often back at once; an allowance is not.
        return later(course, problem.code === "full" ? SOON_MS : AWAY_MS);
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

/** For how long nothing is asked: twice as long each time, until something was done. */
function later(course: Course, firstMs: number): number {
  course.delays += 1;
  return Math.min(LATER_MS, firstMs * 2 ** Math.min(course.delays, MOST_DOUBLED));
}
