/** What a site's edge says of its calls, and the checks at the door. Times are POSIX seconds. */

import { type Precedence, precedence } from "../../api/authority";
import { get } from "../../api/client";
import { type Text, text } from "../../api/console";
import {
  boolean,
  type Check,
  expected,
  nullable,
  number,
  object,
  oneOf,
  string,
} from "../../api/validate";
import { amount, moment, named } from "../../network/bounds";

export const STATES = [
  "dialling",
  "ringing",
  "connected",
  "held here",
  "held there",
  "held by both",
] as const;
/** Of a call that goes on, at its edge. */
export type State = (typeof STATES)[number];

/** How one end hears the other: R of the E-model, and the mean opinion score of it. */
export interface Figure {
  r: number;
  mos: number;
}

/** How a device of this site hears. */
export interface Leg {
  device: string;
  reports: number;
  seconds: number;
  last: Figure;
  worst: Figure;
  mean: Figure;
  /** Of the last report: what was not played, 0 to 1. */
  loss: number;
  round_trip_ms: number;
  jitter_ms: number;
}

interface Called {
  call: string;
  /** The device that dialled. */
  caller: string;
  /** The person who was called. */
  callee: string;
  /** Of the callee; empty until somebody has answered. */
  device: string;
  precedence: Precedence;
  emergency: boolean;
  began: number;
  /** null where nobody has answered. */
  connected_at: number | null;
  legs: Leg[];
}

export interface Going extends Called {
  state: State;
}

export interface Over extends Called {
  ended_at: number;
  cause: string;
  why: Text;
  /** As SIP's header field Reason has it (RFC 3326, RFC 4411). */
  reason: string;
}

export const VERDICTS = ["admitted", "refused", "yields"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Why a call was let in, refused or had to yield. */
export interface Decision {
  at: number;
  call: string;
  /** The person who dialled. */
  caller: string;
  /** The person who was called; empty where that is not known. */
  callee: string;
  precedence: Precedence;
  emergency: boolean;
  verdict: Verdict;
  why: Text;
  /** As SIP writes the cause; null for what was let in. */
  reason: string | null;
}

export interface Decisions {
  site: string;
  at: number;
  /** The newest first. */
  decisions: Decision[];
}

export interface Records {
  site: string;
  /** When this was told. */
  at: number;
  going: Going[];
  over: Over[];
}

/** R may lie below zero, and the score is always of 1 to 4.5. */
const rating: Check<number> = (value, where) => {
  const found = number(value, where);
  return Number.isFinite(found) ? found : expected("a rating")(value, where);
};
const score: Check<number> = (value, where) => {
  const found = rating(value, where);
  return found >= 1 && found <= 4.5 ? found : expected("a score of 1 to 4.5")(value, where);
};
const share: Check<number> = (value, where) => {
  const found = amount(value, where);
  return found <= 1 ? found : expected("a share")(value, where);
};

const figure = object<Figure>({ r: rating, mos: score });
const leg = object<Leg>({
  device: string,
  reports: amount,
  seconds: amount,
  last: figure,
  worst: figure,
  mean: figure,
  loss: share,
  round_trip_ms: amount,
  jitter_ms: amount,
});
const called = {
  call: string,
  caller: string,
  callee: string,
  device: string,
  precedence,
  emergency: boolean,
  began: moment,
  connected_at: nullable(moment),
  legs: named(leg, (each) => each.device),
};
const going = object<Going>({ ...called, state: oneOf(...STATES) });
const over = object<Over>({
  ...called,
  ended_at: moment,
  cause: string,
  why: text,
  reason: string,
});

export const records = object<Records>({
  site: string,
  at: moment,
  going: named(going, (each) => each.call),
  // An id may be dialled anew, hours later.
  over: named(over, (each) => `${each.call} ${each.began}`),
});

export const getRecords = () => get("/api/calls/records", records);

const decision = object<Decision>({
  at: moment,
  call: string,
  caller: string,
  callee: string,
  precedence,
  emergency: boolean,
  verdict: oneOf(...VERDICTS),
  why: text,
  reason: nullable(string),
});

export const decisions = object<Decisions>({
  site: string,
  at: moment,
  // One call is decided on once, or once more when it yields; an id may be dialled anew.
  decisions: named(decision, (each) => `${each.call} ${each.at} ${each.verdict}`),
});

export const getDecisions = () => get("/api/calls/decisions", decisions);
