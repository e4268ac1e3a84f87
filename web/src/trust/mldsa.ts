/** ML-DSA (FIPS 204) for all that is signed here; keys travel as SubjectPublicKeyInfo (RFC 9881). */

import {
  ALGORITHMS,
  type Algorithm,
  CONTEXT,
  identifierOf,
  isAlgorithm,
  spkiOfRaw,
  type Use,
} from "./algorithms";
import { DerReader, TAG, wholeOctets } from "./der";
import { TrustError } from "./errors";
import { type Check, implementationOf, type MldsaParams, plainKeys } from "./implementations";
import { type Octets, same } from "./octets";

export {
  ALGORITHMS,
  type Algorithm,
  CONTEXT,
  isAlgorithm,
  MEMBER_ALGORITHM,
  type Profile,
  type Use,
} from "./algorithms";

/** From which a pair of keys grows (FIPS 204 section 5.1). */
export const SEED_OCTETS = 32;

/** A verifying key with the octets that tell it. */
export interface PublicKey {
  algorithm: Algorithm;
  /** SubjectPublicKeyInfo, DER. */
  spki: Octets;
  /** Verifies by WebCrypto where it has ML-DSA, by noble elsewhere. */
  check: Check;
}

/** A signing key, wherever it is held. */
export interface Signer {
  algorithm: Algorithm;
  /** SubjectPublicKeyInfo of its public key, DER. */
  spki: Octets;
  sign(message: Octets, use: Use): Promise<Octets>;
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

/** Signs with a pair that the browser keeps. */
export async function signerOfKeys(keys: CryptoKeyPair): Promise<Signer> {
  return {
    algorithm: algorithmOf(keys.publicKey),
    spki: await spkiOf(keys.publicKey),
    sign: (message, use) => sign(keys.privateKey, message, use),
  };
}

/**
 * Signs with keys grown from a seed, which this page holds as octets: for browsers without ML-DSA.
 *
 * Refused where the browser can keep a key itself: nothing there may read what it signs with.
 */
export async function signerOfSeed(algorithm: Algorithm, seed: Octets): Promise<Signer> {
  if ((await implementationOf(algorithm)).name === "native" && globalThis.indexedDB) {
    throw new TrustError("key", "This browser keeps keys that no page can read: make one there.");
  }
  if (seed.length !== SEED_OCTETS) {
    throw new TrustError("malformed", `A seed has ${SEED_OCTETS} octets.`);
  }
  const keys = plainKeys(algorithm, seed);
  return {
    algorithm,
    spki: spkiOfRaw(algorithm, keys.publicKey),
    sign: async (message, use) => keys.sign(message, CONTEXT[use]),
  };
}

/** Returns if the signature over the message is genuine for this use. */
export async function verify(
  key: PublicKey,
  signature: Octets,
  message: Octets,
  use: Use,
): Promise<void> {
  const sized = signature.length === ALGORITHMS[key.algorithm].signatureOctets;
  if (!sized || !(await key.check(signature, message, CONTEXT[use]))) {
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
  for (const [name, { publicOctets }] of Object.entries(ALGORITHMS)) {
    const algorithm = name as Algorithm;
    if (same(identifier, identifierOf(algorithm)) && raw.length === publicOctets) {
      return loaded(algorithm, raw);
    }
  }
  throw new TrustError("malformed", "This public key is of a kind that no profile lists.");
}

/** Reads a public key as FIPS 204 encodes it. */
export async function publicKeyOfRaw(algorithm: Algorithm, raw: Octets): Promise<PublicKey> {
  if (raw.length !== ALGORITHMS[algorithm].publicOctets) {
    throw new TrustError("malformed", `This is no public key of ${algorithm}.`);
  }
  return loaded(algorithm, raw);
}

async function loaded(algorithm: Algorithm, raw: Octets): Promise<PublicKey> {
  const implementation = await implementationOf(algorithm);
  const check = await implementation.checkOf(algorithm, raw);
  return { algorithm, spki: spkiOfRaw(algorithm, raw), check };
}

function paramsOf(key: CryptoKey, use: Use): MldsaParams {
  return { name: algorithmOf(key), context: CONTEXT[use] };
}

function algorithmOf(key: CryptoKey): Algorithm {
  const { name } = key.algorithm;
  if (!isAlgorithm(name)) {
    throw new TrustError("key", "This key is of a kind that no profile lists.");
  }
  return name;
}
