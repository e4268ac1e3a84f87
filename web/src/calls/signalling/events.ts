/** What a page and its phone tell each other of calls. */

import type { Precedence } from "../../api/authority";
import type { Dial, Placed, Side } from "./bodies";
import type { Cause } from "./causes";
import type { State } from "./steps";

export type PhoneEvent =
  /** Somebody calls: the page prepares its media, then rings, refuses or answers. */
  | { kind: "incoming"; call: string; dial: Dial }
  /** A device of the person whom we call rings; several may. */
  | ({ kind: "ringing"; call: string; device: string } & Placed)
  | ({ kind: "answered"; call: string; device: string } & Placed)
  /** To be answered at once: we dialled this person at the same time, and their call stands. */
  | { kind: "wanted"; call: string }
  /** The other side has begun its hold, or ended it. */
  | { kind: "held"; call: string; held: boolean }
  /** `fragment` is a new one of the other browser; empty where it keeps the one it has. */
  | ({ kind: "info"; call: string; device: string } & Placed)
  /** By whomever. `instead` is, with glare, the call that stands. */
  | { kind: "ended"; call: string; cause: Cause; instead: string }
  /** Something was dropped without harm to any call. */
  | { kind: "problem"; sentence: string };

/** A call as the page sees it. */
export interface CallView {
  readonly call: string;
  /** On which side of it we stand. */
  readonly side: Side;
  readonly state: State;
  /** The person at the other end. */
  readonly person: string;
  /** The other end's device; empty until it has answered. */
  readonly device: string;
  readonly precedence: Precedence;
  readonly emergency: boolean;
  readonly heldHere: boolean;
  readonly heldThere: boolean;
  /** Whether it is to be answered at once. */
  readonly wanted: boolean;
  /** Why it ended; null while it goes on. */
  readonly cause: Cause | null;
}

/** What a browser tells of its media. */
export type Media = Omit<Placed, "relay">;

/** Whom to call, and how. */
export interface Wish extends Media {
  /** `person/NAME` */
  person: string;
  precedence: Precedence;
  emergency: boolean;
}

/** Who a phone is. */
export interface Subscriber {
  /** `person/anna.rossi/phone` */
  device: string;
  /** `office/rome` */
  edge: string;
  /** Grows with each start of this device's page: milliseconds. */
  life: number;
}
