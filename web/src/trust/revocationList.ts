/** X.509 lists of revoked certificates (RFC 5280 section 5), read as `trust/certificates` does. */

import { identifierOf } from "./algorithms";
import { type Certificate, serialOf, signedOf } from "./certificate";
import { timeOf } from "./dates";
import { DerReader, TAG } from "./der";
import { TrustError } from "./errors";
import { authorityKeyOf, EXTENSION, readExtensions } from "./extensions";
import { checkAuthority } from "./form";
import { publicKeyOf, verify } from "./mldsa";
import { type Octets, same } from "./octets";

/** Octets of DER; an entry has about 50, so this is a list of 300,000. */
export const LARGEST_LIST = 16 * 2 ** 20;

/** [0] of a list's body: its extensions. */
const EXTENSIONS = 0xa0;
const VERSION_2 = 1;

/** Reasons by their number (RFC 5280 section 5.3.1); those that we never give are unspecified. */
const REASONS = {
  0: "unspecified",
  1: "keyCompromise",
  2: "cACompromise",
  3: "affiliationChanged",
  4: "superseded",
  5: "cessationOfOperation",
  6: "certificateHold",
  8: "removeFromCRL",
  9: "privilegeWithdrawn",
  10: "unspecified",
} as const;

export type Reason = (typeof REASONS)[keyof typeof REASONS];

/** When a certificate was taken back (POSIX seconds), and why. */
export interface Revocation {
  time: number;
  reason: Reason;
}

/** By serial number, small hexadecimal digits. */
export type Revoked = ReadonlyMap<string, Revocation>;

/** One list as it was signed; `base` is the number a delta starts from, null for a full list. */
export interface SignedList {
  number: number;
  base: number | null;
  /** POSIX seconds, as nextUpdate: by then a newer list is out. */
  thisUpdate: number;
  nextUpdate: number;
  entries: Revoked;
}

/** A list that this issuer, whose certificate was verified, has signed. */
export async function readList(der: Octets, issuer: Certificate): Promise<SignedList> {
  if (der.length > LARGEST_LIST) {
    throw new TrustError("too-large", `A revocation list has at most ${LARGEST_LIST} octets.`);
  }
  await checkAuthority(issuer, 0);
  const signed = signedOf(der);
  const key = await publicKeyOf(issuer.spki);
  if (!same(signed.algorithm, identifierOf(key.algorithm))) {
    throw new TrustError("not-genuine", "This revocation list is not signed as its issuer signs.");
  }
  await verify(key, signed.signature, signed.body, "certificate");
  const body = new DerReader(signed.body).enter(TAG.sequence);
  if (body.number() !== VERSION_2) throw malformed("is not of version 2");
  if (!same(body.take(TAG.sequence).whole, signed.algorithm)) {
    throw malformed("names two algorithms that signed it");
  }
  if (!same(body.take(TAG.sequence).whole, issuer.subject)) throw malformed("is another issuer's");
  return contentOf(body, issuer);
}

function contentOf(body: DerReader, issuer: Certificate): SignedList {
  const [thisUpdate, nextUpdate] = [timeOf(body.skip()), timeOf(body.skip())];
  if (!(thisUpdate < nextUpdate)) throw malformed("is due again before it was made");
  const entries = body.next === TAG.sequence ? entriesOf(body.enter(TAG.sequence)) : new Map();
  const { number, base } = numbersOf(body.enter(EXTENSIONS), issuer);
  body.end();
  if (base === null && [...entries.values()].some(({ reason }) => reason === "removeFromCRL")) {
    throw malformed("is full and says that something is not on it");
  }
  return { number, base, thisUpdate, nextUpdate, entries };
}

function numbersOf(
  wrapped: DerReader,
  issuer: Certificate,
): { number: number; base: number | null } {
  const extensions = readExtensions(wrapped.enter(TAG.sequence));
  wrapped.end();
  const known: readonly string[] = [EXTENSION.listNumber, EXTENSION.deltaIndicator];
  for (const [id, { critical }] of extensions) {
    if (critical && !known.includes(id)) throw malformed("has an extension nobody here knows");
  }
  const signer = extensions.get(EXTENSION.authorityKeyIdentifier);
  if (signer === undefined || !same(authorityKeyOf(signer.value), issuer.keyId)) {
    throw malformed("is of another key than its issuer's");
  }
  const number = numberIn(extensions.get(EXTENSION.listNumber)?.value);
  const base = numberIn(extensions.get(EXTENSION.deltaIndicator)?.value);
  if (number === null) throw malformed("is not numbered");
  if (base !== null && !(base < number)) throw malformed("starts from no list before it");
  return { number, base };
}

function numberIn(value: Octets | undefined): number | null {
  if (value === undefined) return null;
  const reader = new DerReader(value);
  const number = reader.number();
  reader.end();
  return number;
}

function entriesOf(list: DerReader): Revoked {
  const found = new Map<string, Revocation>();
  while (!list.done) {
    const entry = list.enter(TAG.sequence);
    const serial = serialOf(entry.take(TAG.integer).content);
    const time = timeOf(entry.skip());
    const reason = entry.done ? "unspecified" : reasonOf(entry.enter(TAG.sequence));
    entry.end();
    if (found.has(serial)) throw malformed("names a certificate twice");
    found.set(serial, { time, reason });
  }
  return found;
}

/** The reason is all that an entry of ours tells besides its date. */
function reasonOf(list: DerReader): Reason {
  const extensions = readExtensions(list);
  if (extensions.size === 0) return "unspecified";
  const stated = extensions.get(EXTENSION.reason);
  if (stated === undefined || extensions.size !== 1) {
    throw malformed("has an entry that tells more than ours do");
  }
  const reader = new DerReader(stated.value);
  const reason = REASONS[reader.number(TAG.enumerated) as keyof typeof REASONS];
  reader.end();
  if (reason === undefined) throw malformed("gives a reason that there is not");
  return reason;
}

function malformed(what: string): TrustError {
  return new TrustError("malformed", `This revocation list ${what}; the lists held stay.`);
}
