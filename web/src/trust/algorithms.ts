/** Which signatures a profile has, and for what: the browser's part of `trust/suites` and `trust/labels`. */

import { bitString, oid, sequence } from "./der";
import { type Octets, utf8 } from "./octets";

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

/** Which key each certificate of a chain has, by the community's profile. */
export const CERTIFICATE_KEYS: Record<
  Profile,
  { root: Algorithm; issuer: Algorithm; leaf: Algorithm }
> = {
  "eu-hybrid": { root: "ML-DSA-87", issuer: "ML-DSA-65", leaf: "ML-DSA-65" },
  cnsa: { root: "ML-DSA-87", issuer: "ML-DSA-87", leaf: "ML-DSA-87" },
};

/** What a member's key is made for, by the community's profile. */
export const MEMBER_ALGORITHM: Record<Profile, Algorithm> = {
  "eu-hybrid": CERTIFICATE_KEYS["eu-hybrid"].leaf,
  cnsa: CERTIFICATE_KEYS.cnsa.leaf,
};

/** Each use of a key under its own context string (FIPS 204 section 5.2). */
export const CONTEXT = {
  /** PKCS#10 and certificates, as their standards say. */
  certificate: utf8(""),
  envelope: utf8("baluardo/envelope/v1"),
  checkpoint: utf8("baluardo/checkpoint/v1"),
  /** Whatever a member of a call's group signs (MLS, RFC 9420). */
  group: utf8("baluardo/mls/v1"),
} as const;

export type Use = keyof typeof CONTEXT;

export function isAlgorithm(value: unknown): value is Algorithm {
  return typeof value === "string" && Object.hasOwn(ALGORITHMS, value);
}

/** How certificates name an algorithm: AlgorithmIdentifier, DER, without parameters. */
export function identifierOf(algorithm: Algorithm): Octets {
  return sequence(oid(ALGORITHMS[algorithm].oid));
}

/** SubjectPublicKeyInfo of a public key as FIPS 204 encodes it. */
export function spkiOfRaw(algorithm: Algorithm, raw: Octets): Octets {
  return sequence(identifierOf(algorithm), bitString(raw));
}
