/** Fields of an object that others wrote, taken out by kind; anything else is refused. */

import { isObject, type Json, type JsonObject } from "../../trust/strictJson";
import { refused } from "./places";

const CALL = /^[0-9a-f]{32}$/;

export function object(value: Json | undefined): JsonObject {
  if (!isObject(value)) throw refused("has no object where one belongs");
  return value;
}

/** Returns if an object has these fields, and no more. */
export function exactly(fields: JsonObject, names: readonly string[]): void {
  const held = Object.keys(fields);
  if (held.length !== names.length || !names.every((name) => Object.hasOwn(fields, name))) {
    throw refused(`has other fields than ${names.join(", ") || "those of all messages"}`);
  }
}

export function text(value: Json | undefined, most: number): string {
  if (typeof value !== "string" || value.length > most) throw refused("lacks a text");
  return value;
}

/** A whole number; `1.0` is one too, as JavaScript cannot tell the two apart. */
export function whole(value: Json | undefined, least: number, most: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    throw refused("has a number out of its bounds");
  }
  return value;
}

/** The id of a call: 16 octets in small hexadecimal digits. */
export function callOf(value: Json | undefined): string {
  if (typeof value !== "string" || !CALL.test(value)) throw refused("is of no call");
  return value;
}
