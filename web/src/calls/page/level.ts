/** How loud a microphone is, told some times a second. */

const EVERY_MS = 80;
/** Below this nothing is shown; full is 0 dB. */
const QUIETEST_DB = -60;

/** From 0 to 1 of samples between -1 and 1, by their mean power in decibels. */
export function levelOf(samples: Float32Array): number {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  if (samples.length === 0 || power === 0) return 0;
  const decibels = 10 * Math.log10(power / samples.length);
  return Math.min(1, Math.max(0, 1 - decibels / QUIETEST_DB));
}

/** Tells the level until it is told to stop; the microphone is closed then. */
export function watchLevel(track: MediaStreamTrack, tell: (level: number) => void): () => void {
  const context = new AudioContext();
  const listener = context.createAnalyser();
  context.createMediaStreamSource(new MediaStream([track])).connect(listener);
  const samples = new Float32Array(listener.fftSize);
  const timer = setInterval(() => {
    listener.getFloatTimeDomainData(samples);
    tell(levelOf(samples));
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    track.stop();
    void context.close();
  };
}
