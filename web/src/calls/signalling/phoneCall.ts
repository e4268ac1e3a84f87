/** One call at this device: its dialogue with the edge, and where the machine stands. */

import type { Body, Dial, Side } from "./bodies";
import type { Cause } from "./causes";
import { Dialogue, earliest, type Speaker } from "./dialogue";
import type { CallView, PhoneEvent } from "./events";
import type { Message } from "./message";
import { personOf } from "./places";
import { type Input, STEPS, type State } from "./steps";
import { LINGER_S } from "./timers";

/** It never waits, reads no clock and owns no socket; times are seconds. */
export class PhoneCall implements CallView {
  readonly call: string;
  readonly side: Side;
  readonly person: string;
  readonly precedence: Dial["precedence"];
  readonly emergency: boolean;
  state: State;
  device: string;
  heldHere = false;
  heldThere = false;
  wanted = false;
  cause: Cause | null = null;
  instead = "";
  /** Whether it was ended by glare before anybody had answered it. */
  gaveWay = false;
  #endedAt = 0;
  readonly #dialogue: Dialogue;
  readonly #tell: (event: PhoneEvent) => void;

  constructor(own: Speaker, dial: Dial, tell: (event: PhoneEvent) => void) {
    this.call = own.call;
    this.side = own.side;
    const calling = own.side === "caller";
    this.state = calling ? "dialling" : "incoming";
    this.person = calling ? dial.callee : personOf(dial.caller);
    this.device = calling ? "" : dial.caller;
    this.precedence = dial.precedence;
    this.emergency = dial.emergency;
    this.#dialogue = new Dialogue(own);
    this.#tell = tell;
  }

  /** Whether nothing is heard of the edge any more in this call. */
  get lost(): boolean {
    return this.#dialogue.failure !== null;
  }

  /** Whether nothing of it need be remembered any more. */
  forgotten(now: number): boolean {
    return this.state === "over" && now >= this.#endedAt + LINGER_S;
  }

  /** Says the word that begins it. */
  begin(dial: Dial, now: number): void {
    this.#dialogue.say(dial, now);
    this.#look(now);
  }

  /** Does what the page asks for, if the call still stands so that it can be done. */
  act(input: Input, body: Body, now: number): boolean {
    if (!this.#step(input)) return false;
    this.#dialogue.say(body, now);
    if (body.type === "end" || body.type === "refuse") this.#end(body.cause, "", now);
    this.#look(now);
    return true;
  }

  /** Takes a message of the edge. */
  hear(message: Message, now: number): void {
    for (const body of this.#dialogue.hear(message, now)) this.#take(body, now);
    this.#look(now);
  }

  hurry(now: number): void {
    this.#dialogue.hurry(now);
    this.handleTimer(now);
  }

  handleTimer(now: number): void {
    this.#dialogue.handleTimer(now);
    this.#look(now);
  }

  nextTimer(): number | null {
    const forget = this.state === "over" ? this.#endedAt + LINGER_S : null;
    return earliest([this.#dialogue.nextTimer(), forget]);
  }

  outgoing(): Message[] {
    return this.#dialogue.outgoing();
  }

  #take(body: Body, now: number): void {
    if (body.type === "alive" || body.type === "acknowledgement" || body.type === "unknown") return;
    const unanswered = this.state === "dialling" || this.state === "ringing there";
    if (body.type === "end") this.#dialogue.hush();
    if (!this.#step(body.type)) return;
    const { call } = this;
    switch (body.type) {
      case "ringing":
      case "answer":
      case "info": {
        const { type, ...placed } = body;
        if (type === "answer") this.device = body.device;
        this.#tell({ kind: type === "answer" ? "answered" : type, call, ...placed });
        break;
      }
      case "hold":
      case "resume": {
        const held = body.type === "hold";
        if (held !== this.heldThere) this.#tell({ kind: "held", call, held });
        this.heldThere = held;
        break;
      }
      case "end":
        this.gaveWay = unanswered && body.cause === "glare";
        this.#end(body.cause, body.instead, now);
        break;
    }
  }

  /** Sees whether the edge is gone. */
  #look(now: number): void {
    const { failure } = this.#dialogue;
    if (failure !== null && this.#step("lost")) this.#end(failure, "", now);
  }

  #step(input: Input): boolean {
    const next = STEPS[input][this.state];
    if (next === undefined) return false;
    this.state = next;
    return true;
  }

  #end(cause: Cause, instead: string, now: number): void {
    this.cause = cause;
    this.instead = instead;
    this.#endedAt = now;
    this.#dialogue.close();
    this.#tell({ kind: "ended", call: this.call, cause, instead });
  }
}
