/** What can be said of a call, with its bounds, as `calls/bodies.py` has it. */

import { PRECEDENCES, type Precedence } from "../../api/authority";
import { base64, type Octets, ofEitherBase64 } from "../../trust/octets";
import type { Json, JsonObject } from "../../trust/strictJson";
import type { Relay } from "../media/sdp";
import { type Cause, isCause, isRefusal, type Refusal } from "./causes";
import { callOf, exactly, object, text, whole } from "./fields";
import {
  checkDevice,
  checkFragment,
  checkPerson,
  checkRelay,
  LONGEST_FRAGMENT,
  LONGEST_PATH,
  refused,
} from "./places";

/** Octets of what browsers tell each other, at most. */
export const MOST_OPAQUE = 64 * 1024;
export const LAST_NUMBER = 2 ** 31 - 1;
export const LONGEST_WORD = 32;

/** On which side of a call somebody stands; to its devices an edge stands for the other one. */
export type Side = "caller" | "callee";

/** What the browser that speaks says of its media, and where who hears it sends media. */
export interface Placed {
  opaque: Octets;
  /** ICE user fragment; empty where there is none. */
  fragment: string;
  /** A device says null; its edge tells it the near port of its own relay. */
  relay: Relay | null;
}

export interface Dial extends Placed {
  type: "dial";
  /** The device that dials. */
  caller: string;
  /** The person who is called. */
  callee: string;
  precedence: Precedence;
  emergency: boolean;
}

/** What this browser has received of a call since it said so last; the names are the frame's. */
export interface Report {
  seconds: number;
  /** RTP packets. */
  received: number;
  lost: number;
  round_trip_ms: number;
  jitter_ms: number;
  /** Of what was played, 0 to 1: made up by the receiver. */
  concealed: number;
  buffer_ms: number;
}

export type Body =
  | Dial
  | ({ type: "ringing" | "answer"; device: string } & Placed)
  | { type: "refuse"; cause: Refusal }
  /**
   * `device` is the callee's that it is for, or comes from; empty for the one that answered.
   * `fragment` is a new one of the browser that speaks; empty where it keeps the one it has.
   */
  | ({ type: "info"; device: string } & Placed)
  /** `instead` is, with glare, the call that stands; else empty. */
  | { type: "end"; cause: Cause; instead: string }
  | { type: "acknowledgement"; upto: number; of: number }
  | { type: "hold" | "resume" | "alive" | "unknown" };

export type BodyType = Body["type"];

/** Whether it is neither acknowledged nor repeated: its number is 0. */
export function isUnnumbered(body: Body): boolean {
  return body.type === "acknowledgement" || body.type === "unknown";
}

/** The fields of a body, as JSON has them. */
export function fieldsOf(body: Body): JsonObject {
  switch (body.type) {
    case "dial":
    case "ringing":
    case "answer":
    case "info": {
      const { relay, opaque, ...rest } = body;
      const place = relay === null ? null : { address: relay.address, port: relay.port };
      return { ...rest, opaque: base64(opaque), relay: place };
    }
    default:
      return { ...body };
  }
}

/** Reads a body out of the fields that are its own. */
export function bodyOf(type: string, fields: JsonObject): Body {
  const only = (...names: string[]) => exactly(fields, names);
  switch (type) {
    case "dial": {
      const { caller, callee, precedence, emergency, ...placed } = fields;
      if (typeof emergency !== "boolean") throw refused("is neither an emergency nor none");
      const urgency = PRECEDENCES.find((each) => each === precedence);
      if (urgency === undefined) throw refused("has no precedence");
      const person = text(callee, LONGEST_PATH);
      checkPerson(person);
      return {
        type,
        caller: deviceOf(caller),
        callee: person,
        precedence: urgency,
        emergency,
        ...placedOf(placed),
      };
    }
    case "ringing":
    case "answer": {
      const { device, ...placed } = fields;
      return { type, device: deviceOf(device), ...placedOf(placed) };
    }
    case "info": {
      const { device, ...placed } = fields;
      return { type, device: device === "" ? "" : deviceOf(device), ...placedOf(placed) };
    }
    case "refuse": {
      only("cause");
      const cause = causeOf(fields.cause);
      if (!isRefusal(cause)) throw refused("refuses for what is no refusal of a device");
      return { type, cause };
    }
    case "end":
      only("cause", "instead");
      return {
        type,
        cause: causeOf(fields.cause),
        instead: fields.instead === "" ? "" : callOf(fields.instead),
      };
    case "acknowledgement":
      only("upto", "of");
      return {
        type,
        upto: whole(fields.upto, 0, LAST_NUMBER),
        of: whole(fields.of, 1, Number.MAX_SAFE_INTEGER),
      };
    case "hold":
    case "resume":
    case "alive":
    case "unknown":
      only();
      return { type };
    default:
      throw refused("is of a type that there is not");
  }
}

/** Returns if a browser may say this of its media. */
export function checkPlaced({ opaque, fragment, relay }: Placed): void {
  if (opaque.length > MOST_OPAQUE) throw refused("has too much between browsers");
  checkFragment(fragment);
  if (relay !== null) checkRelay(relay);
}

function placedOf(fields: JsonObject): Placed {
  exactly(fields, ["opaque", "fragment", "relay"]);
  const placed = {
    opaque: opaqueOf(fields.opaque),
    fragment: text(fields.fragment, LONGEST_FRAGMENT),
    relay: relayOf(fields.relay),
  };
  checkPlaced(placed);
  return placed;
}

function relayOf(value: Json | undefined): Relay | null {
  if (value === null) return null;
  const { address, port, ...rest } = object(value);
  exactly(rest, []);
  return { address: text(address, LONGEST_PATH), port: whole(port, 1, LAST_NUMBER) };
}

function opaqueOf(value: Json | undefined): Octets {
  return ofEitherBase64(text(value, Number.MAX_SAFE_INTEGER), MOST_OPAQUE);
}

function deviceOf(value: Json | undefined): string {
  const device = text(value, LONGEST_PATH);
  checkDevice(device);
  return device;
}

function causeOf(value: Json | undefined): Cause {
  const cause = text(value, LONGEST_WORD);
  if (!isCause(cause)) throw refused("has no cause");
  return cause;
}
