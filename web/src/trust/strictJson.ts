/**
 * JSON in one way only, as the authority reads and writes it (I-JSON, RFC 7493): no name twice, no
 * half character, no number beyond 2^53, bounded depth and size.
 */

import { TrustError } from "./errors";
import { type Octets, ofUtf8, utf8 } from "./octets";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

/** Objects and lists inside each other. */
const DEEPEST = 16;
const LARGEST_NUMBER = Number.MAX_SAFE_INTEGER;
const MOST_DIGITS = 17;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a text of JSON must not hold them bare
const STRING = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const LITERAL = /true|false|null/y;

/** The value of a JSON text of at most so many octets. */
export function parseJson(octets: Uint8Array, most: number): Json {
  return new Parser(bounded(octets, most), false).whole();
}

/** The same, for a text that must be written in the one way of `writeJson`'s other end. */
export function parseCanonical(octets: Uint8Array, most: number): Json {
  return new Parser(bounded(octets, most), true).whole();
}

/** The one JSON text of a value: names sorted, no spaces; whole numbers without a fraction. */
export function writeJson(value: Json): Octets {
  const octets = utf8(text(value));
  parseJson(octets, octets.length);
  return octets;
}

/** A number as the authority writes those that are not whole by kind: `5.0`, `1e-05`. */
export function fraction(value: number): string {
  const [digits = "", power = ""] = value.toExponential().split("e");
  const exponent = Number(power);
  if (Object.is(value, -0)) return "-0.0";
  if (exponent < -4 || exponent >= 16) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${digits}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent >= 0) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [sign, bare] = digits.startsWith("-") ? ["-", digits.slice(1)] : ["", digits];
  return `${sign}0.${"0".repeat(-exponent - 1)}${bare.replace(".", "")}`;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function bounded(octets: Uint8Array, most: number): string {
  if (octets.length > most) {
    throw new TrustError("too-large", `A JSON text of at most ${most} octets is wanted.`);
  }
  return ofUtf8(octets);
}

function text(value: Json): string {
  if (typeof value === "string" || typeof value === "boolean" || value === null) {
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TrustError("malformed", "JSON has finite numbers only.");
    return Number.isInteger(value) ? String(value) : fraction(value);
  }
  if (Array.isArray(value)) return `[${value.map(text).join(",")}]`;
  const names = Object.keys(value).sort(byCharacter);
  return `{${names.map((name) => `${JSON.stringify(name)}:${text(value[name] as Json)}`).join(",")}}`;
}

/** Orders by characters; the halves that JavaScript compares would order some otherwise. */
function byCharacter(one: string, other: string): number {
  const left = Array.from(one, (c) => c.codePointAt(0) ?? 0);
  const right = Array.from(other, (c) => c.codePointAt(0) ?? 0);
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

class Parser {
  readonly #text: string;
  readonly #canonical: boolean;
  #at = 0;

  constructor(text: string, canonical: boolean) {
    this.#text = text;
    this.#canonical = canonical;
  }

  whole(): Json {
    const value = this.#value(0);
    this.#space();
    if (this.#at !== this.#text.length) throw this.#wrong();
    return value;
  }

  #value(depth: number): Json {
    this.#space();
    const first = this.#text[this.#at];
    if (first === "{") return this.#object(depth + 1);
    if (first === "[") return this.#list(depth + 1);
    if (first === '"') return this.#string();
    if (first === "t" || first === "f" || first === "n") return JSON.parse(this.#match(LITERAL));
    return this.#number();
  }

  #object(depth: number): JsonObject {
    this.#descend(depth);
    const pairs: [string, Json][] = [];
    const names = new Set<string>();
    while (!this.#closed("}", pairs.length)) {
      this.#space();
      const name = this.#string();
      const last = pairs.at(-1)?.[0];
      const sorted = last === undefined || byCharacter(last, name) < 0;
      if (names.has(name) || (this.#canonical && !sorted)) throw this.#wrong();
      names.add(name);
      this.#space();
      this.#expect(":");
      pairs.push([name, this.#value(depth)]);
    }
    // A plain assignment would take "__proto__" for something else than a field.
    return Object.fromEntries(pairs);
  }

  #list(depth: number): Json[] {
    this.#descend(depth);
    const values: Json[] = [];
    while (!this.#closed("]", values.length)) values.push(this.#value(depth));
    return values;
  }

  #closed(bracket: string, held: number): boolean {
    this.#space();
    if (this.#text[this.#at] === bracket) {
      this.#at += 1;
      return true;
    }
    if (held > 0) {
      this.#expect(",");
      this.#space();
    }
    return false;
  }

  #string(): string {
    const written = this.#match(STRING);
    const value = JSON.parse(written) as string;
    const odd = this.#canonical && JSON.stringify(value) !== written;
    if (/\p{Cs}/u.test(value) || odd) throw this.#wrong();
    return value;
  }

  #number(): number {
    const written = this.#match(NUMBER);
    const value = Number(written);
    const whole = !/[.eE]/.test(written);
    const long = whole && written.length > MOST_DIGITS;
    if (long || Math.abs(value) > LARGEST_NUMBER) {
      throw new TrustError("too-large", "A JSON text has a number beyond 2^53.");
    }
    const proper = whole ? String(value) : fraction(value);
    if (this.#canonical && proper !== written) throw this.#wrong();
    return value;
  }

  #descend(depth: number): void {
    if (depth > DEEPEST) {
      throw new TrustError("too-large", `A JSON text is nested deeper than ${DEEPEST} levels.`);
    }
    this.#at += 1;
  }

  #space(): void {
    if (!this.#canonical) this.#match(SPACE);
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) throw this.#wrong();
    this.#at += 1;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) throw this.#wrong();
    this.#at = pattern.lastIndex;
    return found[0];
  }

  #wrong(): TrustError {
    return new TrustError("malformed", `This is no JSON as it must be written, at ${this.#at}.`);
  }
}
