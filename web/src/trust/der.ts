/** As much of DER (X.690) as requests and certificates need: a writer, and a reader that is strict. */

import { TrustError } from "./errors";
import { hex, joined, type Octets, utf8 } from "./octets";

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const MOST_LENGTH_OCTETS = 4;

/** One element: its tag, then its length in the shortest form, then its content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Octets {
  const whole = joined(...content);
  return joined(Uint8Array.of(tag, ...lengthOctets(whole.length)), whole);
}

export function sequence(...parts: readonly Uint8Array[]): Octets {
  return element(TAG.sequence, ...parts);
}

/** A SET OF: its elements in the order that DER asks for (section 11.6). */
export function set(...parts: readonly Uint8Array[]): Octets {
  return element(TAG.set, ...[...parts].sort(compared));
}

export function oid(dotted: string): Octets {
  const [first = 0, second = 0, ...others] = dotted.split(".").map(Number);
  const arcs = [first * 40 + second, ...others];
  if (!/^[0-2](\.[0-9]{1,15})+$/.test(dotted) || !arcs.every(Number.isSafeInteger)) {
    throw new TrustError("malformed", `${dotted} is no object identifier.`);
  }
  return element(TAG.oid, ...arcs.map(base128));
}

/** A whole number from 0 to 2^53 - 1. */
export function integer(value: number): Octets {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new TrustError("malformed", `${value} cannot be written as an integer here.`);
  }
  const octets = [];
  for (let rest = value; rest > 0 || octets.length === 0; rest = Math.floor(rest / 256)) {
    octets.unshift(rest % 256);
  }
  if ((octets[0] ?? 0) >= 0x80) octets.unshift(0);
  return element(TAG.integer, Uint8Array.from(octets));
}

export function utf8String(text: string): Octets {
  return element(TAG.utf8String, utf8(text));
}

/** A string of whole octets. */
export function bitString(octets: Uint8Array): Octets {
  return element(TAG.bitString, Uint8Array.of(0), octets);
}

export function octetString(...parts: readonly Uint8Array[]): Octets {
  return element(TAG.octetString, ...parts);
}

/** A context tag around further elements. */
export function tagged(number: number, ...parts: readonly Uint8Array[]): Octets {
  return element(0xa0 | contextNumber(number), ...parts);
}

/** A context tag in the place of a primitive's own. */
export function implicit(number: number, content: Uint8Array): Octets {
  return element(0x80 | contextNumber(number), content);
}

/** An element that was read: its content, and the octets it stands in. */
export interface Element {
  tag: number;
  content: Octets;
  whole: Octets;
}

/** Reads the elements that fill these octets to their end. */
export class DerReader {
  readonly #octets: Octets;
  #at = 0;

  constructor(octets: Octets) {
    this.#octets = octets;
  }

  get done(): boolean {
    return this.#at === this.#octets.length;
  }

  /** The tag that comes next; -1 at the end. */
  get next(): number {
    return this.#octets[this.#at] ?? -1;
  }

  /** The next element, which must have this tag. */
  take(tag: number): Element {
    const start = this.#at;
    if (this.next !== tag || (tag & 0x1f) === 0x1f) throw malformed();
    this.#at += 1;
    const length = this.#length();
    const end = this.#at + length;
    if (end > this.#octets.length) throw malformed();
    const content = this.#octets.slice(this.#at, end);
    this.#at = end;
    return { tag, content, whole: this.#octets.slice(start, end) };
  }

  /** The next element, opened. */
  enter(tag: number): DerReader {
    return new DerReader(this.take(tag).content);
  }

  /** The next element: a whole number from 0 to 2^53 - 1 in its shortest form. */
  number(tag: number = TAG.integer): number {
    const { content } = this.take(tag);
    const [first = 0x80, second = 0x80] = content;
    const value = content.reduce((sum, octet) => sum * 256 + octet, 0);
    if (first >= 0x80 || (first === 0 && content.length > 1 && second < 0x80)) throw malformed();
    if (!Number.isSafeInteger(value)) {
      throw new TrustError("too-large", "A number beyond 2^53 was refused.");
    }
    return value;
  }

  /** The next element: an object identifier, by the octets of its content in hexadecimal. */
  oid(): string {
    const { content } = this.take(TAG.oid);
    const starts = content.filter((_, at) => at === 0 || (content[at - 1] ?? 0) < 0x80);
    // Each arc ends with an octet below 0x80 and begins with no padding (X.690 section 8.19).
    if ((content.at(-1) ?? 0x80) >= 0x80 || starts.includes(0x80)) throw malformed();
    return hex(content);
  }

  skip(): Element {
    if (this.done) throw malformed();
    return this.take(this.next);
  }

  end(): void {
    if (!this.done) throw malformed();
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > MOST_LENGTH_OCTETS) throw malformed();
    let length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + this.#byte();
    if (length < 0x80 || length < 256 ** (count - 1)) throw malformed();
    return length;
  }

  #byte(): number {
    const octet = this.#octets[this.#at];
    if (octet === undefined) throw malformed();
    this.#at += 1;
    return octet;
  }
}

/** The content of a string of whole octets. */
export function wholeOctets(bits: Element): Octets {
  if (bits.tag !== TAG.bitString || bits.content[0] !== 0) throw malformed();
  return bits.content.slice(1);
}

function malformed(): TrustError {
  return new TrustError("malformed", "This is not written in DER as it must be.");
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

function base128(arc: number): Octets {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift(0x80 | (rest % 128));
  }
  return Uint8Array.from(octets);
}

function contextNumber(number: number): number {
  if (!(Number.isInteger(number) && number >= 0 && number < 31)) throw malformed();
  return number;
}

function compared(one: Uint8Array, other: Uint8Array): number {
  for (let at = 0; at < Math.min(one.length, other.length); at++) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}
