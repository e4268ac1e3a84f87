/** What a browser and the edge of its site say to each other over a WebSocket: strict JSON texts. */

import { PRECEDENCES, type Precedence } from "../../api/authority";
import { TrustError } from "../../trust/errors";
import { isName } from "../../trust/identity";
import { ofHex, ofUtf8, utf8 } from "../../trust/octets";
import { type Json, type JsonObject, parseJson, writeJson } from "../../trust/strictJson";
import { MailRefusal, REFUSALS } from "../mail/mailDoor";
import type { Report } from "./bodies";
import { callOf, exactly, object, text } from "./fields";
import { type Message, messageOfJson, messageToJson } from "./message";
import { checkDevice, checkPerson, checkSite, LONGEST_PATH, refused } from "./places";

export type { Report } from "./bodies";

/** Octets that an edge may say at once: everybody there is, in one frame. */
export const LARGEST_HEARD = 4 << 20;
export const MOST_PEOPLE = 10_000;
/** Of one person at a time. */
export const MOST_DEVICES = 16;
export const CHALLENGE_OCTETS = 32;
/** What a report may say, at most, as `calls/receiver_reports.py` has it. */
export const REPORT_MOST: Readonly<Record<keyof Report, number>> = {
  seconds: 600,
  received: 100_000,
  lost: 100_000,
  round_trip_ms: 60_000,
  jitter_ms: 60_000,
  concealed: 1,
  buffer_ms: 60_000,
};
const REPORT_FIELDS = Object.keys(REPORT_MOST) as (keyof Report)[];
/** Of a slot of low satellites, and of what may be kept in hand for its edge. */
export const LONGEST_SLOT_MS = 15_000;
export const MOST_HOLD_MS = 500;
/** Octets of a frame about written messages (`LARGEST_REQUEST` of `protocol/mail_fields.py`). */
export const LARGEST_MAIL_FRAME = 768 << 10;
export const MOST_ASK = 2 ** 31 - 1;
/** Of one mailbox, and so of one frame. */
const MOST_ITEMS = 2_000;
/** Of one person (`MOST_OF_PERSON` of `edge/calls/missed_calls.py`). */
export const MOST_MISSED = 50;
/** The end of the year 9999, POSIX seconds. */
const LATEST = 253_402_300_799;
const LONGEST_SENTENCE = 2_000;
const LONGEST_TYPE = 16;

/**
 * Who is there: everybody; or, with `left` (people who are known no more), what has changed since.
 */
export interface People {
  type: "people";
  people: readonly Present[];
  left?: readonly string[];
}

/** A person who is known, where they were last, and their devices there; none is who is away. */
export interface Present {
  /** `person/anna.rossi` */
  person: string;
  /** `office/rome` */
  site: string;
  /** `phone` */
  devices: readonly string[];
}

export interface Challenge {
  type: "challenge";
  edge: string;
  /** Hexadecimal, 32 octets. */
  challenge: string;
}

/** When ways by satellite are disturbed next, and how much sound to keep in hand then. */
export interface SlotEdge {
  /** Milliseconds from when it was heard. */
  inMs: number;
  holdMs: number;
}

/** A call to this person that rang nowhere, as no device of theirs was connected. */
export interface MissedCall {
  call: string;
  /** `person/anna.rossi` */
  caller: string;
  /** POSIX seconds. */
  at: number;
  precedence: Precedence;
  emergency: boolean;
}

/** What an edge says. */
export type Frame =
  | Challenge
  | { type: "attending"; device: string }
  | { type: "call"; message: Message }
  | People
  | ({ type: "slot" } & SlotEdge)
  /** What became of what was asked about written messages under this number. */
  | { type: "mailed"; ask: number; answer: JsonObject | MailRefusal }
  | { type: "missed"; calls: readonly MissedCall[] }
  /** What waits for this device, the oldest first; nothing of it is read yet. */
  | { type: "post"; items: readonly Json[]; more: boolean }
  | { type: "problem"; sentence: string };

/** Reads what an edge says. */
export function readFrame(heard: string): Frame {
  // A text has no fewer octets than halves of characters.
  if (heard.length > LARGEST_HEARD) throw new TrustError("too-large", "A frame is too large.");
  const { type, ...fields } = object(parseJson(utf8(heard), LARGEST_HEARD));
  const kind = text(type, LONGEST_TYPE);
  switch (kind) {
    case "challenge": {
      exactly(fields, ["edge", "challenge"]);
      const challenge = text(fields.challenge, 2 * CHALLENGE_OCTETS);
      ofHex(challenge, CHALLENGE_OCTETS);
      return { type: kind, edge: siteOf(fields.edge), challenge };
    }
    case "attending": {
      exactly(fields, ["device"]);
      const device = text(fields.device, LONGEST_PATH);
      checkDevice(device);
      return { type: kind, device };
    }
    case "call":
      exactly(fields, ["message"]);
      return { type: kind, message: messageOfJson(fields.message) };
    case "people":
      return peopleFrameOf(fields);
    case "slot":
      exactly(fields, ["in_ms", "hold_ms"]);
      return {
        type: kind,
        inMs: whole(fields.in_ms, LONGEST_SLOT_MS),
        holdMs: whole(fields.hold_ms, MOST_HOLD_MS),
      };
    case "mailed":
      return { type: kind, ...mailedOf(fields) };
    case "post":
      exactly(fields, ["items", "more"]);
      if (typeof fields.more !== "boolean") throw refused("does not say whether there is more");
      return { type: kind, items: list(fields.items, MOST_ITEMS), more: fields.more };
    case "missed": {
      exactly(fields, ["calls"]);
      const calls = list(fields.calls, MOST_MISSED).map(missedOf);
      once(calls.map(({ call }) => call));
      return { type: kind, calls };
    }
    case "problem":
      exactly(fields, ["sentence"]);
      return { type: kind, sentence: text(fields.sentence, LONGEST_SENTENCE) };
    default:
      throw refused("came in a frame of a type that there is not");
  }
}

