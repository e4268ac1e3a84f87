/** The calls that this device remembers: what the list holds, and how it is written down. */

import { PRECEDENCES, type Precedence } from "../../api/authority";
import { TrustError } from "../../trust/errors";
import type { Octets } from "../../trust/octets";
import { isObject, type Json, type JsonObject, parseJson, writeJson } from "../../trust/strictJson";
import { type Cause, isCause } from "../signalling/causes";
import type { MissedCall } from "../signalling/frames";
import { isTrouble, type Trouble } from "../talk/trouble";
import { nameOf } from "./people";

export const MOST_REMEMBERED = 200;
export const LARGEST_HISTORY = 1 << 18;
const FORM = "baluardo/calls/history/v1";
const CALL = /^[0-9a-f]{32}$/;
const LONGEST_NAME = 64;
/** Nobody called: answered elsewhere, or the same two people are talking in another call. */
const NOT_MISSED: readonly (Cause | null)[] = ["declined", "answered elsewhere", "glare"];

/** A call that is over. Times are milliseconds of `Date.now()`. */
export interface PastCall {
  call: string;
  side: "caller" | "callee";
  /** `anna.rossi` */
  person: string;
  precedence: Precedence;
  emergency: boolean;
  beganAt: number;
  /** null where it was not. */
  answeredAt: number | null;
  endedAt: number;
  cause: Cause | null;
  /** Set where this device refused the other end. */
  refused: Refused | null;
  /** Whether a missed call was looked at. */
  seen: boolean;
}

/** Why a call was refused for its security. */
export interface Refused {
  why: Trouble;
  /** `phone`: of the other end; empty where none had been told. */
  device: string;
}

/** Whether somebody called whom nobody here has answered. */
export const isMissed = (past: PastCall): boolean =>
  past.side === "callee" && past.answeredAt === null && !NOT_MISSED.includes(past.cause);

export const missedIn = (history: readonly PastCall[]): number =>
  history.filter((past) => isMissed(past) && !past.seen).length;

/** A call that rang nowhere, as the edge has kept it for this person. */
export function missedPast({ call, caller, at, precedence, emergency }: MissedCall): PastCall {
  const beganAt = 1000 * at;
  return {
    call,
    side: "callee",
    person: nameOf(caller),
    precedence,
    emergency,
    beganAt,
    answeredAt: null,
    endedAt: beganAt,
    cause: "nobody there",
    refused: null,
    seen: false,
  };
}

/** The list with these calls in it, the newest first; those that are known stay as they are. */
export function remembered(
  history: readonly PastCall[],
  ended: readonly PastCall[],
): readonly PastCall[] {
  const known = new Set(history.map(({ call }) => call));
  const fresh = ended.filter(({ call }) => !known.has(call));
  if (fresh.length === 0) return history;
  return [...fresh, ...history].sort((a, b) => b.beganAt - a.beganAt).slice(0, MOST_REMEMBERED);
}

/** The list with all that was missed looked at. */
export function looked(history: readonly PastCall[]): readonly PastCall[] {
  if (missedIn(history) === 0) return history;
  return history.map((past) => (past.seen ? past : { ...past, seen: true }));
}

export function writeHistory(history: readonly PastCall[]): Octets {
  return writeJson({ form: FORM, calls: history.map(written) });
}

const written = ({ refused, ...past }: PastCall): JsonObject => ({
  ...past,
  refused: refused && { ...refused },
});

/** Reads what `writeHistory` has written; refused as a whole if anything in it is not as it writes. */
export function readHistory(octets: Octets): PastCall[] {
  const value = parseJson(octets, LARGEST_HISTORY);
  if (!isObject(value) || value.form !== FORM || !Array.isArray(value.calls)) throw damaged();
  if (value.calls.length > MOST_REMEMBERED) throw damaged();
  return value.calls.map(pastOf);
}

function pastOf(value: Json): PastCall {
  if (!isObject(value)) throw damaged();
  const { call, side, person, precedence, emergency, cause, refused, seen } = value;
  const urgency = PRECEDENCES.find((each) => each === precedence);
  const named = typeof person === "string" && person !== "" && person.length <= LONGEST_NAME;
  if (typeof call !== "string" || !CALL.test(call) || !named || urgency === undefined) {
    throw damaged();
  }
  if (side !== "caller" && side !== "callee") throw damaged();
  if (typeof emergency !== "boolean" || typeof seen !== "boolean") throw damaged();
  return {
    call,
    side,
    person,
    precedence: urgency,
    emergency,
    beganAt: momentOf(value, "beganAt"),
    answeredAt: value.answeredAt === null ? null : momentOf(value, "answeredAt"),
    endedAt: momentOf(value, "endedAt"),
    cause: causeOf(cause),
    refused: refusedOf(refused),
    seen,
  };
}

/** Lists of before this was kept have no such field. */
function refusedOf(value: Json | undefined): Refused | null {
  if (value === null || value === undefined) return null;
  if (!isObject(value)) throw damaged();
  const { why, device } = value;
  if (typeof why !== "string" || !isTrouble(why)) throw damaged();
  if (typeof device !== "string" || device.length > LONGEST_NAME) throw damaged();
  return { why, device };
}

function causeOf(value: Json | undefined): Cause | null {
  if (value === null) return null;
  if (typeof value !== "string" || !isCause(value)) throw damaged();
  return value;
}

function momentOf(from: JsonObject, name: string): number {
  const value = from[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw damaged();
  return value;
}

function damaged(): TrustError {
  return new TrustError(
    "storage",
    "The list of calls is not as this page writes it: left as it is.",
  );
}
