/**
 * The key of a device where the browser has no ML-DSA: a seed of 32 octets, kept sealed by AES-GCM
 * under a key that no page can read, and opened into the page's memory for each signature alone.
 *
 * So it lies open in no store and in no memory for long. Whoever runs code in the page has it all the
 * same: they ask the browser to open it, as the page does.
 */

import { type Algorithm, spkiOfRaw } from "./algorithms";
import { TrustError } from "./errors";
import { implementationOf, plainKeys } from "./implementations";
import { CONTEXT, SEED_OCTETS, type Signer } from "./mldsa";
import { joined, type Octets, utf8 } from "./octets";

const LABEL = "baluardo/device-seed/v1";
/** NIST SP 800-38D section 8.2.2; a sealing key seals one seed and no more. */
const NONCE_OCTETS = 12;

/** A seed as it lies on the disk. */
export interface SealedSeed {
  algorithm: Algorithm;
  /** SubjectPublicKeyInfo of the key that grows from it, DER. */
  spki: Octets;
  /** For AES-GCM, not extractable; it goes with the seed. */
  sealingKey: CryptoKey;
  nonce: Octets;
  sealed: Octets;
}

/**
 * Draws a seed for an owner, an identity's URI.
 *
 * Refused where the browser can keep a key itself: nothing there may read what it signs with.
 */
export async function drawSeed(algorithm: Algorithm, owner: string): Promise<SealedSeed> {
  if ((await implementationOf(algorithm)).name === "native") {
    throw new TrustError("key", "This browser keeps keys that no page can read: make one there.");
  }
  const seed = crypto.getRandomValues(new Uint8Array(SEED_OCTETS));
  try {
    const keys = plainKeys(algorithm, seed);
    keys.forget();
    const spki = spkiOfRaw(algorithm, keys.publicKey);
    const sealingKey = await newSealingKey();
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_OCTETS));
    const sealed = await crypto.subtle.encrypt(paramsOf(owner, spki, nonce), sealingKey, seed);
    return { algorithm, spki, sealingKey, nonce, sealed: new Uint8Array(sealed) };
  } finally {
    seed.fill(0);
  }
}

/**
 * Signs with a seed that was drawn before for this owner.
 *
 * Also where the browser has learnt ML-DSA since, until the key is renewed.
 */
export function signerOfSealedSeed(kept: SealedSeed, owner: string): Signer {
  const { algorithm, spki } = kept;
  return {
    algorithm,
    spki,
    async sign(message, use) {
      const seed = await opened(kept, owner);
      const keys = plainKeys(algorithm, seed);
      seed.fill(0);
      try {
        return keys.sign(message, CONTEXT[use]);
      } finally {
        keys.forget();
      }
    },
  };
}

async function opened(kept: SealedSeed, owner: string): Promise<Octets> {
  const params = paramsOf(owner, kept.spki, kept.nonce);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(params, kept.sealingKey, kept.sealed));
  } catch {
    throw new TrustError("storage", "The key that this browser kept was altered. Enrol it again.");
  }
}

async function newSealingKey(): Promise<CryptoKey> {
  try {
    const usages: KeyUsage[] = ["encrypt", "decrypt"];
    return await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, usages);
  } catch {
    throw new TrustError("unsupported", "This browser cannot seal a key on this page.");
  }
}

/** Owner and public key are sealed in: no seed can be put in another's stead. */
function paramsOf(owner: string, spki: Octets, nonce: Octets): AesGcmParams {
  const additionalData = joined(utf8(`${LABEL} ${owner} `), spki);
  return { name: "AES-GCM", iv: nonce, additionalData };
}
