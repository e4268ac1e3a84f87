/** ML-DSA (FIPS 204) as the browser's WebCrypto has it; keys travel as SubjectPublicKeyInfo (RFC 9881). */

import { bitString, DerReader, oid, sequence, TAG, wholeOctets } from "./der";
import { TrustError } from "./errors";
import { type Octets, same, utf8 } from "./octets";

export type Algorithm = "ML-DSA-65" | "ML-DSA-87";
export type Profile = "eu-hybrid" | "cnsa";

interface Sizes {
  oid: string;
  publicOctets: number;
  signatureOctets: number;
}

/** Object identifiers of RFC 9881 section 2, sizes of FIPS 204 table 2. */
export const ALGORITHMS: Record<Algorithm, Sizes> = {
  "ML-DSA-65": { oid: "2.16.840.1.101.3.4.3.18", publicOctets: 1952, signatureOctets: 3309 },
  "ML-DSA-87": { oid: "2.16.840.1.101.3.4.3.19", publicOctets: 2592, signatureOctets: 4627 },
};

/** What a member's key is made for, by the community's profile. */
export const MEMBER_ALGORITHM: Record<Profile, Algorithm> = {
  "eu-hybrid": "ML-DSA-65",
  cnsa: "ML-DSA-87",
};

/** Each use of a key under its own context string (FIPS 204 section 5.2). */
export const CONTEXT = {
  /** PKCS#10 and certificates, as their standards say. */
  certificate: utf8(""),
  envelope: utf8("baluardo/envelope/v1"),
  checkpoint: utf8("baluardo/checkpoint/v1"),
} as const;

export type Use = keyof typeof CONTEXT;

/** The algorithms by which the browser's type definitions do not know ML-DSA yet. */
interface MldsaParams extends globalThis.Algorithm {
  name: Algorithm;
  context: Octets;
}

/** A verifying key with the octets that tell it. */
export interface PublicKey {
  algorithm: Algorithm;
  key: CryptoKey;
  /** SubjectPublicKeyInfo, DER. */
  spki: Octets;
}

export function isAlgorithm(value: unknown): value is Algorithm {
  return typeof value === "string" && Object.hasOwn(ALGORITHMS, value);
}

/** A new pair of keys; the private one never leaves the browser's keeping. */
export async function generate(algorithm: Algorithm): Promise<CryptoKeyPair> {
  try {
    const pair = await crypto.subtle.generateKey({ name: algorithm }, false, ["sign", "verify"]);
    return pair as CryptoKeyPair;
  } catch {
    throw new TrustError("unsupported", `This browser cannot make keys of ${algorithm}.`);
  }
}

export async function spkiOf(key: CryptoKey): Promise<Octets> {
  return new Uint8Array(await crypto.subtle.exportKey("spki", key));
}

export async function sign(key: CryptoKey, message: Octets, use: Use): Promise<Octets> {
  return new Uint8Array(await crypto.subtle.sign(paramsOf(key, use), key, message));
}

/** Returns if the signature over the message is genuine for this use. */
export async function verify(
  key: PublicKey,
  signature: Octets,
  message: Octets,
  use: Use,
): Promise<void> {
  const sized = signature.length === ALGORITHMS[key.algorithm].signatureOctets;
  const params = paramsOf(key.key, use);
  if (!sized || !(await crypto.subtle.verify(params, key.key, signature, message))) {
    throw new TrustError("not-genuine", "The signature is not genuine.");
  }
}

/** Reads a SubjectPublicKeyInfo of a listed algorithm. */
export async function publicKeyOf(spki: Octets): Promise<PublicKey> {
  const reader = new DerReader(spki);
  const outer = reader.enter(TAG.sequence);
  reader.end();
  const identifier = outer.take(TAG.sequence).whole;
  const raw = wholeOctets(outer.take(TAG.bitString));
  outer.end();
  for (const [name, { oid: dotted, publicOctets }] of Object.entries(ALGORITHMS)) {
    if (same(identifier, sequence(oid(dotted))) && raw.length === publicOctets) {
      return imported(name as Algorithm, spki);
    }
  }
  throw new TrustError("malformed", "This public key is of a kind that no profile lists.");
}

/** Reads a public key as FIPS 204 encodes it. */
export async function publicKeyOfRaw(algorithm: Algorithm, raw: Octets): Promise<PublicKey> {
  if (raw.length !== ALGORITHMS[algorithm].publicOctets) {
    throw new TrustError("malformed", `This is no public key of ${algorithm}.`);
  }
  return imported(algorithm, sequence(sequence(oid(ALGORITHMS[algorithm].oid)), bitString(raw)));
}

async function imported(algorithm: Algorithm, spki: Octets): Promise<PublicKey> {
  try {
    const key = await crypto.subtle.importKey("spki", spki, { name: algorithm }, true, ["verify"]);
    return { algorithm, key, spki };
  } catch {
    throw new TrustError("unsupported", `This browser did not take a key of ${algorithm}.`);
  }
}

function paramsOf(key: CryptoKey, use: Use): MldsaParams {
  if (!isAlgorithm(key.algorithm.name)) {
    throw new TrustError("key", "This key is of a kind that no profile lists.");
  }
  return { name: key.algorithm.name, context: CONTEXT[use] };
}
