/** The worker through which all of a call's frames go: the only place that holds the media keys. */

import type { Octets } from "../../trust/octets";
import { CallEpochs, type Epoch } from "./epochs";
import { type EncodedFrame, newTally, opening, sealing } from "./frameStreams";
import type { Answer, Asked, Counts, Order, Way } from "./messages";
import { packetOctets } from "./opusPadding";
import type { CallKeys } from "./sealer";
import { importBaseKey } from "./sframe";

/** As much of a worker's scope as is used; the pages' types have none of it. */
interface Scope {
  onrtctransform: (event: { transformer: Transformer }) => void;
  onmessage: (event: MessageEvent<Asked>) => void;
  postMessage(answer: Answer): void;
}

interface Transformer {
  readable: ReadableStream<EncodedFrame>;
  writable: WritableStream<EncodedFrame>;
  options: { way: Way };
}

const scope = globalThis as unknown as Scope;
const epochs = new CallEpochs();
const counts: Counts = { seal: newTally(), open: newTally() };
let started: (CallKeys & { size: number }) | null = null;

async function obey(order: Order): Promise<void> {
  if (order.kind === "start") {
    if (started) throw new Error("A worker serves one call.");
    const size = packetOctets(order.bitRate);
    started = { suite: order.suite, call: order.call, epochs, size };
  } else if (order.kind === "install") {
    await install(order.epoch, order.baseKey);
  } else if (order.kind === "sealUnder") {
    epochs.sealUnder(order.epoch);
  } else if (order.kind === "forgetBefore") {
    epochs.forgetBefore(order.epoch);
  }
}

async function install(epoch: Epoch, octets: Octets): Promise<void> {
  if (started === null) throw new Error("The call has not begun.");
  const baseKey = await importBaseKey(started.suite, octets);
  epochs.install(epoch, baseKey, performance.now());
}

scope.onrtctransform = ({ transformer: { readable, writable, options } }) => {
  // Without keys' settings nothing flows: neither sealed nor in clear.
  if (started === null) return;
  const [tally, clock] = [counts[options.way], () => performance.now()];
  const through =
    options.way === "seal"
      ? sealing(started, started.size, tally, clock)
      : opening(started, tally, clock);
  // The streams break off when the connection closes; there is nobody left to tell.
  readable
    .pipeThrough(through)
    .pipeTo(writable)
    .catch(() => undefined);
};

// Orders take effect one after another, however long the import of a key lasts.
let last = Promise.resolve();
scope.onmessage = ({ data: { id, order } }) => {
  last = last.then(async () => {
    let problem = "";
    try {
      await obey(order);
    } catch (refusal) {
      problem = refusal instanceof Error ? refusal.message : "The order failed.";
    }
    scope.postMessage({ id, problem, counts });
  });
};

scope.postMessage({ id: 0, problem: "", counts });
