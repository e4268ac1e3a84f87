/** SFrame (RFC 9605) with the AES-GCM suites: keys from a base key, one frame sealed or opened. */

import { TrustError } from "../../trust/errors";
import { joined, type Octets, utf8 } from "../../trust/octets";
import { LARGEST_VALUE, readHeader, writeHeader } from "./header";

/** Suites of section 4.5 that are offered: those with whole tags (section 7.5). */
export const SUITES = {
  AES_128_GCM_SHA256_128: { id: 0x0004, hash: "SHA-256", keyOctets: 16 },
  AES_256_GCM_SHA512_128: { id: 0x0005, hash: "SHA-512", keyOctets: 32 },
} as const;
export type Suite = keyof typeof SUITES;

export const TAG_OCTETS = 16;
/** Largest plaintext, in octets: many times what Opus writes in one frame (RFC 6716 section 3.2). */
export const LARGEST_FRAME = 8192;
const NONCE_OCTETS = 12;
const KEY_LABEL = "SFrame 1.0 Secret key ";
const SALT_LABEL = "SFrame 1.0 Secret salt ";

/** The key of one key identifier, good for one direction. It cannot be taken out of the browser. */
export interface FrameKey {
  keyId: bigint;
  key: CryptoKey;
  salt: Octets;
}

/** Takes a base key in; the octets are overwritten, refused or not. */
export async function importBaseKey(suite: Suite, octets: Octets): Promise<CryptoKey> {
  const wanted = SUITES[suite].keyOctets;
  try {
    if (octets.length !== wanted) {
      throw new TrustError("key", `A base key of ${suite} has ${wanted} octets.`);
    }
    const uses: KeyUsage[] = ["deriveBits", "deriveKey"];
    return await crypto.subtle.importKey("raw", octets, "HKDF", false, uses);
  } finally {
    octets.fill(0);
  }
}

/** The labels under which a key and its salt are derived (section 4.4.2). */
export function labelsOf(suite: Suite, keyId: bigint): { key: Octets; salt: Octets } {
  if (keyId < 0n || keyId > LARGEST_VALUE) {
    throw new TrustError("malformed", `${keyId} is no SFrame key identifier.`);
  }
  const named = new DataView(new ArrayBuffer(10));
  named.setBigUint64(0, keyId);
  named.setUint16(8, SUITES[suite].id);
  const end = new Uint8Array(named.buffer);
  return { key: joined(utf8(KEY_LABEL), end), salt: joined(utf8(SALT_LABEL), end) };
}

/** Derives the key that a key identifier names, to seal with it or to open. */
export async function deriveFrameKey(
  suite: Suite,
  baseKey: CryptoKey,
  keyId: bigint,
  use: "encrypt" | "decrypt",
): Promise<FrameKey> {
  const { hash, keyOctets } = SUITES[suite];
  const labels = labelsOf(suite, keyId);
  const under = (info: Octets) => ({ name: "HKDF", hash, salt: new Uint8Array(), info });
  const cipher = { name: "AES-GCM", length: 8 * keyOctets };
  const [key, salt] = await Promise.all([
    crypto.subtle.deriveKey(under(labels.key), baseKey, cipher, false, [use]),
    crypto.subtle.deriveBits(under(labels.salt), baseKey, 8 * NONCE_OCTETS),
  ]);
  return { keyId, key, salt: new Uint8Array(salt) };
}

/** The nonce of a frame: the salt, with the counter over its end (section 4.4.3). */
export function nonceOf(salt: Octets, counter: bigint): Octets {
  const nonce = salt.slice();
  const end = new DataView(nonce.buffer, NONCE_OCTETS - 8);
  end.setBigUint64(0, end.getBigUint64(0) ^ counter);
  return nonce;
}

/**
 * Seals a frame; what comes back begins with its header (section 4.4.3).
 *
 * No counter may come twice under one key: who calls this counts.
 */
export async function sealFrame(
  { keyId, key, salt }: FrameKey,
  counter: bigint,
  metadata: Octets,
  plaintext: Octets,
): Promise<Octets> {
  if (plaintext.length > LARGEST_FRAME) {
    throw new TrustError("too-large", `A frame has at most ${LARGEST_FRAME} octets.`);
  }
  const header = writeHeader({ keyId, counter });
  const sealed = await crypto.subtle.encrypt(
    gcm(salt, counter, joined(header, metadata)),
    key,
    plaintext,
  );
  return joined(header, new Uint8Array(sealed));
}

/** Opens a frame with the key that its header names; refused unless it is genuine. */
export async function openFrame(
  { keyId, key, salt }: FrameKey,
  metadata: Octets,
  frame: Octets,
): Promise<Octets> {
  const header = readHeader(frame);
  if (header.keyId !== keyId) throw new TrustError("key", "This frame names another key.");
  const sealed = frame.subarray(header.length);
  if (sealed.length < TAG_OCTETS) throw new TrustError("malformed", "This frame is cut short.");
  if (sealed.length > LARGEST_FRAME + TAG_OCTETS) {
    throw new TrustError("too-large", `A frame has at most ${LARGEST_FRAME} octets.`);
  }
  const associated = joined(frame.subarray(0, header.length), metadata);
  try {
    const opened = await crypto.subtle.decrypt(gcm(salt, header.counter, associated), key, sealed);
    return new Uint8Array(opened);
  } catch {
    throw new TrustError("not-genuine", "This frame is not genuine.");
  }
}

function gcm(salt: Octets, counter: bigint, additionalData: Octets): AesGcmParams {
  return {
    name: "AES-GCM",
    iv: nonceOf(salt, counter),
    additionalData,
    tagLength: 8 * TAG_OCTETS,
  };
}
