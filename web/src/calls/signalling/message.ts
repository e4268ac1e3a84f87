/**
 * What a device and its edge say to each other about a call, exactly as `calls/messages.py` reads
 * and writes it: one JSON object, in one way only.
 */

import type { Octets } from "../../trust/octets";
import { type Json, type JsonObject, parseJson, writeJson } from "../../trust/strictJson";
import {
  type Body,
  bodyOf,
  fieldsOf,
  isUnnumbered,
  LAST_NUMBER,
  LONGEST_WORD,
  type Side,
} from "./bodies";
import { callOf, object, text, whole } from "./fields";
import { checkLeg, LONGEST_PATH, refused } from "./places";

/** Octets of one message, at most. */
export const MOST_OCTETS = 96 * 1024;

/** A body with what every message says. */
export interface Message {
  /** 16 random octets in small hexadecimal digits. */
  call: string;
  /** Who says it, within the community. */
  leg: string;
  /** Of who says it. */
  side: Side;
  /** Grows with each start of who says it: milliseconds. */
  life: number;
  /** From 1, in the order in which it is to be heard; 0 for what has no order. */
  number: number;
  body: Body;
}

/** The one text of a message. */
export function encodeMessage(message: Message): Octets {
  return writeJson(messageToJson(message));
}

/** Reads a message. */
export function decodeMessage(octets: Uint8Array): Message {
  return messageOfJson(parseJson(octets, MOST_OCTETS));
}

/** A message as a JSON value. */
export function messageToJson(message: Message): JsonObject {
  const { body, ...common } = message;
  return { ...common, ...fieldsOf(body) };
}

/** Reads a message out of a parsed JSON value. */
export function messageOfJson(value: Json | undefined): Message {
  const { call, leg, side, life, number, type, ...rest } = object(value);
  const body = bodyOf(text(type, LONGEST_WORD), rest);
  if (side !== "caller" && side !== "callee") throw refused("is of no side");
  const speaker = text(leg, LONGEST_PATH);
  checkLeg(speaker);
  const least = isUnnumbered(body) ? 0 : 1;
  return {
    call: callOf(call),
    leg: speaker,
    side,
    life: whole(life, 1, Number.MAX_SAFE_INTEGER),
    number: whole(number, least, least * LAST_NUMBER),
    body,
  };
}
