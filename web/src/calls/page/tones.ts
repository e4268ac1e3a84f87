/** What is heard of a call before anybody speaks: which tones, when, how loud. Pure. */

import type { Precedence } from "../../api/authority";

/** One sound of a tone: from when and for how long (seconds), of which frequencies. */
export interface Burst {
  at: number;
  lasts: number;
  hz: readonly number[];
}

/** A tone that is repeated until somebody does something. */
export interface Tone {
  name: ToneName;
  /** Seconds from one beginning to the next. */
  period: number;
  bursts: readonly Burst[];
}

/** By what a call sounds. */
export type Urgency = Precedence | "emergency";
export type ToneName = Urgency | `waiting ${Urgency}` | "ringing there" | "text";

/** ITU-T E.180 supplement 2: what Italy's network sounds by. */
const NETWORK_HZ = [425] as const;
const LOW = [587, 740] as const;
const HIGH = [740, 880] as const;
/** Two notes of an alarm, in turn: no precedence sounds like it, whatever its rhythm. */
const ALARM = [[960], [770]] as const;

/** So many short rings of two notes, the second of them higher. */
function rings(count: number, lasts: number, apart: number): Burst[] {
  return Array.from({ length: count }, (_, number) => [
    { at: number * apart, lasts: lasts / 2, hz: LOW },
    { at: number * apart + lasts / 2, lasts: lasts / 2, hz: HIGH },
  ]).flat();
}

/** So many notes of the same length, one after the other. */
function notes(count: number, lasts: number, apart: number, hz: readonly (readonly number[])[]) {
  return Array.from({ length: count }, (_, number) => ({
    at: number * apart,
    lasts,
    hz: hz[number % hz.length] ?? NETWORK_HZ,
  }));
}

/** Beside a talk: so many beeps. */
function waiting(of: Urgency, count: number, period: number, hz: readonly (readonly number[])[]) {
  return { name: `waiting ${of}` as const, period, bursts: notes(count, 0.14, 0.28, hz) };
}

/**
 * By the ear alone one can tell them apart: the more urgent, the more rings or beeps and the shorter
 * pause. An emergency has notes of its own.
 */
export const TONES: Record<ToneName, Tone> = {
  routine: { name: "routine", period: 5, bursts: rings(1, 1, 1) },
  priority: { name: "priority", period: 4.5, bursts: rings(2, 0.6, 0.9) },
  immediate: { name: "immediate", period: 3.6, bursts: rings(3, 0.44, 0.64) },
  flash: { name: "flash", period: 2.4, bursts: rings(4, 0.3, 0.42) },
  "flash-override": { name: "flash-override", period: 1.6, bursts: rings(5, 0.24, 0.31) },
  emergency: { name: "emergency", period: 1.6, bursts: notes(4, 0.38, 0.4, ALARM) },
  "waiting routine": waiting("routine", 1, 6, [NETWORK_HZ]),
  "waiting priority": waiting("priority", 2, 5.4, [NETWORK_HZ]),
  "waiting immediate": waiting("immediate", 3, 4.8, [NETWORK_HZ]),
  "waiting flash": waiting("flash", 4, 4, [NETWORK_HZ]),
  "waiting flash-override": waiting("flash-override", 5, 3, [NETWORK_HZ]),
  "waiting emergency": waiting("emergency", 4, 3, ALARM),
  "ringing there": {
    name: "ringing there",
    period: 5,
    bursts: [{ at: 0, lasts: 1, hz: NETWORK_HZ }],
  },
  text: {
    name: "text",
    period: 0.5,
    bursts: [
      { at: 0, lasts: 0.11, hz: [660] },
      { at: 0.12, lasts: 0.15, hz: [880] },
    ],
  },
};

/** What of a call the tones go by. */
export interface Heard {
  state: "dialling" | "ringing there" | "incoming" | "ringing here" | "talking" | "over";
  precedence: Precedence;
  emergency: boolean;
}

const RANK: readonly Precedence[] = ["routine", "priority", "immediate", "flash", "flash-override"];

/** The more urgent comes first; an emergency before all but flash-override. */
export const urgency = ({ precedence, emergency }: Omit<Heard, "state">): number =>
  RANK.indexOf(precedence) + (emergency && precedence !== "flash-override" ? 3.5 : 0);

/** By what a call sounds: by the more urgent of its precedence and its being an emergency. */
export const soundOf = ({ precedence, emergency }: Omit<Heard, "state">): Urgency =>
  emergency && precedence !== "flash-override" ? "emergency" : precedence;

/** The one tone for all the calls of a device; null where none is to be heard. */
export function toneFor(calls: readonly Heard[]): Tone | null {
  const ringing = calls
    .filter(({ state }) => state === "ringing here")
    .sort((a, b) => urgency(b) - urgency(a))[0];
  const talking = calls.some(({ state }) => state === "talking");
  if (ringing) {
    const sound = soundOf(ringing);
    return TONES[talking ? (`waiting ${sound}` as const) : sound];
  }
  if (!talking && calls.some(({ state }) => state === "ringing there")) {
    return TONES["ringing there"];
  }
  return null;
}

/** What rings also where somebody wants silence, or has turned the volume down to nothing. */
const NEVER_SILENT: readonly ToneName[] = [
  "flash-override",
  "emergency",
  "waiting flash-override",
  "waiting emergency",
];
const LEAST = 0.3;
/** Of the volume of ringing, beside a talk: its words are to be understood all the same. */
const BESIDE: Record<Urgency, number> = {
  routine: 0.2,
  priority: 0.25,
  immediate: 0.32,
  flash: 0.42,
  emergency: 0.5,
  "flash-override": 0.55,
};

/** How loud, from 0 to 1. Who rings in silence hears flash override and emergencies all the same. */
export function loudness(tone: ToneName, volume: number, silent: boolean): number {
  if (tone === "ringing there") return 0.12;
  const share = shareOf(tone);
  if (NEVER_SILENT.includes(tone)) return Math.max(LEAST, volume) * share;
  return silent ? 0 : volume * share;
}

function shareOf(tone: Exclude<ToneName, "ringing there">): number {
  if (tone === "text") return 0.4;
  const beside = tone.startsWith("waiting ") ? (tone.slice("waiting ".length) as Urgency) : null;
  return beside === null ? 1 : BESIDE[beside];
}
