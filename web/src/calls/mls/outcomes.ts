/** What comes of messages, of one's own changes and of the orderer's word. */

import type { Octets } from "../../trust/octets";
import type { Wish } from "./commits";
import type { Changes, Member } from "./roster";

/** A message that was opened. */
export interface Message {
  kind: "message";
  from: Member;
  epoch: bigint;
  content: Octets;
}

/** What came of a message. */
export type Received =
  | Message
  /** A commit that waits for the orderer to name it. */
  | { kind: "held"; epoch: bigint; commit: string }
  /** A message of an epoch still to come: give it again when its commit was followed. */
  | { kind: "early"; epoch: bigint };

/** A commit to be sent to the orderer; where this device is alone, it counts at once. */
export type Made =
  | { kind: "waits"; epoch: bigint; commit: Octets; welcome: Octets; name: string }
  | { kind: "settled"; epoch: bigint; commit: Octets; welcome: Octets };

/** What came of the orderer's word. */
export type Settled =
  | {
      kind: "settled";
      epoch: bigint;
      by: Member;
      changes: Changes;
      /** Everybody in the group from now on. */
      members: readonly Member[];
      /** For those whom one's own commit has added; empty for everybody else's. */
      welcome: Octets;
      /** What one wished and somebody else came before: make it again. Null if nothing is left. */
      again: Wish | null;
    }
  /** This device was taken out: its keys are gone. */
  | { kind: "removed"; by: Member }
  | { kind: "past" }
  /** The commits of these epochs are missing first. */
  | { kind: "missing"; from: bigint }
  /** The commit that was named has not come: ask for it. */
  | { kind: "wanted"; commit: string };
