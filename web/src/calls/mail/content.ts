/** What a message says once it is open, as canonical JSON: a text, or how far texts have come. */

import { TrustError } from "../../trust/errors";
import { characters, type Octets } from "../../trust/octets";
import { isObject, type Json, parseCanonical, writeJson } from "../../trust/strictJson";

/** Characters of a text, as people count them. */
export const LONGEST_TEXT = 4_000;
/** Texts that one receipt tells of. Our choice: it stays in the size of a long text. */
export const MOST_IDS = 256;
const MOST_OCTETS = 65_536;
/** Milliseconds: beyond it no date can be shown (ECMA-262, time values). */
const LAST = 8.64e15;
const ID = /^[0-9a-f]{32}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no text may hold
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

export type Content =
  | { type: "text"; id: string; at: number; text: string }
  | { type: "delivered"; ids: readonly string[] }
  | { type: "read"; ids: readonly string[] };

/** Writes what is said. */
export function writeContent(content: Content): Octets {
  if (content.type === "text") return writeJson({ ...content });
  return writeJson({ type: content.type, ids: [...content.ids] });
}

/** Reads what somebody has said; refused unless it is written in the one way. */
export function readContent(octets: Octets): Content {
  const value = parseCanonical(octets, MOST_OCTETS);
  if (!isObject(value)) throw refused("is no object");
  const { type, ids, id, at, text, ...others } = value;
  if (Object.keys(others).length > 0) throw refused("says more than messages do");
  if (type === "text" && ids === undefined) {
    if (typeof text !== "string") throw refused("has no text");
    checkText(text);
    return { type, id: idOf(id), at: momentOf(at), text };
  }
  const bare = [id, at, text].every((field) => field === undefined);
  if ((type !== "delivered" && type !== "read") || !bare) throw refused("is of no kind we know");
  if (!Array.isArray(ids) || !(0 < ids.length && ids.length <= MOST_IDS)) {
    throw refused("tells of no texts, or of too many");
  }
  const told = ids.map(idOf);
  if (new Set(told).size !== told.length) throw refused("names a text twice");
  return { type, ids: told };
}

/** A text as it was typed, made fit to be sent: one kind of line end, no other control characters. */
export function typed(text: string): string {
  const plain = text.replace(/\r\n?/g, "\n").replaceAll("\t", " ").normalize("NFC").trimEnd();
  checkText(plain);
  return plain;
}

function checkText(text: string): void {
  if (text.trim() === "") throw refused("has no text");
  if (text.length > 2 * LONGEST_TEXT || characters(text) > LONGEST_TEXT) {
    throw new TrustError("too-large", `A text has at most ${LONGEST_TEXT} characters.`);
  }
  if (CONTROL.test(text) || /\p{Cs}/u.test(text)) throw refused("has characters that nobody sees");
}

export function idOf(value: Json | undefined): string {
  if (typeof value !== "string" || !ID.test(value)) throw refused("names no text");
  return value;
}

function momentOf(value: Json | undefined): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || !(0 <= value && value <= LAST)) {
    throw refused("has no time");
  }
  return value;
}

function refused(what: string): TrustError {
  return new TrustError("malformed", `A message ${what}: it was dropped.`);
}
