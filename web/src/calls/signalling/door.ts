/**
 * The way from a page to its edge: a WebSocket that attends, carries what the phone says and hears,
 * and comes back by itself when it was lost.
 *
 * What cannot be read is reported and dropped; the calls of the phone outlive the connection.
 */

import { store, stored } from "../../frame/stored";
import type { DeviceKey } from "../../trust/device";
import { envelopeToJson } from "../../trust/envelope";
import { TrustError } from "../../trust/errors";
import type { MailDoor } from "../mail/mailDoor";
import { Attendances, type Attendant, attendance, attendantOf } from "./attendance";
import type { PhoneEvent } from "./events";
import {
  attendFrame,
  type Challenge,
  callFrame,
  type Frame,
  type MissedCall,
  notedFrame,
  type Present,
  peopleAfter,
  type Report,
  readFrame,
  reportFrame,
  type SlotEdge,
} from "./frames";
import { MailWay } from "./mailWay";
import { Phone } from "./phone";
import { NOT_ATTENDED, nextLife, REPLACED, Waits } from "./waits";

/** How long an edge may take to greet, and to believe an attendance. */
const PATIENCE_S = 20;
/** Octets that wait to leave, at most; what does not leave is said again by its dialogue. */
const MOST_WAITING = 2 << 20;
/** Our own codes: the edge said what cannot be, or nothing. */
const MISUNDERSTOOD = 4100;
const SILENT = 4101;

export type Connection =
  | { state: "connecting" }
  | { state: "attending" }
  | { state: "waiting"; retryInS: number }
  /** Another page of this device has come; this one stays away. */
  | { state: "replaced" }
  | { state: "closed" };

export interface DoorHandlers {
  connection(state: Connection): void;
  event(event: PhoneEvent): void;
  people(people: readonly Present[]): void;
  /** When the ways of calls are disturbed next. */
  slot?(edge: SlotEdge): void;
  /** Calls while no device was connected; told again until they are `noted`. */
  missed?(calls: readonly MissedCall[]): void;
  /** Something was refused, here or by the edge; calls go on. */
  problem(sentence: string): void;
}

interface Visit {
  socket: WebSocket;
  stage: "greeting" | "asked" | "attending";
  /** Seconds of the page's own clock. */
  attendedAt: number | null;
}

export class Door {
  readonly #address: string;
  readonly #who: Attendant;
  readonly #life: number;
  readonly #handlers: DoorHandlers;
  readonly #waits = new Waits();
  readonly #mail: MailWay;
  readonly #attendances: Attendances;
  #phone: Phone | null = null;
  #left = true;
  #people: ReadonlyMap<string, Present> = new Map();
  #visit: Visit | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;

  /** `life` is of this start of the device's page: `nextLife`. */
  constructor(address: string, who: Attendant, life: number, handlers: DoorHandlers) {
    this.#address = address;
    this.#who = who;
    this.#mail = new MailWay((frame) => this.#send(frame), who);
    this.#attendances = new Attendances(who.uri);
    this.#life = life;
    this.#handlers = handlers;
  }

  /** The calls of this device; null until its edge has said which one it is. */
  get phone(): Phone | null {
    return this.#phone;
  }

  /** The way of written messages, which is open while the edge believes this device. */
  get mail(): MailDoor {
    return this.#mail;
  }

