/**
 * What we say of one call to our edge: in order, once, repeated until acknowledged, as
 * `calls/dialogue.py` does it.
 *
 * A pure core: bodies, messages and a time (seconds) in, messages out. The other end is known by
 * `life`, which grows when it is started anew: a message of a later life, or its word that it knows
 * nothing of the call, means that the call is gone there.
 */

import { type Body, isUnnumbered, LAST_NUMBER, type Side } from "./bodies";
import type { Cause } from "./causes";
import type { Message } from "./message";
import { ALIVE_AFTER_S, FIRST_REPEAT_S, GIVE_UP_S, LONGEST_REPEAT_S } from "./timers";

/** Messages that are repeated together, and that are kept when they come before their turn. */
export const WINDOW = 8;
/** Said and not acknowledged; who lets more pile up is taken for gone. */
export const MOST_UNHEARD = 64;

/** Why nothing is heard of the other end any more. */
export type Failure = Extract<Cause, "restarted" | "site lost">;

/** Who speaks, in which call, since when. */
export type Speaker = Pick<Message, "call" | "leg" | "side" | "life">;

interface Said {
  message: Message;
  at: number;
}

/** One end of it. It never waits, reads no clock and owns no socket. */
export class Dialogue {
  readonly #own: Speaker;
  #failure: Failure | null = null;
  #otherLife = 0;
  #said = 0;
  #unheard: Said[] = [];
  #heard = 0;
  readonly #early = new Map<number, Body>();
  #repeatAt: number | null = null;
  #wait = FIRST_REPEAT_S;
  #aliveAt: number | null = null;
  #closed = false;
  #outgoing: Message[] = [];

  /** Begins in silence. */
  constructor(own: Speaker) {
    this.#own = own;
  }

  get side(): Side {
    return this.#own.side;
  }

  /** Once the other end is gone; nothing is heard of it any more. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** Whether everything that was said has arrived, or nobody is there to hear it. */
  get settled(): boolean {
    return this.#unheard.length === 0;
  }

  /** Says it next. */
  say(body: Body, now: number): void {
    if (this.#failure !== null) return;
    if (this.#unheard.length >= MOST_UNHEARD || this.#said >= LAST_NUMBER) {
      this.#fail("site lost");
      return;
    }
    this.#said += 1;
    const message = this.#message(this.#said, body);
    if (this.#unheard.length === 0) this.#repeatFrom(now);
    this.#unheard.push({ message, at: now });
    this.#outgoing.push(message);
    this.#stayAlive(now);
  }

  /** Says no more that we are there: the call is over, and the last words are being said. */
  close(): void {
    this.#closed = true;
    this.#aliveAt = null;
  }

  /** Repeats nothing of what was said: the other end has ended the call. */
  hush(): void {
    this.#unheard = [];
    this.#repeatAt = null;
  }

  /** Takes a message of the other end; returns what is new and in its turn. */
  hear(message: Message, now: number): Body[] {
    if (this.#failure !== null || message.life < this.#otherLife) return [];
    if (this.#otherLife !== 0 && message.life > this.#otherLife) {
      this.#fail("restarted");
      return [];
    }
    const { body } = message;
    if (body.type === "unknown") {
      // Before it has said anything it may only have heard our second word before our first.
      if (this.#otherLife !== 0) this.#fail("restarted");
      return [];
    }
    this.#otherLife = message.life;
    if (body.type === "acknowledgement") {
      if (body.of === this.#own.life) this.#acknowledged(body.upto, now);
      return [];
    }
    return this.#inTurn(message, now);
  }

  /** Asks at once whether the other end is there: the way to it was lost, and has returned. */
  hurry(now: number): void {
    if (this.#failure === null && !this.#closed && this.#unheard.length === 0) {
      this.say({ type: "alive" }, now);
    } else if (this.#repeatAt !== null) {
      this.#wait = FIRST_REPEAT_S;
      this.#repeatAt = now;
    }
  }

  /** Repeats what is due, says that we are there, or gives up. */
  handleTimer(now: number): void {
    if (this.#failure !== null) return;
    const oldest = this.#unheard[0];
    if (oldest !== undefined && now >= oldest.at + GIVE_UP_S) {
      this.#fail("site lost");
      return;
    }
    if (this.#repeatAt !== null && now >= this.#repeatAt) {
      this.#outgoing.push(...this.#unheard.slice(0, WINDOW).map(({ message }) => message));
      this.#wait = Math.min(2 * this.#wait, LONGEST_REPEAT_S);
      this.#repeatAt = now + this.#wait;
    }
    if (this.#aliveAt !== null && now >= this.#aliveAt) {
      this.#aliveAt = null;
      if (this.#unheard.length === 0) this.say({ type: "alive" }, now);
    }
  }

  /** When `handleTimer` is to be called next; null for never. */
  nextTimer(): number | null {
    if (this.#failure !== null) return null;
    const oldest = this.#unheard[0];
    const givesUp = oldest === undefined ? null : oldest.at + GIVE_UP_S;
    return earliest([this.#repeatAt, this.#aliveAt, givesUp]);
  }

  /** Takes the messages that are to leave. */
  outgoing(): Message[] {
    const messages = this.#outgoing;
    this.#outgoing = [];
    return messages;
  }

  #inTurn(message: Message, now: number): Body[] {
    if (this.#heard < message.number && message.number <= this.#heard + WINDOW) {
      this.#early.set(message.number, message.body);
    }
    const found: Body[] = [];
    for (let body = this.#next(); body !== undefined; body = this.#next()) {
      if (body.type !== "alive") found.push(body);
    }
    const of = this.#otherLife;
    this.#outgoing.push(this.#message(0, { type: "acknowledgement", upto: this.#heard, of }));
    if (this.#aliveAt === null) this.#stayAlive(now);
    return found;
  }

  #next(): Body | undefined {
    const body = this.#early.get(this.#heard + 1);
    if (body !== undefined) this.#early.delete(++this.#heard);
    return body;
  }

  #acknowledged(upto: number, now: number): void {
    const before = this.#unheard.length;
    this.#unheard = this.#unheard.filter(({ message }) => message.number > upto);
    if (this.#unheard.length === before) return;
    this.#repeatFrom(now);
    if (this.#unheard.length === 0) this.#repeatAt = null;
    this.#stayAlive(now);
  }

  #repeatFrom(now: number): void {
    this.#wait = FIRST_REPEAT_S;
    this.#repeatAt = now + this.#wait;
  }

  #stayAlive(now: number): void {
    if (!this.#closed) this.#aliveAt = now + ALIVE_AFTER_S;
  }

  #fail(failure: Failure): void {
    this.#failure = failure;
    this.hush();
    this.#early.clear();
    this.#aliveAt = null;
  }

  #message(number: number, body: Body): Message {
    return { ...this.#own, number: isUnnumbered(body) ? 0 : number, body };
  }
}

/** The first of some times; null if there is none. */
export function earliest(times: readonly (number | null)[]): number | null {
  return times.reduce((one, other) => {
    if (one === null || other === null) return one ?? other;
    return Math.min(one, other);
  }, null);
}
