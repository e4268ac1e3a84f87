/** The edge's end of calls, for tests of a phone: a dialogue for each call, and nothing decided. */

import type { Body, Dial, Side } from "./bodies";
import { Dialogue } from "./dialogue";
import type { PhoneEvent } from "./events";
import type { Message } from "./message";
import { Phone } from "./phone";

export const ANNAS = "person/anna/phone";
export const BRUNO = "person/bruno";
export const BRUNOS = "person/bruno/laptop";
export const ROME = "office/rome";
export const MEDIA = { opaque: Uint8Array.of(1, 2), fragment: "Ab+/" };
export const PLACED = { ...MEDIA, relay: { address: "192.0.2.1", port: 40_000 } };

/** Timers that may be due while a test waits. */
const MOST_ROUNDS = 10_000;

/** The id of the call with this number; a smaller number is a smaller id. */
export const idOf = (number: number) => number.toString(16).padStart(32, "0");

export const dialOf = (caller = BRUNOS, callee = "person/anna"): Dial => ({
  type: "dial",
  caller,
  callee,
  precedence: "routine",
  emergency: false,
  ...PLACED,
});

/** Anna's phone at an edge, on a network without faults. */
export class Desk {
  readonly phone: Phone;
  readonly events: PhoneEvent[] = [];
  /** What the edge has heard, by call. */
  readonly heard = new Map<string, Body[]>();
  readonly #dialogues = new Map<string, Dialogue>();
  #drawn = 0x1000;
  now = 100;

  constructor(readonly life = 50) {
    const draw = () => idOf(this.#drawn++);
    this.phone = new Phone({ device: ANNAS, edge: ROME, life: 7 }, draw);
  }

  /** Calls Bruno; returns the call. */
  dial(): string {
    const wish = { person: BRUNO, precedence: "flash", emergency: true, ...MEDIA } as const;
    const call = this.phone.dial(wish, this.now);
    this.run();
    return call;
  }

  /** Has somebody call Anna. */
  called(call: string, dial = dialOf()): string {
    this.say(call, dial);
    return call;
  }

  /** Says something as the edge. */
  say(call: string, body: Body): void {
    this.#dialogueOf(call, "caller").say(body, this.now);
    this.run();
  }

  /** Hands a message over as it is. */
  hand(message: Message): void {
    this.phone.receive(message, this.now);
    this.run();
  }

  /** Lets time pass, to the next timer of the phone or further. */
  wait(seconds: number): void {
    const end = this.now + seconds;
    let rounds = 0;
    for (let at = this.phone.nextTimer(); at !== null && at <= end; at = this.phone.nextTimer()) {
      if (++rounds > MOST_ROUNDS) throw new Error("The phone's timer is always due.");
      this.now = Math.max(this.now, at);
      this.phone.handleTimer(this.now);
      this.run();
    }
    this.now = end;
  }

  /** Takes what the phone says outside of its dialogues' hearing, without delivering it. */
  taken(): Message[] {
    const messages = this.phone.outgoing();
    this.#collect();
    return messages;
  }

  /** Carries everything to and fro until nothing is said. */
  run(): void {
    for (let said = this.phone.outgoing(); said.length > 0; said = this.phone.outgoing()) {
      for (const message of said) this.#hear(message);
    }
    for (const dialogue of this.#dialogues.values()) {
      for (const message of dialogue.outgoing()) this.phone.receive(message, this.now);
    }
    const left = this.phone.outgoing();
    for (const message of left) this.#hear(message);
    this.#collect();
    if (left.length > 0) this.run();
  }

  /** Takes the events so far. */
  told(): PhoneEvent[] {
    return this.events.splice(0);
  }

  stateOf(call: string): string | undefined {
    return this.phone.calls.find((each) => each.call === call)?.state;
  }

  #hear(message: Message): void {
    const heard = this.heard.get(message.call) ?? [];
    this.heard.set(message.call, heard);
    const side = message.side === "caller" ? "callee" : "caller";
    heard.push(...this.#dialogueOf(message.call, side).hear(message, this.now));
  }

  #dialogueOf(call: string, side: Side): Dialogue {
    const known = this.#dialogues.get(call);
    const made = known ?? new Dialogue({ call, leg: ROME, side, life: this.life });
    this.#dialogues.set(call, made);
    return made;
  }

  #collect(): void {
    for (let event = this.phone.nextEvent(); event !== null; event = this.phone.nextEvent()) {
      this.events.push(event);
    }
  }
}
