/** Somebody who has the keys and sends what they should not, and who looks at what comes. */

import { CallEpochs } from "../../../web/src/calls/media/epochs";
import type { EncodedFrame } from "../../../web/src/calls/media/frameStreams";
import { Sealer } from "../../../web/src/calls/media/sealer";
import { importBaseKey } from "../../../web/src/calls/media/sframe";
import { utf8 } from "../../../web/src/trust/octets";

interface Transformer {
  readable: ReadableStream<EncodedFrame>;
  writable: WritableStream<EncodedFrame>;
  options: { way: "seal" | "open" };
}

const MOST_KEPT = 500;
const epochs = new CallEpochs();
const seen: Uint8Array[] = [];
const sent: ArrayBuffer[] = [];
/** What is sent in the place of every second frame. */
let instead: "" | "replayed" | "kept" | "plain" = "";
let suite: Parameters<typeof importBaseKey>[0] = "AES_256_GCM_SHA512_128";
const kept: ArrayBuffer[] = [];
let keep = 0;
let turn = 0;

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent) => void;
  onrtctransform: (event: { transformer: Transformer }) => void;
  postMessage(message: unknown): void;
};

scope.onmessage = async ({ data }) => {
  if (data.epoch) {
    suite = data.suite;
    epochs.install(data.epoch, await importBaseKey(suite, data.baseKey), performance.now());
  }
  if (data.sealUnder) epochs.sealUnder(data.sealUnder);
  if (data.keep) keep = data.keep;
  if (data.instead !== undefined) instead = data.instead;
  if (data.tell) scope.postMessage(seen.splice(0));
};

scope.onrtctransform = ({ transformer: { readable, writable, options } }) => {
  const make = options.way === "seal" ? sending() : looking();
  readable.pipeThrough(make).pipeTo(writable);
};

function from(frames: ArrayBuffer[]): ArrayBuffer {
  return frames[turn % frames.length]?.slice(0) ?? new ArrayBuffer(0);
}

function sending() {
  let sealer: Sealer | null = null;
  return new TransformStream<EncodedFrame, EncodedFrame>({
    async transform(frame, controller) {
      sealer ??= new Sealer({ suite, call: utf8("one call"), epochs });
      const plain = frame.data;
      const made = await sealer.seal(new Uint8Array(plain), performance.now());
      if (typeof made === "string") return;
      turn += 1;
      frame.data = made.buffer;
      if (keep > 0) {
        // Kept back, so that it is new when it comes late.
        keep -= 1;
        kept.push(made.buffer.slice(0));
        return;
      }
      if (turn % 2 === 0) {
        const other = { "": made.buffer, replayed: from(sent), kept: from(kept), plain };
        frame.data = other[instead];
      }
      if (sent.length < 20) sent.push(made.buffer.slice(0));
      controller.enqueue(frame);
    },
  });
}

function looking() {
  return new TransformStream<EncodedFrame, EncodedFrame>({
    transform(frame, controller) {
      if (seen.length < MOST_KEPT) seen.push(new Uint8Array(frame.data.slice(0)));
      controller.enqueue(frame);
    },
  });
}
