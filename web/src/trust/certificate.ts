/** What the browser needs to know of a certificate (RFC 5280). Whom it trusts, others decide. */

import { DerReader, type Element, oid, TAG, wholeOctets } from "./der";
import { TrustError } from "./errors";
import { type Identity, identityOfUri } from "./identity";
import { hex, type Octets, ofUtf8, same, sha256 } from "./octets";

export const LARGEST_CERTIFICATE = 32_768;
/** Certificates of a chain, leaf included, root not. */
export const LONGEST_CHAIN = 4;

export const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
const SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
/** Tags of fields in the order they come; all but the extensions are passed over. */
const VERSION = 0xa0;
const UNIQUE_IDENTIFIERS = [0x81, 0x82];
const EXTENSIONS = 0xa3;
const URI = 0x86;
const BOOLEAN = 0x01;

export interface Certificate {
  der: Octets;
  /** Small hexadecimal digits. */
  serial: string;
  /** POSIX seconds, as notAfter. */
  notBefore: number;
  notAfter: number;
  /** SubjectPublicKeyInfo, DER. */
  spki: Octets;
  /** The member whose SPIFFE URI is the only alternative name. */
  identity: Identity | null;
  /** Subject key identifier; SHA-256 of the key where the certificate tells none. */
  keyId: Octets;
}

/** Reads a certificate of X.509 version 3; nothing of it is verified. */
export async function readCertificate(der: Octets): Promise<Certificate> {
  if (der.length > LARGEST_CERTIFICATE) {
    throw new TrustError("too-large", "This certificate is larger than any of ours.");
  }
  const outer = new DerReader(der);
  const parts = outer.enter(TAG.sequence);
  outer.end();
  const body = parts.enter(TAG.sequence);
  parts.take(TAG.sequence);
  wholeOctets(parts.take(TAG.bitString));
  parts.end();
  return fieldsOf(der, body);
}

/** Reads the certificates of a chain, leaf first. */
export async function readChain(ders: readonly Octets[]): Promise<[Certificate, ...Certificate[]]> {
  if (ders.length > LONGEST_CHAIN) throw new TrustError("too-large", "This chain is too long.");
  const [leaf, ...others] = await Promise.all(ders.map(readCertificate));
  if (leaf === undefined)
    throw new TrustError("malformed", "A chain has at least one certificate.");
  return [leaf, ...others];
}

async function fieldsOf(der: Octets, body: DerReader): Promise<Certificate> {
  body.take(VERSION);
  const serial = serialOf(body.take(TAG.integer).content);
  body.take(TAG.sequence);
  body.take(TAG.sequence);
  const window = body.enter(TAG.sequence);
  const [notBefore, notAfter] = [timeOf(window.skip()), timeOf(window.skip())];
  window.end();
  body.take(TAG.sequence);
  const spki = body.take(TAG.sequence).whole;
  while (UNIQUE_IDENTIFIERS.includes(body.next)) body.skip();
  const extensions = extensionsOf(body.enter(EXTENSIONS));
  body.end();
  const names = extensions.get(idOf(SUBJECT_ALTERNATIVE_NAME));
  const keyId = extensions.get(idOf(SUBJECT_KEY_IDENTIFIER));
  return {
    der,
    serial,
    notBefore,
    notAfter,
    spki,
    identity: names ? identityIn(names) : null,
    keyId: keyId ? new DerReader(keyId).take(TAG.octetString).content : await sha256(spki),
  };
}

function idOf(dotted: string): string {
  return hex(new DerReader(oid(dotted)).take(TAG.oid).content);
}

function extensionsOf(wrapped: DerReader): Map<string, Octets> {
  const list = wrapped.enter(TAG.sequence);
  wrapped.end();
  const found = new Map<string, Octets>();
  while (!list.done) {
    const extension = list.enter(TAG.sequence);
    const id = hex(extension.take(TAG.oid).content);
    if (extension.next === BOOLEAN) extension.skip();
    const value = extension.take(TAG.octetString).content;
    extension.end();
    if (found.has(id)) throw new TrustError("malformed", "A certificate has an extension twice.");
    found.set(id, value);
  }
  return found;
}

function identityIn(value: Octets): Identity | null {
  const outer = new DerReader(value);
  const names = outer.enter(TAG.sequence);
  outer.end();
  if (names.next !== URI) return null;
  const uri = ofUtf8(names.take(URI).content);
  if (!names.done) return null;
  try {
    return identityOfUri(uri);
  } catch {
    return null;
  }
}

function serialOf(content: Octets): string {
  const digits = hex(content).replace(/^0+/, "");
  if (digits === "" || (content[0] ?? 0x80) >= 0x80 || content.length > 20) {
    throw new TrustError("malformed", "A serial number is positive, at most 20 octets.");
  }
  return digits;
}

/** Reads UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 writes them; POSIX seconds. */
function timeOf(time: Element): number {
  const text = ofUtf8(time.content);
  const short = time.tag === TAG.utcTime && /^[0-9]{12}Z$/.test(text);
  const long = time.tag === TAG.generalizedTime && /^[0-9]{14}Z$/.test(text);
  if (!short && !long) throw new TrustError("malformed", "A certificate's time cannot be read.");
  const whole = short ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}` : text;
  const [, year, month, day, hour, minute, second] =
    /^(....)(..)(..)(..)(..)(..)Z$/.exec(whole) ?? [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime()) || moment.toISOString() !== iso) {
    throw new TrustError("malformed", "A certificate's time is on no calendar.");
  }
  return moment.getTime() / 1000;
}

/** Whether a certificate is of this very key. */
export function isOf(certificate: Certificate, spki: Octets): boolean {
  return same(certificate.spki, spki);
}
