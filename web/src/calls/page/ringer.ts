/** Plays the tones of calls, and says where the browser does not let it. */

import { signal } from "@preact/signals";
import { loudspeakerId } from "./choices";
import { loudness, type Tone } from "./tones";

/** Whether a tone should be heard and the browser keeps the page silent until somebody clicks. */
export const ringBlocked = signal(false);

/** Seconds in which a sound swells and fades: without them it would click. */
const EDGE_S = 0.015;
const AHEAD_S = 0.05;

type Context = AudioContext & { setSinkId?: (id: string) => Promise<void> };

/** One tone at a time, again and again until another one, or none, is wanted. */
export class Ringer {
  #context: Context | null = null;
  #tone: Tone | null = null;
  #level: GainNode | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Plays a tone from now on; null for silence. The same tone goes on as it is. */
  play(tone: Tone | null, volume: number, silent: boolean): void {
    const level = tone === null ? 0 : loudness(tone.name, volume, silent);
    const wanted = level === 0 ? null : tone;
    if (wanted?.name !== this.#tone?.name) this.#begin(wanted);
    if (this.#level && this.#context) {
      this.#level.gain.setTargetAtTime(level * level, this.#context.currentTime, EDGE_S);
    }
  }

  /** Plays a tone once, so that somebody hears what it will be like. */
  async once(tone: Tone, volume: number): Promise<void> {
    await this.allow();
    const context = this.#opened();
    const level = this.#gain(context);
    level.gain.value = volume * volume;
    schedule(context, level, tone, context.currentTime + AHEAD_S);
    setTimeout(() => level.disconnect(), tone.period * 1000);
  }

  /** Plays a tone once if the browser lets the page sound now: later it would say nothing new. */
  brief(tone: Tone, volume: number, silent: boolean): void {
    const loud = loudness(tone.name, volume, silent);
    if (loud === 0 || this.#tone !== null) return;
    const context = this.#opened();
    if (context.state !== "running") {
      void context.resume();
      return;
    }
    const level = this.#gain(context);
    level.gain.value = loud * loud;
    schedule(context, level, tone, context.currentTime + AHEAD_S);
    setTimeout(() => level.disconnect(), tone.period * 1000);
  }

  /** After a click: browsers let a page sound only once somebody has touched it. */
  async allow(): Promise<void> {
    await this.#opened().resume();
    ringBlocked.value = false;
  }

  #begin(tone: Tone | null): void {
    clearTimeout(this.#timer);
    this.#level?.disconnect();
    this.#level = null;
    this.#tone = tone;
    if (tone === null) {
      ringBlocked.value = false;
      return;
    }
    const context = this.#opened();
    this.#level = this.#gain(context);
    this.#level.gain.value = 0;
    this.#turn(context, tone, this.#level);
  }

  #turn(context: Context, tone: Tone, level: GainNode): void {
    if (context.state === "running") {
      schedule(context, level, tone, context.currentTime + AHEAD_S);
    } else {
      void context.resume();
    }
    ringBlocked.value = context.state !== "running";
    const again = context.state === "running" ? tone.period : 0.5;
    this.#timer = setTimeout(() => this.#turn(context, tone, level), again * 1000);
  }

  #gain(context: Context): GainNode {
    const level = context.createGain();
    level.connect(context.destination);
    void context.setSinkId?.(loudspeakerId.value).catch(() => {});
    return level;
  }

  #opened(): Context {
    this.#context ??= new AudioContext();
    return this.#context;
  }
}

/** Lays one period of a tone into the time to come. */
function schedule(context: AudioContext, into: AudioNode, tone: Tone, from: number): void {
  for (const { at, lasts, hz } of tone.bursts) {
    const start = from + at;
    const end = start + lasts;
    const shape = context.createGain();
    shape.gain.setValueAtTime(0, start);
    shape.gain.linearRampToValueAtTime(1 / hz.length, start + EDGE_S);
    shape.gain.setValueAtTime(1 / hz.length, end - EDGE_S);
    shape.gain.linearRampToValueAtTime(0, end);
    shape.connect(into);
    for (const frequency of hz) {
      const sound = context.createOscillator();
      sound.frequency.value = frequency;
      sound.connect(shape);
      sound.start(start);
      sound.stop(end);
    }
  }
}
