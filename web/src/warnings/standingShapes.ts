/** What sensors may set off (authority/doors/standing_warnings.py). Times are POSIX seconds. */

import type { MultiPolygon } from "geojson";
import { array, boolean, nullable, number, object, oneOf, string } from "../api/validate";
import { record } from "../authority/shapes/json";
import { type Channel, channel, multiPolygon } from "./shapes";

export const STANDING_STATES = ["waiting", "standing", "set-off", "withdrawn", "expired"] as const;
export type StandingState = (typeof STANDING_STATES)[number];

export interface Said {
  sensor: string;
  at: number;
  reading: string;
}
export interface Standing {
  id: string;
  channel: Channel;
  level: string;
  state: StandingState;
  headline: Record<string, string>;
  area: string;
  outline: MultiPolygon | null;
  people: number | null;
  sensors: string[];
  /** Those of them without a certificate in force: nothing that they say is believed. */
  missing: string[];
  needed: number;
  until: number;
  by: string[];
  alarms: Said[];
  /** Why it could not go out if it were set off now; empty if it could. */
  problem: string;
  /** The command that waits for a second person; null once it was released. */
  command: string | null;
}
export interface StandingWarnings {
  /** Whether sensors release anything here. */
  on: boolean;
  standing: Standing[];
}

export const standingWarnings = object<StandingWarnings>({
  on: boolean,
  standing: array(
    object<Standing>({
      id: string,
      channel,
      level: string,
      state: oneOf(...STANDING_STATES),
      headline: record(string),
      area: string,
      outline: nullable(multiPolygon),
      people: nullable(number),
      sensors: array(string),
      missing: array(string),
      needed: number,
      until: number,
      by: array(string),
      alarms: array(object<Said>({ sensor: string, at: number, reading: string })),
      problem: string,
      command: nullable(string),
    }),
  ),
});

/** How many ask for somebody: for a second signature, or for what stops them. */
export const askingOf = (standing: readonly Standing[]): number =>
  standing.filter(({ state, problem }) => state === "waiting" || problem !== "").length;

const SENSOR = /^(office|ship)\/[a-z0-9][a-z0-9._-]{0,62}$/;
const MOST_SENSORS = 200;

/** The sensors that somebody has written, one a line, as they are signed; null if one is none. */
export function sensorsOf(text: string): string[] | null {
  const lines = text.split(/[\s,]+/).filter((line) => line !== "");
  const sensors = [...new Set(lines)].sort();
  const right = sensors.length > 0 && sensors.length <= MOST_SENSORS;
  return right && sensors.every((each) => SENSOR.test(each)) ? sensors : null;
}

/** A whole number between bounds that somebody has written; null for anything else. */
export function wholeOf(text: string, least: number, most: number): number | null {
  const value = /^\d{1,4}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : null;
}
