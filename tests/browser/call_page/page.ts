/** One end of a call in a page of its own; the test carries what the ends tell each other. */

import type { MediaEnd } from "../../../web/src/calls/media/description";
import { readDescription, writeDescription } from "../../../web/src/calls/media/description";
import {
  checkAnswer,
  localEnd,
  type Relay,
  remoteDescription,
} from "../../../web/src/calls/media/sdp";
import type { Suite } from "../../../web/src/calls/media/sframe";
import { allowMediaWorker, MediaSeal } from "../../../web/src/calls/media/transform";
import { utf8 } from "../../../web/src/trust/octets";
import hostileAddress from "./hostile?worker&url";

interface Block {
  rms: number;
  share: number;
}

const HOSTILE = location.pathname.endsWith("hostile.html");
const KEY_OCTETS = { AES_128_GCM_SHA256_128: 16, AES_256_GCM_SHA512_128: 32 };
const BIT_RATE = 24_000;
if (!HOSTILE) allowMediaWorker();

class End {
  readonly connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  readonly audio = new AudioContext({ sampleRate: 48_000 });
  readonly oscillator = new OscillatorNode(this.audio, { frequency: 1000 });
  readonly volume = new GainNode(this.audio, { gain: 0.5 });
  readonly played = new Audio();
  hostile: Worker | null = null;
  blocks: Block[] = [];
  own: MediaEnd | null = null;

  private constructor(
    readonly seal: MediaSeal,
    readonly suite: Suite,
    readonly leaf: number,
  ) {}

  static async begin(suite: Suite, leaf: number, call = "one call"): Promise<void> {
    const made = new End(await MediaSeal.start(suite, utf8(call), BIT_RATE), suite, leaf);
    await made.audio.audioWorklet.addModule("recorder.js");
    made.oscillator.connect(made.volume);
    made.oscillator.start();
    Object.assign(globalThis, { end: made });
  }

  /** Gives an epoch's key to the worker, and says what is left of its octets in the page. */
  async install(number: number, fill = number): Promise<number> {
    const octets = new Uint8Array(KEY_OCTETS[this.suite]).fill(fill);
    const epoch = { number: BigInt(number), leaves: 2, own: this.leaf, peer: 1 - this.leaf };
    this.hostile?.postMessage({ suite: this.suite, epoch, baseKey: octets.slice() });
    await this.seal.install(epoch, octets);
    return Math.max(...octets);
  }

  async sealUnder(number: number): Promise<void> {
    this.hostile?.postMessage({ sealUnder: BigInt(number) });
    await this.seal.sealUnder(BigInt(number));
  }

  /** Sends as somebody hostile who has the keys, and takes what comes as it is. */
  beHostile(): void {
    this.hostile = new Worker(hostileAddress, { type: "module" });
  }

  async offer(): Promise<string> {
    this.#ready(this.connection.addTransceiver(this.#voice(), { direction: "sendrecv" }));
    await this.connection.setLocalDescription();
    this.own = localEnd("offer", this.connection.localDescription?.sdp ?? "", BIT_RATE);
    return writeDescription(this.own);
  }

  async answer(text: string, relay: Relay): Promise<string> {
    const offer = readDescription(text, "offer");
    await this.connection.setRemoteDescription(remoteDescription(offer, relay));
    const [transceiver] = this.connection.getTransceivers();
    if (!transceiver) throw new Error("no transceiver");
    this.#ready(transceiver);
    transceiver.direction = "sendrecv";
    await transceiver.sender.replaceTrack(this.#voice());
    await this.connection.setLocalDescription();
    this.own = localEnd("answer", this.connection.localDescription?.sdp ?? "", BIT_RATE);
    return writeDescription(this.own);
  }

  async accept(text: string, relay: Relay): Promise<void> {
    const answer = readDescription(text, "answer");
    if (this.own) checkAnswer(this.own, answer);
    await this.connection.setRemoteDescription(remoteDescription(answer, relay));
  }

  /** What was heard since it was last asked for. */
  heard(): Block[] {
    return this.blocks.splice(0);
  }

  /** What the other side has encoded, as it came out of the network. */
  async payloads(): Promise<number[][]> {
    const { hostile } = this;
    if (!hostile) throw new Error("only the hostile look");
    return new Promise((resolve) => {
      hostile.onmessage = ({ data }) => resolve(data.map((each: Uint8Array) => [...each]));
      hostile.postMessage({ tell: true });
    });
  }

  async negotiated(): Promise<{ codecs: string[]; fmtp: string; extensions: number }> {
    const [transceiver] = this.connection.getTransceivers();
    const sent = transceiver?.sender.getParameters();
    return {
      codecs: sent?.codecs.map(({ mimeType }) => mimeType) ?? [],
      fmtp: sent?.codecs[0]?.sdpFmtpLine ?? "",
      extensions: sent?.headerExtensions.length ?? -1,
    };
  }

  #ready(transceiver: RTCRtpTransceiver): void {
    this.seal.attach(transceiver);
    const { sender, receiver } = transceiver;
    if (this.hostile) {
      sender.transform = new RTCRtpScriptTransform(this.hostile, { way: "seal" });
      receiver.transform = new RTCRtpScriptTransform(this.hostile, { way: "open" });
    }
    const stream = new MediaStream([receiver.track]);
    // Chromium decodes nothing for the graph unless an element plays the stream too.
    this.played.srcObject = stream;
    this.played.muted = true;
    this.played.play().catch(() => undefined);
    const recorder = new AudioWorkletNode(this.audio, "recorder");
    recorder.port.onmessage = ({ data }) => this.blocks.push(data);
    this.audio.createMediaStreamSource(stream).connect(recorder);
  }

  #voice(): MediaStreamTrack {
    const destination = this.audio.createMediaStreamDestination();
    this.volume.connect(destination);
    const [track] = destination.stream.getAudioTracks();
    if (!track) throw new Error("no track");
    return track;
  }
}

Object.assign(globalThis, { End });
