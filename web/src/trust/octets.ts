/** Octets and the texts that stand for them: UTF-8, hexadecimal, base64 (RFC 4648), in one way only. */

import { TrustError } from "./errors";

export type Octets = Uint8Array<ArrayBuffer>;

/** Arguments of String.fromCharCode in one call; engines bound them. */
const CHUNK = 0x8000;

export function joined(...parts: readonly Uint8Array[]): Octets {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, index) => octet === other[index]);
}

export function utf8(text: string): Octets {
  return new TextEncoder().encode(text);
}

/** Reads UTF-8; nothing is mended, and a byte order mark is a character like any other. */
export function ofUtf8(octets: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    throw new TrustError("malformed", "This is no text in UTF-8.");
  }
}

export function hex(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

/** Reads so many octets in small hexadecimal digits. */
export function ofHex(text: string, length: number): Octets {
  if (text.length !== 2 * length || !/^[0-9a-f]*$/.test(text)) {
    throw new TrustError("malformed", `${length} octets in small hexadecimal digits are wanted.`);
  }
  return Uint8Array.from({ length }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  );
}

export function base64(octets: Uint8Array): string {
  let text = "";
  for (let at = 0; at < octets.length; at += CHUNK) {
    text += String.fromCharCode(...octets.subarray(at, at + CHUNK));
  }
  return btoa(text);
}

/** Reads the standard alphabet, padded, of at most so many octets. */
export function ofBase64(text: string, most: number): Octets {
  if (text.length > Math.ceil(most / 3) * 4) {
    throw new TrustError("too-large", `Base64 of at most ${most} octets is wanted.`);
  }
  let binary: string | null;
  try {
    binary = atob(text);
  } catch {
    binary = null;
  }
  // The browser forgives spaces, missing padding and stray last bits: two texts, one meaning.
  if (binary === null || btoa(binary) !== text) {
    throw new TrustError("malformed", "This is no base64.");
  }
  const octets = new Uint8Array(binary.length);
  for (let at = 0; at < octets.length; at++) octets[at] = binary.charCodeAt(at);
  if (octets.length > most) {
    throw new TrustError("too-large", `Base64 of at most ${most} octets is wanted.`);
  }
  return octets;
}

/** Reads either alphabet, padded, as DSSE asks its readers to. */
export function ofEitherBase64(text: string, most: number): Octets {
  return ofBase64(text.replaceAll("-", "+").replaceAll("_", "/"), most);
}

export function base64url(octets: Uint8Array): string {
  return base64(octets).replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_");
}

/** Reads the alphabet for addresses without padding. */
export function ofBase64url(text: string, most: number): Octets {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new TrustError("malformed", "This is no base64url.");
  return ofEitherBase64(text + "=".repeat((4 - (text.length % 4)) % 4), most);
}

/** Eight octets, big-endian, of a whole number below 2^53. */
export function uint64(value: number): Octets {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new TrustError("malformed", `${value} is no whole number below 2^53.`);
  }
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setBigUint64(0, BigInt(value));
  return octets;
}

/** Reads eight octets, big-endian; beyond 2^53 no number here is exact, so it is refused. */
export function ofUint64(octets: Uint8Array): number {
  if (octets.length !== 8) throw new TrustError("malformed", "Eight octets are wanted.");
  const value = new DataView(octets.buffer, octets.byteOffset, 8).getBigUint64(0);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new TrustError("too-large", "A number beyond 2^53 was refused.");
  }
  return Number(value);
}

export async function sha256(octets: Octets): Promise<Octets> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets));
}

export async function sha384(octets: Octets): Promise<Octets> {
  return new Uint8Array(await crypto.subtle.digest("SHA-384", octets));
}

/** As many characters as people count: not the halves that a JavaScript text is made of. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Whether a text holds nothing that cannot be seen, but for plain spaces. */
export function printable(text: string): boolean {
  return !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(text);
}
