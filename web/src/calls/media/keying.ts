/** Frame keys from an MLS group (RFC 9605 section 5.2): what of the exporter, and which key is whose. */

import { TrustError } from "../../trust/errors";

/** Label of the MLS exporter; its context is empty, its length that of the suite's key. */
export const BASE_KEY_LABEL = "SFrame 1.0 Base Key";
/** E of section 5.2: the newest 16 epochs can be told apart. Our choice. */
export const EPOCH_BITS = 4;
const EPOCHS = 1n << BigInt(EPOCH_BITS);
/**
 * Bits of the key identifiers we make: five octets. Our choice: what epoch and sender leave over is
 * a context drawn at random by each sender, so that one who starts again within an epoch, a page
 * that was loaded anew, counts from zero under another key.
 */
export const KEY_ID_BITS = 40;
export const MOST_LEAVES = 1 << 16;

/** Whose key, of which epoch. */
export interface SenderKey {
  /** MLS epoch. */
  epoch: bigint;
  /** Leaf of the sender in the group's tree. */
  leaf: number;
  /** Tells apart the keys of one sender in one epoch. */
  context: bigint;
}

/** S of section 5.2: bits that hold the index of any of so many leaves. */
export function leafBits(leaves: number): number {
  if (!Number.isInteger(leaves) || leaves < 1 || leaves > MOST_LEAVES) {
    throw new TrustError("malformed", `A group has 1 to ${MOST_LEAVES} leaves.`);
  }
  return 32 - Math.clz32(leaves - 1);
}

/** The low bits of an epoch, which stand in the key identifier. */
export function epochTag(epochOrKeyId: bigint): number {
  return Number(epochOrKeyId & (EPOCHS - 1n));
}

/** The key identifier of a sender's key in a group of so many leaves. */
export function keyIdOf({ epoch, leaf, context }: SenderKey, leaves: number): bigint {
  const bits = leafBits(leaves);
  const above = BigInt(bits + EPOCH_BITS);
  const fits = Number.isInteger(leaf) && leaf >= 0 && leaf < leaves && epoch >= 0n && context >= 0n;
  if (!fits || context >> (64n - above) !== 0n) {
    throw new TrustError("malformed", "There is no such sender in the group.");
  }
  return (context << above) | (BigInt(leaf) << BigInt(EPOCH_BITS)) | BigInt(epochTag(epoch));
}

/** The leaf that a key identifier names; -1 where the group has none of that number. */
export function leafOf(keyId: bigint, leaves: number): number {
  const mask = (1n << BigInt(leafBits(leaves))) - 1n;
  const leaf = Number((keyId >> BigInt(EPOCH_BITS)) & mask);
  return leaf < leaves ? leaf : -1;
}

/** A context that no other sender's start has drawn, but for chance. */
export function drawContext(leaves: number): bigint {
  const bits = BigInt(KEY_ID_BITS - EPOCH_BITS - leafBits(leaves));
  const [value = 0n] = crypto.getRandomValues(new BigUint64Array(1));
  return value & ((1n << bits) - 1n);
}
