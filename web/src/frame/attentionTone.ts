/**
 * The attention tone: two notes at once in the rhythm of a warning, one long and two short. The
 * notes and the rhythm are those of warning tones on phones (853 and 960 Hz together).
 */

const NOTES_HZ = [853, 960] as const;
/** On and off, seconds: long, short, short, then the pause before it begins anew. */
export const RHYTHM_S = [
  { on: 2, off: 0.5 },
  { on: 1, off: 0.5 },
  { on: 1, off: 0.5 },
] as const;
export const ROUNDS = 2;
const LOUDNESS = 0.28;
/** Seconds in which a note swells and fades, so that nothing clicks. */
const EDGE_S = 0.015;

export interface Burst {
  readonly at: number;
  readonly lasts: number;
}

/** When the notes sound, seconds from the beginning. */
export function bursts(rounds: number = ROUNDS): Burst[] {
  const found: Burst[] = [];
  let at = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const { on, off } of RHYTHM_S) {
      found.push({ at, lasts: on });
      at += on + off;
    }
  }
  return found;
}

/** The same for `navigator.vibrate`: milliseconds on, off, on, and so on. */
export const vibration = (): number[] =>
  Array.from({ length: ROUNDS }, () => RHYTHM_S)
    .flat()
    .flatMap(({ on, off }) => [on * 1000, off * 1000]);

/** A speaker that somebody has switched on: browsers let no page sound before. */
export class Speaker {
  readonly #context: AudioContext;
  #sounding: OscillatorNode[] = [];

  constructor() {
    this.#context = new AudioContext();
    void this.#context.resume();
  }

  /** Sound the attention tone once; what sounded before ends. */
  sound(): void {
    this.silence();
    const context = this.#context;
    void context.resume();
    const loudness = context.createGain();
    loudness.gain.value = 0;
    loudness.connect(context.destination);
    const begins = context.currentTime + 0.05;
    let ends = begins;
    for (const { at, lasts } of bursts()) {
      const [from, to] = [begins + at, begins + at + lasts];
      loudness.gain.setValueAtTime(0, from);
      loudness.gain.linearRampToValueAtTime(LOUDNESS, from + EDGE_S);
      loudness.gain.setValueAtTime(LOUDNESS, to - EDGE_S);
      loudness.gain.linearRampToValueAtTime(0, to);
      ends = to;
    }
    this.#sounding = NOTES_HZ.map((hz) => {
      const note = context.createOscillator();
      note.frequency.value = hz;
      note.connect(loudness);
      note.start(begins);
      note.stop(ends);
      return note;
    });
    navigator.vibrate?.(vibration());
  }

  silence(): void {
    for (const note of this.#sounding) note.stop();
    this.#sounding = [];
    navigator.vibrate?.(0);
  }
}
