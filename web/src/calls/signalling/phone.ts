/**
 * A device with its calls, as its edge knows them: what the person does, what the edge says and a
 * time (seconds) in; messages, events and the next time out.
 *
 * The page does what events ask of it (media, keys, words); nothing here touches audio. What the
 * person wants of a call that has just changed is not done, and told so: whoever clicks may be
 * overtaken by the other side.
 */

import { drawId } from "../../trust/commands";
import { type Body, checkPlaced, type Dial, isUnnumbered, type Placed, type Side } from "./bodies";
import type { DeviceEnd, Refusal } from "./causes";
import { earliest } from "./dialogue";
import type { CallView, Media, PhoneEvent, Subscriber, Wish } from "./events";
import type { Message } from "./message";
import { PhoneCall } from "./phoneCall";
import { checkDevice, checkPerson, checkSite, personOf } from "./places";
import type { Input } from "./steps";

/** Kept, with those that ended just now; what comes beyond is dropped. */
export const MOST_CALLS = 64;

export class Phone {
  readonly #own: Subscriber;
  readonly #draw: () => string;
  readonly #calls = new Map<string, PhoneCall>();
  #outgoing: Message[] = [];
  #events: PhoneEvent[] = [];

  /** Begins without calls; `draw` makes the ids of those that are dialled. */
  constructor(own: Subscriber, draw: () => string = drawId) {
    checkDevice(own.device);
    checkSite(own.edge);
    this.#own = own;
    this.#draw = draw;
  }

  get device(): string {
    return this.#own.device;
  }

  get edge(): string {
    return this.#own.edge;
  }