  /** Comes to the edge, at once even if it was to wait. */
  start(): void {
    this.#leave();
    this.#left = false;
    const visit: Visit = {
      socket: new WebSocket(this.#address),
      stage: "greeting",
      attendedAt: null,
    };
    this.#visit = visit;
    this.#handlers.connection({ state: "connecting" });
    visit.socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (visit === this.#visit) this.#receive(visit, data);
    });
    visit.socket.addEventListener("close", ({ code }) => this.#lost(visit, code));
    this.#patience = setTimeout(() => this.#lost(visit, SILENT), PATIENCE_S * 1000);
  }

  /** Comes anew: the network has changed, and what was open over it may be dead unseen. */
  renew(): void {
    if (!this.#left) this.start();
  }

  /** Comes to the edge no more; calls that go on are lost after a while. */
  close(): void {
    this.#left = true;
    this.#leave();
    this.#handlers.connection({ state: "closed" });
  }

  /** Has the phone do something now, and carries what follows; null while there is no phone. */
  act<T>(what: (phone: Phone, now: number) => T): T | null {
    if (this.#phone === null) return null;
    const done = what(this.#phone, seconds());
    this.#carry();
    return done;
  }

  /** Tells the edge how a call is received; what cannot leave now is not told later. */
  report(call: string, report: Report): void {
    const frame = reportFrame(call, report);
    if (frame !== null) this.#send(frame);
  }

  /** Tells the edge which missed calls are kept here now; what cannot leave is told anew later. */
  noted(calls: readonly string[]): void {
    this.#send(notedFrame(calls));
  }

  #receive(visit: Visit, data: unknown): void {
    try {
      if (typeof data !== "string") throw new TrustError("malformed", "A frame is a text.");
      this.#take(visit, readFrame(data));
    } catch (problem) {
      if (!(problem instanceof TrustError)) throw problem;
      this.#handlers.problem(problem.message);
      // Who cannot even greet is asked again later; who can is heard on.
      if (visit.stage !== "attending") this.#lost(visit, MISUNDERSTOOD);
    }
  }

  #take(visit: Visit, frame: Frame): void {
    const here = visit.stage === "attending";
    if (frame.type === "problem") {
      this.#handlers.problem(frame.sentence);
    } else if (frame.type === "challenge" && visit.stage === "greeting") {
      void this.#attend(visit, frame);
    } else if (frame.type === "attending" && visit.stage === "asked") {
      this.#attending(visit, frame.device);
    } else if (frame.type === "call" && here) {
      this.act((phone, now) => phone.receive(frame.message, now));
    } else if (frame.type === "people" && here) {
      this.#people = peopleAfter(this.#people, frame);
      this.#handlers.people([...this.#people.values()]);
    } else if (frame.type === "slot" && here) {
      this.#handlers.slot?.(frame);
    } else if (frame.type === "missed" && here) {
      this.#handlers.missed?.(frame.calls);
    } else if ((frame.type === "mailed" || frame.type === "post") && here) {
      this.#mail.take(frame);
    } else {
      throw new TrustError("malformed", `The edge said ${frame.type} out of turn: dropped.`);
    }
  }

  async #attend(visit: Visit, asked: Challenge): Promise<void> {
    visit.stage = "asked";
    try {
      this.#phone ??= new Phone({ device: this.#who.device, edge: asked.edge, life: this.#life });
      if (this.#phone.edge !== asked.edge) {
        throw new TrustError("identity", "Another edge answers here than before: not attended.");
      }
      const envelope = await attendance(
        this.#who,
        asked,
        this.#attendances.next(Date.now() / 1000),
      );
      const frame = attendFrame(envelopeToJson(envelope));
      // Its edge may have closed it meanwhile: then the close that comes is what counts.
      const open = visit === this.#visit && visit.socket.readyState === WebSocket.OPEN;
      if (open) visit.socket.send(frame);
    } catch (problem) {
      this.#handlers.problem(problem instanceof Error ? problem.message : "It cannot be signed.");
      this.#lost(visit, MISUNDERSTOOD);
    }
  }

  #attending(visit: Visit, device: string): void {
    if (device !== this.#who.device) {
      throw new TrustError("identity", "The edge takes this device for another one.");
    }
    clearTimeout(this.#patience);
    visit.stage = "attending";
    visit.attendedAt = seconds();
    this.#attendances.believed();
    this.#handlers.connection({ state: "attending" });
    this.act((phone, now) => phone.hurry(now));
    this.#mail.opened();
  }

  /** Sends what the phone says, tells what happened, and sets the next time. */
  #carry(): void {
    const phone = this.#phone;
    if (phone === null) return;
    for (const message of phone.outgoing()) this.#send(callFrame(message));
    clearTimeout(this.#timer);
    const at = phone.nextTimer();
    if (at !== null) {
      const inMs = Math.max(0, at - seconds()) * 1000;
      this.#timer = setTimeout(() => this.act((it, now) => it.handleTimer(now)), inMs);
    }
    for (let event = phone.nextEvent(); event !== null; event = phone.nextEvent()) {
      if (event.kind === "problem") this.#handlers.problem(event.sentence);
      else this.#handlers.event(event);
    }
  }

  /** Whether it was sent. */
  #send(frame: string): boolean {
    const { socket, stage } = this.#visit ?? {};
    const open = stage === "attending" && socket?.readyState === WebSocket.OPEN;
    if (!open || socket.bufferedAmount > MOST_WAITING) return false;
    socket.send(frame);
    return true;
  }

  #lost(visit: Visit, code: number): void {
    if (visit !== this.#visit) return;
    this.#leave();
    if (code === NOT_ATTENDED) this.#attendances.refused(Date.now() / 1000);
    if (code === REPLACED) {
      this.#left = true;
      this.#handlers.connection({ state: "replaced" });
      return;
    }
    const lived = visit.attendedAt === null ? 0 : seconds() - visit.attendedAt;
    const retryInS = this.#waits.after(code, lived, Math.random());
    this.#retry = setTimeout(() => this.start(), retryInS * 1000);
    this.#handlers.connection({ state: "waiting", retryInS });
  }

  #leave(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#patience);
    this.#visit?.socket.close();
    this.#visit = null;
    this.#mail.closed();
  }
}

/** The door of this page's own edge, for the key that this browser keeps; it opens with `start`. */
export function doorOf(device: DeviceKey, handlers: DoorHandlers): Door {
  const key = `calls.life.${device.identity.uri}`;
  const life = nextLife(stored(key), Date.now());
  store(key, String(life));
  const address = new URL("/api/calls", location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  const door = new Door(address.href, attendantOf(device, location.origin), life, handlers);
  addEventListener("online", () => door.renew());
  return door;
}

/** Seconds that only go forward. */
function seconds(): number {
  return performance.now() / 1000;
}
