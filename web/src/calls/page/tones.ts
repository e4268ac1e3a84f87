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

export type ToneName = Precedence | "emergency" | "ringing there" | "waiting" | "text";

/** ITU-T E.180 supplement 2: what Italy's network sounds by. */
const NETWORK_HZ = [425] as const;
const LOW = [587, 740] as const;
const HIGH = [740, 880] as const;

/** So many short rings of two notes, the second of them higher. */
function rings(count: number, lasts: number, apart: number): Burst[] {
  return Array.from({ length: count }, (_, number) => [
    { at: number * apart, lasts: lasts / 2, hz: LOW },
    { at: number * apart + lasts / 2, lasts: lasts / 2, hz: HIGH },
  ]).flat();
}

/** By the ear alone one can tell them apart: the more urgent, the more rings and the shorter pause. */
export const TONES: Record<ToneName, Tone> = {
  routine: { name: "routine", period: 5, bursts: rings(1, 1, 1) },
  priority: { name: "priority", period: 4.5, bursts: rings(2, 0.6, 0.9) },
  immediate: { name: "immediate", period: 3.6, bursts: rings(3, 0.44, 0.64) },
  flash: { name: "flash", period: 2.4, bursts: rings(4, 0.3, 0.42) },
  "flash-override": { name: "flash-override", period: 1.6, bursts: rings(4, 0.3, 0.4) },
  emergency: { name: "emergency", period: 1.6, bursts: rings(4, 0.3, 0.4) },
  "ringing there": {
    name: "ringing there",
    period: 5,
    bursts: [{ at: 0, lasts: 1, hz: NETWORK_HZ }],
  },
  waiting: {
    name: "waiting",
    period: 6,
    bursts: [
      { at: 0, lasts: 0.2, hz: NETWORK_HZ },
      { at: 0.4, lasts: 0.2, hz: NETWORK_HZ },
    ],
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

/** The one tone for all the calls of a device; null where none is to be heard. */
export function toneFor(calls: readonly Heard[]): Tone | null {
  const ringing = calls
    .filter(({ state }) => state === "ringing here")
    .sort((a, b) => urgency(b) - urgency(a))[0];
  const talking = calls.some(({ state }) => state === "talking");
  if (ringing) {
    if (talking) return TONES.waiting;
    return ringing.emergency ? TONES.emergency : TONES[ringing.precedence];
  }
  if (!talking && calls.some(({ state }) => state === "ringing there")) {
    return TONES["ringing there"];
  }
  return null;
}

/** How loud, from 0 to 1. Who rings in silence hears the highest precedence all the same. */
export function loudness(tone: ToneName, volume: number, silent: boolean): number {
  if (tone === "ringing there" || tone === "waiting") return 0.12;
  if (tone === "flash-override") return Math.max(0.3, volume);
  if (tone === "text") return silent ? 0 : volume * 0.4;
  return silent ? 0 : volume;
}
