/** What a talk has of the telephone that it is one of. */

import type { Party } from "../mls/party";
import type { Report } from "../signalling/bodies";
import type { CallView } from "../signalling/events";
import type { Phone } from "../signalling/phone";
import type { Problem, Sound } from "./talkView";

export interface Line {
  /** This device. */
  readonly party: Party;
  readonly sound: Sound;
  /** Who has to have cosigned the log, by name. */
  readonly witnesses: readonly string[];
  /** The edge of this page (`office/rome`); null until it has said which one it is. */
  edge(): string | null;
  /** The call as signalling has it; null where it has none of this id. */
  look(call: string): CallView | null;
  /** Says something by signalling; null while the edge has not answered yet. */
  tell<T>(what: (phone: Phone, now: number) => T): T | null;
  report(call: string, report: Report): void;
  /** Something that is shown has changed. */
  changed(): void;
  problem(problem: Problem): void;
}
