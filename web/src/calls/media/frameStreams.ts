/** Streams that seal or open a browser's encoded frames, and count. Nothing throws out of them. */

import type { Octets } from "../../trust/octets";
import { filledUp } from "./opusPadding";
import { type CallKeys, DROPS, type Drop, Opener, Sealer } from "./sealer";

/** A frame as encoded transforms give it. */
export interface EncodedFrame {
  data: ArrayBuffer;
}

/** How many frames passed, and how many were dropped for which cause. */
export interface Tally {
  passed: number;
  dropped: Record<Drop, number>;
}

export function newTally(): Tally {
  const none = Object.fromEntries(DROPS.map((cause) => [cause, 0]));
  return { passed: 0, dropped: none as Record<Drop, number> };
}

/** Milliseconds of a clock that only moves forward. */
export type Clock = () => number;

/**
 * Fills every packet of Opus up to `size` octets and seals it; what cannot be sealed goes nowhere.
 *
 * Sealed frames are as long as what is in them, and of a rate that varies that tells speech.
 */
export function sealing(keys: CallKeys, size: number, tally: Tally, clock: Clock) {
  const sealer = new Sealer(keys);
  return through(tally, async (payload) => {
    const filled = filledUp(payload, size);
    return filled === null ? "malformed" : sealer.seal(filled, clock());
  });
}

/** Opens every frame; what cannot be opened is dropped, and the decoder makes silence of the gap. */
export function opening(keys: CallKeys, tally: Tally, clock: Clock) {
  const opener = new Opener(keys);
  return through(tally, (payload) => opener.open(payload, clock()));
}

/**
 * Frames stay in order: a TransformStream waits for one before it takes the next.
 *
 * An exception would end the stream, and a browser that has lost its transform's stream plays
 * nothing for the rest of the call; so whatever fails is a frame dropped and counted.
 */
function through(
  tally: Tally,
  act: (payload: Octets) => Promise<Octets | Drop>,
): TransformStream<EncodedFrame, EncodedFrame> {
  return new TransformStream({
    async transform(frame, controller) {
      try {
        const made = await act(new Uint8Array(frame.data));
        if (typeof made === "string") {
          tally.dropped[made] += 1;
          return;
        }
        frame.data = made.buffer;
        controller.enqueue(frame);
        tally.passed += 1;
      } catch {
        tally.dropped.failure += 1;
      }
    },
  });
}
