/** A call's frames, sealed in a worker of our own (WebRTC Encoded Transform). */

import { TrustError } from "../../trust/errors";
import type { Octets } from "../../trust/octets";
import type { BitRate } from "./description";
import type { Epoch } from "./epochs";
import type { Answer, Asked, Counts, Order, Way } from "./messages";
import type { Suite } from "./sframe";
import workerAddress from "./worker?worker&url";

/**
 * The part of a call's rate that an encoder is asked for which keeps no constant one.
 *
 * Measured in Firefox 153 for a synthetic voice, tones and chords at 32 kbit/s, whose packets have
 * 80 octets: at half of it none had more than 72, at 5/8 one had 83, at the whole most of a tone had
 * more than 80. Our choice.
 */
const VARYING_SHARE = 0.5;

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): unknown;
}

interface Waiting {
  done: (counts: Counts) => void;
  refused: (problem: TrustError) => void;
}

let allowed = false;

/**
 * Names the worker's address to the one Trusted Types policy that our pages may make.
 *
 * To be called by a page that holds calls, before its first one; once more does no harm.
 */
export function allowMediaWorker(): void {
  if (allowed) return;
  allowed = true;
  const address = addressOfWorker();
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  trustedTypes?.createPolicy("default", {
    createScriptURL(asked) {
      if (asked === address) return asked;
      throw new TypeError("no script but the calls' worker may be started");
    },
  });
}

/** Whether this browser can seal frames. */
export function sealsMedia(): boolean {
  return "RTCRtpScriptTransform" in globalThis && crypto.subtle !== undefined;
}

/** The sealing of one call: its worker, its keys by epoch, its counts. */
export class MediaSeal {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #bitRate: BitRate;
  readonly #senders: RTCRtpSender[] = [];
  #asked = 0;
  #ended = false;

  private constructor(worker: Worker, bitRate: BitRate) {
    this.#worker = worker;
    this.#bitRate = bitRate;
    worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#answered(data);
    worker.onerror = () => this.#end("The media worker failed: the call is silent. Call again.");
  }

  /**
   * Starts the worker of a call. `call` names the call, the same octets at both ends; `bitRate` is
   * that of its descriptions, in bits per second.
   */
  static async start(suite: Suite, call: Octets, bitRate: BitRate): Promise<MediaSeal> {
    if (!sealsMedia()) {
      throw new TrustError("unsupported", "This browser cannot seal the frames of a call.");
    }
    const seal = new MediaSeal(new Worker(addressOfWorker(), { type: "module" }), bitRate);
    try {
      await new Promise<Counts>((done, refused) => seal.#waiting.set(0, { done, refused }));
      await seal.#ask({ kind: "start", suite, call, bitRate });
    } catch (problem) {
      seal.close();
      throw problem;
    }
    return seal;
  }

  /**
   * Puts the worker into both ways of a transceiver.
   *
   * To be called at once when the transceiver is there, before any description is set that lets
   * frames flow: a sender without the worker sends in clear, a receiver without it plays noise.
   */
  attach({ sender, receiver }: RTCRtpTransceiver): void {
    const of = (way: Way) => new RTCRtpScriptTransform(this.#worker, { way });
    sender.transform = of("seal");
    receiver.transform = of("open");
    this.#senders.push(sender);
  }

  /** Takes an epoch's base key to open with. The octets given are overwritten at once. */
  async install(epoch: Epoch, baseKey: Octets): Promise<void> {
    // The worker gets a buffer of its own: the one given may hold other secrets beside.
    const transferred = baseKey.slice();
    baseKey.fill(0);
    await this.#ask({ kind: "install", epoch, baseKey: transferred }, [transferred.buffer]);
  }

  /**
   * Seals under an epoch from now on.
   *
   * The one who changed the keys waits until the other side has them: so no frame is lost. To be
   * called when both descriptions are set: what they have made of the rate is looked at here.
   */
  async sealUnder(epoch: bigint): Promise<void> {
    await Promise.all(this.#senders.map((sender) => this.#leaveRoom(sender)));
    await this.#ask({ kind: "sealUnder", epoch });
  }

  /** Forgets the keys of all epochs before this one at once. */
  async forgetBefore(epoch: bigint): Promise<void> {
    await this.#ask({ kind: "forgetBefore", epoch });
  }

  /** Frames so far; refused once the worker has ended. */
  counts(): Promise<Counts> {
    return this.#ask({ kind: "counts" });
  }

  /** Ends the worker; all keys go with it, and no frame passes any more. */
  close(): void {
    this.#end("The call has ended.");
  }

  /** Asks for less of an encoder that keeps no constant rate, so that its peaks fit in as well. */
  async #leaveRoom(sender: RTCRtpSender): Promise<void> {
    const parameters = sender.getParameters();
    const negotiated = parameters.codecs[0]?.sdpFmtpLine?.split(";");
    if (negotiated === undefined || negotiated.includes("cbr=1")) return;
    for (const encoding of parameters.encodings) {
      encoding.maxBitrate = VARYING_SHARE * this.#bitRate;
    }
    // One that refuses goes on as it was: what is longer is then filled up to the next size.
    await sender.setParameters(parameters).catch(() => undefined);
  }

  async #ask(order: Order, transfer: Transferable[] = []): Promise<Counts> {
    if (this.#ended) throw new TrustError("key", "The call has ended, and its keys are gone.");
    this.#asked += 1;
    const asked: Asked = { id: this.#asked, order };
    return new Promise((done, refused) => {
      this.#waiting.set(asked.id, { done, refused });
      this.#worker.postMessage(asked, transfer);
    });
  }

  #answered({ id, problem, counts }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (problem) waiting?.refused(new TrustError("key", problem));
    else waiting?.done(counts);
  }

  #end(sentence: string): void {
    this.#ended = true;
    this.#worker.terminate();
    for (const { refused } of this.#waiting.values()) refused(new TrustError("key", sentence));
    this.#waiting.clear();
  }
}

function addressOfWorker(): string {
  return new URL(workerAddress, location.href).href;
}