/**
 * Everybody by `person`, in alphabetical order, after a frame about them was heard; refused if they
 * would be more than `MOST_PEOPLE`, however many frames they came in.
 */
export function peopleAfter(
  before: ReadonlyMap<string, Present>,
  { people, left }: People,
): ReadonlyMap<string, Present> {
  const after = new Map(left === undefined ? [] : before);
  for (const person of left ?? []) after.delete(person);
  for (const each of people) after.set(each.person, each);
  if (after.size > MOST_PEOPLE) {
    throw new TrustError(
      "too-large",
      `The edge tells of more than ${MOST_PEOPLE} people: its news was dropped, who was shown stays.`,
    );
  }
  return new Map([...after].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** What carries a message to the edge. */
export function callFrame(message: Message): string {
  return written({ type: "call", message: messageToJson(message) });
}

/** What tells the edge how a call is received; null where no receiver counts so. */
export function reportFrame(call: string, report: Report): string | null {
  const whole = Number.isInteger(report.received) && Number.isInteger(report.lost);
  const within = REPORT_FIELDS.every((name) => {
    const value = report[name];
    return Number.isFinite(value) && value >= 0 && value <= REPORT_MOST[name];
  });
  if (!whole || !within || report.seconds === 0) return null;
  const told = Object.fromEntries(REPORT_FIELDS.map((name) => [name, report[name]]));
  return written({ type: "report", call: callOf(call), ...told });
}

/** What asks the authority something about written messages; refused if it is too large. */
export function mailFrame(ask: number, request: JsonObject): string {
  const octets = writeJson({ type: "mail", ask, request });
  if (octets.length > LARGEST_MAIL_FRAME) {
    throw new MailRefusal("malformed", "This is larger than a written message may be: not sent.");
  }
  return ofUtf8(octets);
}

/** What tells the edge that these missed calls are kept on this device now. */
export function notedFrame(calls: readonly string[]): string {
  return written({ type: "noted", calls: calls.map(callOf) });
}

/** What answers a challenge with a signed attendance. */
export function attendFrame(attendance: JsonObject): string {
  return written({ type: "attend", attendance });
}

function mailedOf(fields: JsonObject): { ask: number; answer: JsonObject | MailRefusal } {
  const ask = whole(fields.ask, MOST_ASK);
  if ("answer" in fields) {
    exactly(fields, ["ask", "answer"]);
    return { ask, answer: object(fields.answer) };
  }
  exactly(fields, ["ask", "refusal", "sentence"]);
  const code = REFUSALS.find((each) => each === fields.refusal);
  if (code === undefined) throw refused("has a refusal that there is not");
  return { ask, answer: new MailRefusal(code, text(fields.sentence, LONGEST_SENTENCE)) };
}

function missedOf(value: Json): MissedCall {
  const fields = object(value);
  exactly(fields, ["call", "caller", "at", "precedence", "emergency"]);
  const caller = text(fields.caller, LONGEST_PATH);
  checkPerson(caller);
  const precedence = PRECEDENCES.find((each) => each === fields.precedence);
  const { emergency } = fields;
  if (precedence === undefined || typeof emergency !== "boolean") {
    throw refused("does not say how urgent a missed call was");
  }
  const at = whole(fields.at, LATEST);
  return { call: callOf(fields.call), caller, at, precedence, emergency };
}

function peopleFrameOf(fields: JsonObject): People {
  if (!("left" in fields)) {
    exactly(fields, ["people"]);
    return { type: "people", people: peopleOf(fields.people) };
  }
  exactly(fields, ["people", "left"]);
  const people = peopleOf(fields.people);
  const left = list(fields.left, MOST_PEOPLE).map((name) => text(name, LONGEST_PATH));
  for (const person of left) checkPerson(person);
  once([...left, ...people.map(({ person }) => person)]);
  return { type: "people", people, left };
}

function peopleOf(value: Json | undefined): Present[] {
  const people = list(value, MOST_PEOPLE).map((each) => {
    const fields = object(each);
    exactly(fields, ["person", "site", "devices"]);
    const person = text(fields.person, LONGEST_PATH);
    checkPerson(person);
    const devices = list(fields.devices, MOST_DEVICES).map((name) => text(name, LONGEST_PATH));
    if (!devices.every(isName)) throw refused("names no device of a person");
    once(devices);
    return { person, site: siteOf(fields.site), devices };
  });
  once(people.map(({ person }) => person));
  return people;
}

function siteOf(value: Json | undefined): string {
  const site = text(value, LONGEST_PATH);
  checkSite(site);
  return site;
}

function whole(value: Json | undefined, most: number): number {
  const fits = typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
  if (!fits) throw refused("has no whole number where one belongs");
  return value;
}

function list(value: Json | undefined, most: number): Json[] {
  if (!Array.isArray(value) || value.length > most) throw refused("has no list where one belongs");
  return value;
}

function once(names: readonly string[]): void {
  if (new Set(names).size !== names.length) throw refused("names somebody twice");
}

function written(value: JsonObject): string {
  return ofUtf8(writeJson(value));
}
