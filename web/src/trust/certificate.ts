/** What the browser needs to know of a certificate (RFC 5280). Whom it trusts, `chain` decides. */

import { timeOf } from "./dates";
import { DerReader, TAG, wholeOctets } from "./der";
import { TrustError } from "./errors";
import { EXTENSION, type Extensions, readExtensions, subjectKeyOf } from "./extensions";
import { type Identity, identityOfUri } from "./identity";
import { hex, type Octets, ofUtf8, same, sha256 } from "./octets";

export const LARGEST_CERTIFICATE = 32_768;
/** Certificates of a chain, leaf included, root not. */
export const LONGEST_CHAIN = 4;
/** Of a serial number: 160 bits and a leading zero (RFC 5280 section 4.1.2.2). */
const LONGEST_SERIAL = 21;

export const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
/** Tags of fields that certificates of our kind have (RFC 5280 section 4.1). */
const VERSION = 0xa0;
const VERSION_3 = 2;
const EXTENSIONS = 0xa3;
const URI = 0x86;

export interface Certificate {
  der: Octets;
  /** SHA-256 of the DER. */
  fingerprint: Octets;
  /** Small hexadecimal digits. */
  serial: string;
  /** Distinguished names, DER. */
  issuer: Octets;
  subject: Octets;
  /** POSIX seconds, as notAfter. */
  notBefore: number;
  notAfter: number;
  /** SubjectPublicKeyInfo, DER. */
  spki: Octets;
  extensions: Extensions;
  /** The member whose SPIFFE URI is the only alternative name. */
  identity: Identity | null;
  /** Subject key identifier; SHA-256 of the key where the certificate tells none. */
  keyId: Octets;
  signed: Signed;
}

/** What every signed thing of X.509 ends with. */
export interface Signed {
  /** What is signed, DER. */
  body: Octets;
  /** AlgorithmIdentifier, DER. */
  algorithm: Octets;
  signature: Octets;
}

/** Reads a certificate of X.509 version 3; nothing of it is verified. */
export async function readCertificate(der: Octets): Promise<Certificate> {
  if (der.length > LARGEST_CERTIFICATE) {
    throw new TrustError("too-large", "This certificate is larger than any of ours.");
  }
  return fieldsOf(der, signedOf(der));
}

/** Takes apart what X.509 signs: a body, an algorithm, a signature. */
export function signedOf(der: Octets): Signed {
  const outer = new DerReader(der);
  const parts = outer.enter(TAG.sequence);
  outer.end();
  const body = parts.take(TAG.sequence).whole;
  const algorithm = parts.take(TAG.sequence).whole;
  const signature = wholeOctets(parts.take(TAG.bitString));
  parts.end();
  return { body, algorithm, signature };
}

/** Reads the certificates of a chain, leaf first. */
export async function readChain(ders: readonly Octets[]): Promise<[Certificate, ...Certificate[]]> {
  if (ders.length > LONGEST_CHAIN) throw new TrustError("too-large", "This chain is too long.");
  const [leaf, ...others] = await Promise.all(ders.map(readCertificate));
  if (leaf === undefined)
    throw new TrustError("malformed", "A chain has at least one certificate.");
  return [leaf, ...others];
}

async function fieldsOf(der: Octets, signed: Signed): Promise<Certificate> {
  const body = new DerReader(signed.body).enter(TAG.sequence);
  const version = body.enter(VERSION);
  if (version.number() !== VERSION_3) throw malformed("is not of X.509 version 3");
  version.end();
  const serial = serialOf(body.take(TAG.integer).content);
  if (!same(body.take(TAG.sequence).whole, signed.algorithm)) {
    throw malformed("names two algorithms that signed it");
  }
  const issuer = body.take(TAG.sequence).whole;
  const window = body.enter(TAG.sequence);
  const [notBefore, notAfter] = [timeOf(window.skip()), timeOf(window.skip())];
  window.end();
  const subject = body.take(TAG.sequence).whole;
  const spki = body.take(TAG.sequence).whole;
  const wrapped = body.enter(EXTENSIONS);
  body.end();
  const extensions = readExtensions(wrapped.enter(TAG.sequence));
  wrapped.end();
  const names = extensions.get(EXTENSION.subjectAlternativeName);
  const keyId = extensions.get(EXTENSION.subjectKeyIdentifier);
  return {
    der,
    fingerprint: await sha256(der),
    serial,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    extensions,
    identity: names ? identityIn(names.value) : null,
    keyId: keyId ? subjectKeyOf(keyId.value) : await sha256(spki),
    signed,
  };
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

/** Reads a serial number: positive, of at most 160 bits; small hexadecimal digits. */
export function serialOf(content: Octets): string {
  const [first = 0x80, second = 0x80] = content;
  const shortest = first !== 0 || second >= 0x80;
  const wide = content.length > LONGEST_SERIAL - (first === 0 ? 0 : 1);
  if (first >= 0x80 || !shortest || wide) {
    throw new TrustError("malformed", "A serial number is positive, of at most 160 bits.");
  }
  const digits = hex(content).replace(/^0+/, "");
  if (digits === "") throw new TrustError("malformed", "A serial number is not zero.");
  return digits;
}

/** Whether a certificate is of this very key. */
export function isOf(certificate: Certificate, spki: Octets): boolean {
  return same(certificate.spki, spki);
}

function malformed(what: string): TrustError {
  return new TrustError("malformed", `A certificate ${what}.`);
}
