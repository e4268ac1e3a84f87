/** Sealing and opening of a stream's frames: what may pass, and why all else is dropped. */

import type { Octets } from "../../trust/octets";
import type { CallEpochs, HeldEpoch, OpeningKey } from "./epochs";
import { type Header, readHeader } from "./header";
import { drawContext, keyIdOf, leafOf } from "./keying";
import { ReplayWindow } from "./replayWindow";
import {
  deriveFrameKey,
  type FrameKey,
  LARGEST_FRAME,
  openFrame,
  type Suite,
  sealFrame,
  TAG_OCTETS,
} from "./sframe";

export const DROPS = [
  /** No payload: nothing to seal, nothing to open. */
  "empty",
  "too-large",
  /** There is no epoch to seal under: the call has no key yet. */
  "no-key",
  /** A key has sealed as many frames as it may. */
  "exhausted",
  /** It begins with no SFrame header, as a frame that nobody sealed; or to be sealed, is no Opus. */
  "malformed",
  /** Of an epoch never held. */
  "unknown-key",
  /** Of an epoch that was forgotten. */
  "old-epoch",
  /** It names our own key: sent back to us. */
  "own",
  /** It names another member's key. */
  "foreign",
  "replayed",
  "not-genuine",
  /** The browser failed; nothing of the frame was passed. */
  "failure",
] as const;
export type Drop = (typeof DROPS)[number];

/** What the frames of a call are sealed with. */
export interface CallKeys {
  suite: Suite;
  /** Names the call; enters every frame as metadata, so none is good in another call. */
  call: Octets;
  epochs: CallEpochs;
}

/** Frames under one key: 2.7 years of audio, and within AES-GCM's bound for any nonces. */
export const MOST_COUNTER = 2 ** 32 - 1;
/** Keys of one epoch that the other device may begin, each a start of its page. Our choice. */
const MOST_STARTS = 8;

/** A key with the count of what it has sealed: they are never apart. */
interface SealingKey {
  key: FrameKey;
  counter: number;
}

/** Seals the frames of one stream, in the order they come. */
export class Sealer {
  readonly #keys: CallKeys;
  #epoch: HeldEpoch | null = null;
  #current: Promise<SealingKey> | null = null;

  constructor(keys: CallKeys) {
    this.#keys = keys;
  }

  /** The sealed frame; else why it is dropped. `now` as the epochs' clock. */
  async seal(plaintext: Octets, now: number): Promise<Octets | Drop> {
    if (plaintext.length === 0) return "empty";
    if (plaintext.length > LARGEST_FRAME) return "too-large";
    const epoch = this.#keys.epochs.sealing(now);
    if (epoch === null) return "no-key";
    const current = await this.#keyOf(epoch);
    if (current.counter > MOST_COUNTER) return "exhausted";
    // Counted before anything can fail: a counter that was perhaps used is never used again.
    const { counter } = current;
    current.counter += 1;
    return sealFrame(current.key, BigInt(counter), this.#keys.call, plaintext);
  }

  #keyOf(epoch: HeldEpoch): Promise<SealingKey> {
    if (this.#current && this.#epoch === epoch) return this.#current;
    const sender = { epoch: epoch.number, leaf: epoch.own, context: drawContext(epoch.leaves) };
    const keyId = keyIdOf(sender, epoch.leaves);
    const derived = deriveFrameKey(this.#keys.suite, epoch.baseKey, keyId, "encrypt");
    this.#epoch = epoch;
    this.#current = derived.then((key) => ({ key, counter: 0 }));
    return this.#current;
  }
}

/** Opens the frames that came from the other side. */
export class Opener {
  readonly #keys: CallKeys;

  constructor(keys: CallKeys) {
    this.#keys = keys;
  }

  /** The opened frame; else why it is dropped. `now` as the epochs' clock. */
  async open(frame: Octets, now: number): Promise<Octets | Drop> {
    if (frame.length === 0) return "empty";
    const header = headerOf(frame);
    if (header === null) return "malformed";
    if (frame.length - header.length > LARGEST_FRAME + TAG_OCTETS) return "too-large";
    const epoch = this.#keys.epochs.of(header.keyId, now);
    if (typeof epoch === "string") return epoch;
    const leaf = leafOf(header.keyId, epoch.leaves);
    if (leaf === epoch.own) return "own";
    if (leaf !== epoch.peer) return "foreign";
    if (header.counter > BigInt(MOST_COUNTER)) return "exhausted";
    return this.#opened(epoch, header, frame, now);
  }

  async #opened(epoch: HeldEpoch, header: Header, frame: Octets, now: number) {
    const { suite, call, epochs } = this.#keys;
    const counter = Number(header.counter);
    const known = epoch.opening.get(header.keyId);
    if (known && !known.passed.isNew(counter)) return "replayed";
    if (!known && epoch.opening.size >= MOST_STARTS) return "unknown-key";
    const key = known?.key ?? (await deriveFrameKey(suite, epoch.baseKey, header.keyId, "decrypt"));
    const plaintext = await openFrame(key, call, frame).catch(() => null);
    if (plaintext === null) return "not-genuine";
    // What was forgotten while this frame waited, as when somebody is removed, opens nothing more.
    if (epochs.of(header.keyId, now) !== epoch) return "old-epoch";
    // Another stream may have opened the same frame while this one waited.
    if (!openingOf(epoch, key).passed.accept(counter)) return "replayed";
    if (plaintext.length === 0) return "empty";
    epochs.heard(epoch, now);
    return plaintext;
  }
}

function openingOf(epoch: HeldEpoch, key: FrameKey): OpeningKey {
  const known = epoch.opening.get(key.keyId);
  const opening = known ?? { key, passed: new ReplayWindow() };
  epoch.opening.set(key.keyId, opening);
  return opening;
}

function headerOf(frame: Octets): (Header & { length: number }) | null {
  try {
    return readHeader(frame);
  } catch {
    return null;
  }
}
