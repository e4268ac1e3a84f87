/** A person with a telephone in a page: a tone is their voice, and what they hear is measured. */

import { type CommunityFile, courtOfFile } from "../../../web/src/calls/mls/places.testing";
import { Telephone } from "../../../web/src/calls/talk/telephone";
import * as device from "../../../web/src/trust/device";
import { identityOfUri } from "../../../web/src/trust/identity";
import type { Profile } from "../../../web/src/trust/mldsa";
import { base64, ofBase64 } from "../../../web/src/trust/octets";
import recorderAddress from "../call_page/public/recorder.js?url";

interface Block {
  rms: number;
  share: number;
}

/** Every connection that the page has made. */
const connections: RTCPeerConnection[] = [];
const Plain = globalThis.RTCPeerConnection;
globalThis.RTCPeerConnection = class extends Plain {
  constructor(options?: RTCConfiguration) {
    super(options);
    connections.push(this);
  }
};

const of = (text: string) => ofBase64(text, 1 << 16);

class Person {
  readonly audio = new AudioContext({ sampleRate: 48_000 });
  readonly volume = new GainNode(this.audio, { gain: 0.5 });
  readonly played = new Map<string, HTMLAudioElement>();
  #recorder: AudioWorkletNode | null = null;
  blocks: Block[] = [];
  /** Microphones that were opened, by call. */
  microphones: MediaStreamTrack[] = [];
  /** Milliseconds at which something that a test asks for was first so. */
  since: Record<string, number> = {};
  #telephone: Telephone | null = null;

  /** Makes the device's key; what is returned asks for a certificate. */
  static async request(uri: string, profile: Profile): Promise<string> {
    const waiting = await device.waitingKey(identityOfUri(uri), profile);
    return base64(await device.requestOf(waiting));
  }

  static async begin(uri: string, chain: string[], shown: CommunityFile): Promise<void> {
    const key = await device.install(identityOfUri(uri), chain.map(of));
    const court = await courtOfFile(shown, () => Date.now() / 1000);
    const made = new Person();
    await made.audio.audioWorklet.addModule(recorderAddress);
    const oscillator = new OscillatorNode(made.audio, { frequency: 1000 });
    oscillator.connect(made.volume);
    oscillator.start();
    Object.assign(globalThis, { person: made });
    const sound = {
      microphone: async () => made.#microphone(),
      play: (call: string, stream: MediaStream | null) => made.#play(call, stream),
    };
    made.#telephone = await Telephone.open(key, court, sound, () => made.#note());
  }

  get telephone(): Telephone {
    if (this.#telephone === null) throw new Error("It is not open yet.");
    return this.#telephone;
  }

  /** The newest talk, as far as a test can take it over. */
  talk() {
    const talk = this.telephone.talks.at(-1);
    if (talk === undefined) return null;
    const { security } = talk;
    const shown =
      security.state === "secured"
        ? { ...security, epoch: Number(security.epoch), peer: security.peer.identity.path }
        : security;
    return { ...talk, security: shown };
  }

  /** What has left the connections that are open: packets, and the energy of the sound in them. */
  async sent(): Promise<{ packets: number; energy: number; microphones: number }> {
    const sent = { packets: 0, energy: 0, microphones: 0 };
    for (const connection of connections) {
      if (connection.connectionState === "closed") continue;
      for (const { track } of connection.getSenders()) {
        sent.microphones += Number(track !== null && this.microphones.includes(track));
      }
      for (const each of (await connection.getStats()).values()) {
        if (each.type === "outbound-rtp") sent.packets += each.packetsSent;
        if (each.type === "media-source") sent.energy += each.totalAudioEnergy;
      }
    }
    return sent;
  }

  heard(): Block[] {
    return this.blocks.splice(0);
  }

  #note(): void {
    const talk = this.#telephone?.talks.at(-1);
    if (talk === undefined) return;
    const now = Date.now();
    this.since[talk.state] ??= now;
    this.since[talk.security.state] ??= now;
    this.since[talk.media] ??= now;
  }

  #microphone(): MediaStreamTrack {
    const destination = this.audio.createMediaStreamDestination();
    this.volume.connect(destination);
    const [track] = destination.stream.getAudioTracks();
    if (track === undefined) throw new Error("no track");
    this.microphones.push(track);
    return track;
  }

  #play(call: string, stream: MediaStream | null): void {
    const before = this.played.get(call);
    if (stream !== null && before?.srcObject === stream) return;
    before?.pause();
    this.played.delete(call);
    if (this.#recorder !== null) this.#recorder.port.onmessage = null;
    this.#recorder?.disconnect();
    if (stream === null) return;
    // Chromium decodes nothing for the graph unless an element plays the stream too.
    const element = new Audio();
    element.srcObject = stream;
    element.muted = true;
    element.play().catch(() => undefined);
    this.played.set(call, element);
    const recorder = new AudioWorkletNode(this.audio, "recorder");
    recorder.port.onmessage = ({ data }) => {
      if (data.rms > 0.1) this.since.tone ??= Date.now();
      this.blocks.push(data);
    };
    this.audio.createMediaStreamSource(stream).connect(recorder);
    this.#recorder = recorder;
  }
}

Object.assign(globalThis, { Person });
