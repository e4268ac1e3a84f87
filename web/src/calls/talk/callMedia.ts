/** The media of a call between two devices: one connection, through one's own relay, and its seal. */

import { utf8 } from "../../trust/octets";
import { type MediaEnd, writeDescription } from "../media/description";
import { checkAnswer, localEnd, type Relay, remoteDescription } from "../media/sdp";
import { MediaSeal } from "../media/transform";
import { type MediaKey, SUITE } from "./callKeys";

const BIT_RATE = 32_000;
/** What the receiver of an urgent call keeps in hand, to bridge a change of path. Our choice. */
export const URGENT_BUFFER_MS = 120;

type Receiver = RTCRtpReceiver & { jitterBufferTarget?: number | null };

/** No sound enters or leaves before both `install` and `seal` were done. */
export class CallMedia {
  readonly #connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  readonly #seal: MediaSeal;
  readonly #bufferMs: number;
  #transceiver: RTCRtpTransceiver | null = null;
  #own: MediaEnd | null = null;
  #other: MediaEnd | null = null;
  #epoch: bigint | null = null;
  #sealed = false;
  #stream: MediaStream | null = null;

  private constructor(seal: MediaSeal, bufferMs: number, changed: () => void) {
    this.#seal = seal;
    this.#bufferMs = bufferMs;
    this.#connection.onconnectionstatechange = changed;
  }

  /** Starts the worker of a call; `changed` is called when `state` is another one. */
  static async make(call: string, urgent: boolean, changed: () => void): Promise<CallMedia> {
    const seal = await MediaSeal.start(SUITE, utf8(call), BIT_RATE);
    return new CallMedia(seal, urgent ? URGENT_BUFFER_MS : 0, changed);
  }

  /** What this end has told of itself; an error before it has. */
  get own(): MediaEnd {
    return told(this.#own);
  }

  /** What the other end has told. */
  get other(): MediaEnd {
    return told(this.#other);
  }

  get state(): RTCPeerConnectionState {
    return this.#connection.connectionState;
  }

  /** Whether a key was installed to open with. */
  get keyed(): boolean {
    return this.#epoch !== null;
  }

  /** What is heard of the other end: the same stream each time, so that it is played on. */
  get stream(): MediaStream {
    this.#stream ??= new MediaStream(
      this.#transceiver === null ? [] : [this.#transceiver.receiver.track],
    );
    return this.#stream;
  }

  /** Describes this end first; once more with other names of ICE, where the way was lost. */
  async offer(): Promise<string> {
    if (this.#transceiver === null) {
      this.#attach(this.#connection.addTransceiver("audio", { direction: "sendrecv" }));
    } else {
      this.#connection.restartIce();
    }
    return this.#describe("offer");
  }

  /** Describes this end in answer to an offer, and begins to look for the way. */
  async answer(offer: MediaEnd, relay: Relay): Promise<string> {
    await this.#connection.setRemoteDescription(remoteDescription(offer, relay));
    this.#other = offer;
    const [transceiver] = this.#connection.getTransceivers();
    if (this.#transceiver === null && transceiver !== undefined) {
      this.#attach(transceiver);
      transceiver.direction = "sendrecv";
    }
    return this.#describe("answer");
  }

  /** Takes the answer to the offer, and begins to look for the way. */
  async accept(answer: MediaEnd, relay: Relay): Promise<void> {
    checkAnswer(this.own, answer);
    await this.#connection.setRemoteDescription(remoteDescription(answer, relay));
    this.#other = answer;
  }

  /** Takes a key to open with. */
  async install({ epoch, baseKey }: MediaKey): Promise<void> {
    await this.#seal.install(epoch, baseKey);
    this.#epoch = epoch.number;
  }

  /** Seals from now on; whatever came to the seal before went nowhere. */
  async seal(): Promise<void> {
    if (this.#epoch === null || this.#sealed) return;
    this.#sealed = true;
    await this.#seal.sealUnder(this.#epoch);
  }

  /** Sends what a track gives; null: nothing at all. */
  async speak(track: MediaStreamTrack | null): Promise<void> {
    const sender = this.#transceiver?.sender;
    if (sender !== undefined && sender.track !== track) await sender.replaceTrack(track);
  }

  /** Lets be heard what comes, or not. */
  hear(on: boolean): void {
    if (this.#transceiver !== null) this.#transceiver.receiver.track.enabled = on;
  }

  /** Keeps at least so many milliseconds of sound in hand; never less than the call's urgency asks. */
  keepInHand(milliseconds: number): void {
    const most = Math.max(milliseconds, this.#bufferMs);
    const receiver: Receiver | undefined = this.#transceiver?.receiver;
    if (receiver !== undefined) receiver.jitterBufferTarget = most > 0 ? most : null;
  }

  stats(): Promise<RTCStatsReport> {
    return this.#connection.getStats();
  }

  /** Ends it; the keys go with the worker. */
  close(): void {
    this.#connection.onconnectionstatechange = null;
    this.#connection.close();
    this.#seal.close();
  }

  #attach(transceiver: RTCRtpTransceiver): void {
    this.#seal.attach(transceiver);
    this.#transceiver = transceiver;
    transceiver.receiver.track.enabled = false;
    this.keepInHand(0);
  }

  async #describe(kind: MediaEnd["kind"]): Promise<string> {
    await this.#connection.setLocalDescription();
    const { sdp = "" } = this.#connection.localDescription ?? {};
    this.#own = localEnd(kind, sdp, BIT_RATE);
    return writeDescription(this.#own);
  }
}

function told(end: MediaEnd | null): MediaEnd {
  if (end === null) throw new Error("The media of this call were not described yet.");
  return end;
}