  /** The calls that go on, and those that ended just now. */
  get calls(): readonly CallView[] {
    return [...this.#calls.values()];
  }

  // What the person does

  /** Calls a person; returns the call's id, which may have been drawn before. */
  dial(wish: Wish, now: number, call = this.#draw()): string {
    const { person, precedence, emergency, opaque, fragment } = wish;
    checkPerson(person);
    const placed = placedOf({ opaque, fragment });
    if (this.#calls.size >= MOST_CALLS) {
      this.#events.push({ kind: "ended", call, cause: "too many", instead: "" });
      return call;
    }
    const dial: Dial = {
      type: "dial",
      caller: this.device,
      callee: person,
      precedence,
      emergency,
      ...placed,
    };
    this.#begin(call, "caller", dial).begin(dial, now);
    return call;
  }

  /** Tells who calls that it rings here. The rest return whether it could still be done, too. */
  ring(call: string, media: Media, now: number): boolean {
    return this.#act(call, "ring", { type: "ringing", ...this.#placed(media) }, now);
  }

  answer(call: string, media: Media, now: number): boolean {
    return this.#act(call, "take", { type: "answer", ...this.#placed(media) }, now);
  }

  /** Does not take a call: declined for the person, all others for this device alone. */
  refuse(call: string, cause: Refusal, now: number): boolean {
    return this.#act(call, "decline", { type: "refuse", cause }, now);
  }

  /** Ends a call that was dialled here, or in which we talk. */
  end(call: string, cause: DeviceEnd, now: number): boolean {
    return this.#act(call, "hang up", { type: "end", cause, instead: "" }, now);
  }

  hold(call: string, now: number): boolean {
    return this.#hold(call, true, now);
  }

  resume(call: string, now: number): boolean {
    return this.#hold(call, false, now);
  }

  /**
   * Tells the other browser something; `device` is of those that ring, empty once one answered.
   *
   * The edges follow a fragment that is not empty: what that device hears from now on is of it.
   */
  info(call: string, media: Media, now: number, device = ""): boolean {
    if (device !== "") checkDevice(device);
    const isOurs = this.#calls.get(call)?.side === "callee";
    const named = isOurs ? this.device : device;
    return this.#act(call, "tell", { type: "info", device: named, ...placedOf(media) }, now);
  }

  // What comes in

  /** Takes a message of the edge. */
  receive(message: Message, now: number): void {
    const { call, leg, side, body } = message;
    const known = this.#calls.get(call);
    if (leg !== this.edge || side === known?.side) {
      this.#drop("The edge spoke in the name of another one, or for the wrong side of a call.");
    } else if (known !== undefined && !known.lost) {
      known.hear(message, now);
      this.#wantInsteadOf(known);
    } else if (known === undefined && body.type === "dial" && message.number === 1) {
      this.#called(message, body, now);
    } else if (!isUnnumbered(body)) {
      this.#say(call, other(side), { type: "unknown" });
    }
  }

  /** Asks at once of all calls: the way to the edge was lost, and has returned. */
  hurry(now: number): void {
    for (const each of this.#calls.values()) each.hurry(now);
  }

  handleTimer(now: number): void {
    for (const each of this.#calls.values()) {
      each.handleTimer(now);
      if (each.forgotten(now)) this.#calls.delete(each.call);
    }
  }

  /** When `handleTimer` is to be called next; null for never. */
  nextTimer(): number | null {
    return earliest([...this.#calls.values()].map((each) => each.nextTimer()));
  }

  // What goes out

  /** Takes the messages that are to leave. */
  outgoing(): Message[] {
    const messages = this.#outgoing;
    this.#outgoing = [];
    for (const each of this.#calls.values()) messages.push(...each.outgoing());
    return messages;
  }

  /** Takes the next thing that happened. */
  nextEvent(): PhoneEvent | null {
    return this.#events.shift() ?? null;
  }

  #called(message: Message, dial: Dial, now: number): void {
    const { call, side } = message;
    const isForUs = dial.callee === personOf(this.device) && dial.caller !== this.device;
    if (side !== "caller" || !isForUs || this.#calls.size >= MOST_CALLS) {
      this.#drop("A call for somebody else, or one too many, was not taken.");
      return;
    }
    const made = this.#begin(call, "callee", dial);
    this.#events.push({ kind: "incoming", call, dial });
    made.hear(message, now);
    for (const each of [...this.#calls.values()]) this.#wantInsteadOf(each);
  }

  /**
   * After a glare, has the call that stands answered at once.
   *
   * Only one of the very person whom we called: no edge has a microphone opened for anybody else.
   */
  #wantInsteadOf(lost: PhoneCall): void {
    const standing = this.#calls.get(lost.instead);
    if (!lost.gaveWay || standing?.side !== "callee" || standing.person !== lost.person) return;
    const rings = standing.state === "incoming" || standing.state === "ringing here";
    if (!rings || standing.wanted) return;
    standing.wanted = true;
    this.#events.push({ kind: "wanted", call: standing.call });
  }

  #begin(call: string, side: Side, dial: Dial): PhoneCall {
    const { device: leg, life } = this.#own;
    const made = new PhoneCall({ call, leg, side, life }, dial, (event) => {
      this.#events.push(event);
    });
    this.#calls.set(call, made);
    return made;
  }

  #act(call: string, input: Input, body: Body, now: number): boolean {
    return this.#calls.get(call)?.act(input, body, now) ?? false;
  }

  #hold(call: string, held: boolean, now: number): boolean {
    const it = this.#calls.get(call);
    if (it === undefined || it.heldHere === held) return false;
    const input = held ? "hold here" : "resume here";
    if (!it.act(input, { type: held ? "hold" : "resume" }, now)) return false;
    it.heldHere = held;
    return true;
  }

  #placed(media: Media): { device: string } & Placed {
    return { device: this.device, ...placedOf(media) };
  }

  #say(call: string, side: Side, body: Body): void {
    const { device: leg, life } = this.#own;
    this.#outgoing.push({ call, leg, side, life, number: 0, body });
  }

  #drop(sentence: string): void {
    this.#events.push({ kind: "problem", sentence });
  }
}

function placedOf({ opaque, fragment }: Media): Placed {
  const placed = { opaque, fragment, relay: null };
  checkPlaced(placed);
  return placed;
}

function other(side: Side): Side {
  return side === "caller" ? "callee" : "caller";
}
