/**
 * What is sent while it rings: silence of a source that is no microphone, so that encoder, seal and
 * the other end's buffer run already when somebody answers.
 */

/** Without a loudspeaker of its own, where the browser knows how (Web Audio, `sinkId`). */
const NO_LOUDSPEAKER: AudioContextOptions & { sinkId: { type: "none" } } = {
  sampleRate: 48_000,
  sinkId: { type: "none" },
};

export class Silence {
  readonly #audio = new AudioContext(NO_LOUDSPEAKER);
  readonly track: MediaStreamTrack | null;

  constructor() {
    const zeros = new ConstantSourceNode(this.#audio, { offset: 0 });
    const out = this.#audio.createMediaStreamDestination();
    // Chromium sends nothing at all of a place that nothing is joined to.
    zeros.connect(out);
    zeros.start();
    this.track = out.stream.getAudioTracks()[0] ?? null;
  }

  close(): void {
    this.track?.stop();
    this.#audio.close().catch(() => undefined);
  }
}
