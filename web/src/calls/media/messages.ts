/** What a page and its media worker say to each other. */

import type { Octets } from "../../trust/octets";
import type { BitRate } from "./description";
import type { Epoch } from "./epochs";
import type { Tally } from "./frameStreams";
import type { Suite } from "./sframe";

/** Which way a transform's frames go: its options. */
export type Way = "seal" | "open";

/** Frames of a call so far. */
export type Counts = Record<Way, Tally>;

export type Order =
  /** `bitRate` is what the call negotiates: its packets have the size of that rate. */
  | { kind: "start"; suite: Suite; call: Octets; bitRate: BitRate }
  /** The octets are transferred: the page holds this copy no more. */
  | { kind: "install"; epoch: Epoch; baseKey: Octets }
  | { kind: "sealUnder"; epoch: bigint }
  | { kind: "forgetBefore"; epoch: bigint }
  | { kind: "counts" };

export interface Asked {
  id: number;
  order: Order;
}

/** The first message of a worker has the number 0: it listens. */
export interface Answer {
  id: number;
  /** Why an order was refused; empty if it was done. */
  problem: string;
  counts: Counts;
}
