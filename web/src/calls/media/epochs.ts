/** The epochs of a call's group whose keys are held: which is sealed under, and for how long each. */

import { TrustError } from "../../trust/errors";
import { EPOCH_BITS, epochTag, leafBits } from "./keying";
import type { ReplayWindow } from "./replayWindow";
import type { FrameKey } from "./sframe";

/** Milliseconds for frames under way once the other side seals under a newer epoch. Our choice. */
export const GRACE_MS = 2000;
/** Milliseconds that an epoch outlives the next one where the other side stays behind. Our choice. */
export const LONGEST_OVERLAP_MS = 15_000;

/** An epoch of the group, for a call between two of its leaves. */
export interface Epoch {
  /** MLS epoch. */
  number: bigint;
  /** Leaves of the group's tree, blank ones too. */
  leaves: number;
  /** Our own leaf. */
  own: number;
  /** The leaf of the device at the other end, the only one whose frames are opened. */
  peer: number;
}

/** What opens the frames of one key identifier, and which of them have passed. */
export interface OpeningKey {
  key: FrameKey;
  passed: ReplayWindow;
}

/** An epoch with its base key. */
export interface HeldEpoch extends Epoch {
  baseKey: CryptoKey;
  /** By key identifier; only those that a genuine frame has named. */
  opening: Map<bigint, OpeningKey>;
  /** When it is forgotten: milliseconds of the clock that callers read. */
  until: number;
}

/** Keys of a call. Times are milliseconds of one clock that only moves forward. */
export class CallEpochs {
  readonly #held = new Map<number, HeldEpoch>();
  /** Low bits of epochs that were held once, until a newer epoch has the same. */
  readonly #forgotten = new Set<number>();
  #newest = -1n;
  #sealing: HeldEpoch | null = null;

  /** The epoch to seal under; null until one was chosen, and after it was forgotten. */
  sealing(now: number): HeldEpoch | null {
    this.#sweep(now);
    return this.#sealing;
  }

  /** Takes an epoch's base key. Epochs come in order, each once. */
  install(epoch: Epoch, baseKey: CryptoKey, now: number): void {
    leafBits(epoch.leaves);
    const isLeaf = (leaf: number) => Number.isInteger(leaf) && leaf >= 0 && leaf < epoch.leaves;
    if (!isLeaf(epoch.own) || !isLeaf(epoch.peer) || epoch.own === epoch.peer) {
      throw new TrustError("malformed", "A call is between two leaves of its group.");
    }
    // The same epoch taken twice would forget which of its frames have passed.
    if (epoch.number <= this.#newest) {
      throw new TrustError("key", `Epoch ${epoch.number} is not newer than those already held.`);
    }
    this.#newest = epoch.number;
    for (const older of this.#held.values()) {
      older.until = Math.min(older.until, now + LONGEST_OVERLAP_MS);
    }
    const reused = this.#held.get(epochTag(epoch.number));
    if (reused) this.#forget(reused);
    this.#forgotten.delete(epochTag(epoch.number));
    const held = { ...epoch, baseKey, opening: new Map(), until: Number.POSITIVE_INFINITY };
    this.#held.set(epochTag(epoch.number), held);
    this.#sweep(now);
  }

  /** Seals under this epoch from now on; never under an older one than before. */
  sealUnder(number: bigint): void {
    const held = this.#held.get(epochTag(number));
    if (held?.number !== number || (this.#sealing && number < this.#sealing.number)) {
      throw new TrustError("key", `Epoch ${number} is not one to seal under now.`);
    }
    this.#sealing = held;
  }

  /** Forgets all epochs before this one at once, as when somebody was removed. */
  forgetBefore(number: bigint): void {
    for (const held of [...this.#held.values()]) if (held.number < number) this.#forget(held);
  }

  /** The epoch of a key identifier; else why there is none. */
  of(keyId: bigint, now: number): HeldEpoch | "unknown-key" | "old-epoch" {
    this.#sweep(now);
    const tag = epochTag(keyId);
    return this.#held.get(tag) ?? (this.#forgotten.has(tag) ? "old-epoch" : "unknown-key");
  }

  /**
   * The other side has sealed under this epoch: older ones live for what is still under way.
   *
   * It can open what it can seal, so we do not seal under an older one either.
   */
  heard({ number }: HeldEpoch, now: number): void {
    for (const held of this.#held.values()) {
      if (held.number < number) held.until = Math.min(held.until, now + GRACE_MS);
    }
    if (this.#sealing && this.#sealing.number < number) this.sealUnder(number);
  }

  #sweep(now: number): void {
    for (const held of [...this.#held.values()]) {
      const beyond = this.#newest - held.number >= 1n << BigInt(EPOCH_BITS);
      if (held.until <= now || beyond) this.#forget(held);
    }
  }

  #forget(held: HeldEpoch): void {
    this.#held.delete(epochTag(held.number));
    this.#forgotten.add(epochTag(held.number));
    if (this.#sealing === held) this.#sealing = null;
  }
}
