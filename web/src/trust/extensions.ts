/** Extensions of certificates and lists (RFC 5280 section 4.2), each at most once. */

import { DerReader, oid, TAG } from "./der";
import { TrustError } from "./errors";
import type { Octets } from "./octets";

export interface Extension {
  critical: boolean;
  /** The extension's own DER. */
  value: Octets;
}

/** By object identifier, as `idOf` tells it. */
export type Extensions = ReadonlyMap<string, Extension>;

const TRUE = 0xff;
/** [0] of an AuthorityKeyIdentifier: the key identifier. */
const KEY_IDENTIFIER = 0x80;

/** How the reader tells an object identifier: the octets of its content, in hexadecimal. */
export function idOf(dotted: string): string {
  return new DerReader(oid(dotted)).oid();
}

export const EXTENSION = {
  subjectKeyIdentifier: idOf("2.5.29.14"),
  keyUsage: idOf("2.5.29.15"),
  subjectAlternativeName: idOf("2.5.29.17"),
  basicConstraints: idOf("2.5.29.19"),
  listNumber: idOf("2.5.29.20"),
  reason: idOf("2.5.29.21"),
  deltaIndicator: idOf("2.5.29.27"),
  nameConstraints: idOf("2.5.29.30"),
  authorityKeyIdentifier: idOf("2.5.29.35"),
  policyConstraints: idOf("2.5.29.36"),
  extendedKeyUsage: idOf("2.5.29.37"),
  inhibitAnyPolicy: idOf("2.5.29.54"),
} as const;

/** Reads a SEQUENCE of extensions. */
export function readExtensions(list: DerReader): Extensions {
  const found = new Map<string, Extension>();
  while (!list.done) {
    const extension = list.enter(TAG.sequence);
    const id = extension.oid();
    // False is the default, and DER does not write defaults (X.690 section 11.5).
    const critical = extension.next === TAG.boolean && isTrue(extension);
    const value = extension.take(TAG.octetString).content;
    extension.end();
    if (found.has(id)) throw new TrustError("malformed", "An extension stands here twice.");
    found.set(id, { critical, value });
  }
  return found;
}

/** Reads BasicConstraints: null for what is no authority, else how many may stand below it. */
export function authorityOf(value: Octets): { pathLength: number } | null {
  const outer = new DerReader(value);
  const fields = outer.enter(TAG.sequence);
  outer.end();
  if (fields.done) return null;
  if (!isTrue(fields)) throw malformed();
  const pathLength = fields.done ? Number.POSITIVE_INFINITY : fields.number();
  fields.end();
  return { pathLength };
}

/** Reads a SubjectKeyIdentifier. */
export function subjectKeyOf(value: Octets): Octets {
  const outer = new DerReader(value);
  const keyId = outer.take(TAG.octetString).content;
  outer.end();
  return keyId;
}

/** Reads an AuthorityKeyIdentifier that tells the key and nothing else. */
export function authorityKeyOf(value: Octets): Octets {
  const outer = new DerReader(value);
  const fields = outer.enter(TAG.sequence);
  outer.end();
  const keyId = fields.take(KEY_IDENTIFIER).content;
  fields.end();
  return keyId;
}

function isTrue(reader: DerReader): true {
  const { content } = reader.take(TAG.boolean);
  if (content.length !== 1 || content[0] !== TRUE) throw malformed();
  return true;
}

function malformed(): TrustError {
  return new TrustError("malformed", "An extension is not written as it must be.");
}
