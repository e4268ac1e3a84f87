/** ML-DSA (FIPS 204) twice: by the browser's WebCrypto, and by noble where a browser has none. */

import { ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js";
import { ALGORITHMS, type Algorithm, spkiOfRaw } from "./algorithms";
import { TrustError } from "./errors";
import { type Octets, utf8 } from "./octets";

/** Whether a signature over a message is genuine under one key, in this context. */
export type Check = (signature: Octets, message: Octets, context: Octets) => Promise<boolean>;

/** Who verifies. */
export interface Implementation {
  readonly name: "native" | "noble";
  /** Loads a public key as FIPS 204 encodes it. */
  checkOf(algorithm: Algorithm, raw: Octets): Promise<Check>;
}

/** The algorithms by which the browser's type definitions do not know ML-DSA yet. */
export interface MldsaParams extends globalThis.Algorithm {
  name: Algorithm;
  context: Octets;
}

const NOBLE_OF = { "ML-DSA-65": ml_dsa65, "ML-DSA-87": ml_dsa87 } as const;

export const native: Implementation = {
  name: "native",
  async checkOf(algorithm, raw) {
    const spki = spkiOfRaw(algorithm, raw);
    let key: CryptoKey;
    try {
      key = await crypto.subtle.importKey("spki", spki, { name: algorithm }, true, ["verify"]);
    } catch {
      throw new TrustError("unsupported", `This browser did not take a key of ${algorithm}.`);
    }
    return (signature, message, context) => {
      const params: MldsaParams = { name: algorithm, context };
      return crypto.subtle.verify(params, key, signature, message);
    };
  },
};

export const noble: Implementation = {
  name: "noble",
  async checkOf(algorithm, raw) {
    const key = raw.slice();
    return async (signature, message, context) =>
      signature.length === ALGORITHMS[algorithm].signatureOctets &&
      NOBLE_OF[algorithm].verify(signature, message, key, { context });
  },
};

/** A pair of keys grown from a seed of 32 octets (FIPS 204 section 5.1), held as octets. */
export interface PlainKeys {
  /** As FIPS 204 encodes it. */
  publicKey: Octets;
  sign(message: Octets, context: Octets): Octets;
  /** Overwrites the private key, as far as a page can: it signs nothing any more. */
  forget(): void;
}

/** Grows keys where no browser can hold them: whatever reads this page's memory reads them. */
export function plainKeys(algorithm: Algorithm, seed: Octets): PlainKeys {
  const own = seed.slice();
  const { publicKey, secretKey } = NOBLE_OF[algorithm].keygen(own);
  own.fill(0);
  return {
    publicKey: publicKey.slice(),
    // Hedged: fresh randomness enters each signature (FIPS 204 section 3.4).
    sign: (message, context) => NOBLE_OF[algorithm].sign(message, secretKey, { context }).slice(),
    forget: () => void secretKey.fill(0),
  };
}

const chosen = new Map<Algorithm, Promise<Implementation>>();

/** The browser's own implementation where it has a whole one, noble's elsewhere; tried once. */
export function implementationOf(algorithm: Algorithm): Promise<Implementation> {
  const known = chosen.get(algorithm) ?? tried(algorithm);
  chosen.set(algorithm, known);
  return known;
}

/** A browser that passes over the context would take one use's signature for another's. */
async function tried(algorithm: Algorithm): Promise<Implementation> {
  const params = (use: string): MldsaParams => ({ name: algorithm, context: utf8(use) });
  const message = utf8("tried");
  try {
    const usages: KeyUsage[] = ["sign", "verify"];
    const made = await crypto.subtle.generateKey({ name: algorithm }, false, usages);
    const { privateKey, publicKey } = made as CryptoKeyPair;
    const signature = await crypto.subtle.sign(params("one"), privateKey, message);
    const verified = (use: string) =>
      crypto.subtle.verify(params(use), publicKey, signature, message);
    const whole = (await verified("one")) && !(await verified("other"));
    return whole ? native : noble;
  } catch {
    return noble;
  }
}
