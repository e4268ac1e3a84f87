/** Which call makes way at a telephone that has as many as it can hold. */

import { PRECEDENCES, type Precedence } from "../../api/authority";
import type { Refusal } from "../signalling/causes";
import type { State } from "../signalling/steps";

/** What is asked of a call. */
export interface Claim {
  readonly call: string;
  readonly precedence: Precedence;
  readonly emergency: boolean;
  readonly state: State;
}

const NOBODY_ANSWERED: readonly State[] = ["incoming", "ringing here"];

/**
 * Which of the calls is refused at a full telephone, and how it is told: the newcomer finds it busy;
 * one that rang here and makes room is told that a device preempted it (cause 1 of RFC 4411).
 */
export function roomFor(
  newcomer: Omit<Claim, "state">,
  calls: readonly Claim[],
): { goes: string; cause: Refusal } {
  const goes = yieldsTo(newcomer, calls);
  return goes === null
    ? { goes: newcomer.call, cause: "busy" }
    : { goes, cause: "pre-empted by device" };
}

/**
 * The call that makes room for a more urgent one; null if the newcomer has to go.
 *
 * Only those that ring here and nobody has answered: least urgent first, newest first among equals.
 * So whoever rings often in vain shuts nothing out that is above them.
 */
export function yieldsTo(newcomer: Omit<Claim, "call" | "state">, calls: readonly Claim[]) {
  const below = calls.filter(
    (each) => NOBODY_ANSWERED.includes(each.state) && urgencyOf(each) < urgencyOf(newcomer),
  );
  const least = Math.min(...below.map(urgencyOf));
  return below.findLast((each) => urgencyOf(each) === least)?.call ?? null;
}

/** An emergency counts above all but flash-override, as at the edges. */
function urgencyOf({ precedence, emergency }: Omit<Claim, "call" | "state">): number {
  const rank = PRECEDENCES.indexOf(precedence);
  const highest = PRECEDENCES.length - 1;
  return emergency && rank < highest ? highest - 0.5 : rank;
}
