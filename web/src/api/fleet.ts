/** The fleet as the server tells it; see `console/fleet_answers.py`. */

import { get, post } from "./client";
import { type Text, text } from "./console";
import { REASONS, type Reason } from "./paths";
import {
  array,
  boolean,
  type Check,
  expected,
  nullable,
  number,
  object,
  oneOf,
  pair,
  string,
} from "./validate";

export const KINDS = ["ship", "helicopter", "aircraft", "drone"] as const;
export type Kind = (typeof KINDS)[number];
export const LASERS = ["any", "required", "forbidden"] as const;
export type Lasers = (typeof LASERS)[number];
export type LandingState = "held" | "stopped" | "free";

export interface Rule {
  gateways: string[] | null;
  not_in_countries: string[];
  lasers: Lasers;
}
export interface Ellipse {
  major_m: number;
  minor_m: number;
  azimuth_deg: number;
  age_s: number;
}
/** Longitude, latitude, time. */
export type Ahead = [number, number, number];
export interface Platform {
  id: string;
  name: Text;
  kind: Kind;
  sidc: string;
  lat_deg: number;
  lon_deg: number;
  heading_deg: number;
  speed_m_s: number;
  /** Of a position that was reported; null for the mission's. */
  ellipse: Ellipse | null;
  /** Why its last report is not believed. */
  doubt: Text | null;
  ahead: Ahead[];
  serving: {
    reason: Reason;
    satellite: string | null;
    round_trip_ms: number | null;
    rate_down_bps: number | null;
    rate_up_bps: number | null;
  } | null;
  landing: {
    state: LandingState | null;
    gateway: string | null;
    gateway_country: string | null;
    point: string | null;
    rule: Rule;
  };
}
export interface Fleet {
  time: number;
  platforms: Platform[];
  gateways: { name: string; country: string }[];
  countries: string[];
}
export interface Contact {
  start: number;
  end: number;
  sigma_s: number | null;
  satellite: string;
  number: number;
  gateway: string;
  gateway_country: string;
  point: string;
  lasers: number;
  highest_deg: number;
  round_trip_ms: [number, number];
  rate_down_bps: number;
  rate_up_bps: number;
  alternatives: string[];
}
export interface Gap {
  start: number;
  end: number;
  reason: Reason;
}
export interface Plan {
  start: number;
  end: number;
  /** False while the load of others is being worked out: ask again. */
  complete: boolean;
  contacts: Contact[];
  gaps: Gap[];
  availability: number;
}
export interface Draft extends Plan {
  legs: { start: number; end: number; length_m: number; course_deg: number }[];
  arrival: number;
}
export interface Watch {
  time: number;
  complete: boolean;
  gaps: (Gap & { platform: string })[];
}
/** A track to be planned. */
export interface DraftAsked {
  kind: Kind;
  /** Latitude, longitude. */
  waypoints: [number, number][];
  speed_kn: number;
  height_m: number;
  start: number;
  rule: Rule;
}

const reason: Check<Reason> = oneOf(...REASONS);
const rule = object<Rule>({
  gateways: nullable(array(string)),
  not_in_countries: array(string),
  lasers: oneOf(...LASERS),
});

const ahead: Check<Ahead> = (value, where) =>
  Array.isArray(value) && value.length === 3 && value.every(Number.isFinite)
    ? (value as Ahead)
    : expected("three numbers")(value, where);

const platform = object<Platform>({
  id: string,
  name: text,
  kind: oneOf(...KINDS),
  sidc: string,
  lat_deg: number,
  lon_deg: number,
  heading_deg: number,
  speed_m_s: number,
  ellipse: nullable(
    object<Ellipse>({ major_m: number, minor_m: number, azimuth_deg: number, age_s: number }),
  ),
  doubt: nullable(text),
  ahead: array(ahead),
  serving: nullable(
    object<NonNullable<Platform["serving"]>>({
      reason,
      satellite: nullable(string),
      round_trip_ms: nullable(number),
      rate_down_bps: nullable(number),
      rate_up_bps: nullable(number),
    }),
  ),
  landing: object<Platform["landing"]>({
    state: nullable(oneOf("held", "stopped", "free")),
    gateway: nullable(string),
    gateway_country: nullable(string),
    point: nullable(string),
    rule,
  }),
});

export const fleet: Check<Fleet> = object<Fleet>({
  time: number,
  platforms: array(platform),
  gateways: array(object<Fleet["gateways"][number]>({ name: string, country: string })),
  countries: array(string),
});

const planned = {
  start: number,
  end: number,
  complete: boolean,
  contacts: array(
    object<Contact>({
      start: number,
      end: number,
      sigma_s: nullable(number),
      satellite: string,
      number,
      gateway: string,
      gateway_country: string,
      point: string,
      lasers: number,
      highest_deg: number,
      round_trip_ms: pair(number, number),
      rate_down_bps: number,
      rate_up_bps: number,
      alternatives: array(string),
    }),
  ),
  gaps: array(object<Gap>({ start: number, end: number, reason })),
  availability: number,
};
export const plan: Check<Plan> = object<Plan>(planned);
export const draft: Check<Draft> = object<Draft>({
  ...planned,
  legs: array(
    object<Draft["legs"][number]>({
      start: number,
      end: number,
      length_m: number,
      course_deg: number,
    }),
  ),
  arrival: number,
});
export const watch: Check<Watch> = object<Watch>({
  time: number,
  complete: boolean,
  gaps: array(
    object<Watch["gaps"][number]>({ platform: string, start: number, end: number, reason }),
  ),
});

export const getFleet = () => get("/api/fleet", fleet);
export const getPlan = (id: string) => get(`/api/fleet/${encodeURIComponent(id)}/plan`, plan);
export const getWatch = () => get("/api/fleet/watch", watch);
export const planDraft = (asked: DraftAsked) => post("/api/fleet/plan", asked, draft);

export const SEA_LAYERS = [
  "trusted-round-trip",
  "round-trip",
  "trusted-availability",
  "availability",
  "rate",
  "worst-rate",
] as const;
export type SeaLayer = (typeof SEA_LAYERS)[number];

export interface SeaCell {
  id: string;
  lat_deg: number;
  lon_deg: number;
  /** Longitude, latitude; not closed. */
  boundary: [number, number][];
}
/** Values by cell: percent, ms there and back, or Mbit/s; null where nothing ever passes. */
export interface SeaFrame {
  start: number;
  end: number;
  values: (number | null)[];
}
export interface SeaPlace {
  cell: string;
  name: Text;
  lat_deg: number;
  lon_deg: number;
  value: number | null;
}
export interface Sea {
  layer: SeaLayer;
  span: SeaFrame;
  frames: SeaFrame[];
  worst: SeaPlace[];
}

const frame = object<SeaFrame>({ start: number, end: number, values: array(nullable(number)) });
export const seaCells: Check<{ cells: SeaCell[] }> = object<{ cells: SeaCell[] }>({
  cells: array(
    object<SeaCell>({
      id: string,
      lat_deg: number,
      lon_deg: number,
      boundary: array(pair(number, number)),
    }),
  ),
});
export const sea: Check<Sea> = object<Sea>({
  layer: oneOf(...SEA_LAYERS),
  span: frame,
  frames: array(frame),
  worst: array(
    object<SeaPlace>({
      cell: string,
      name: text,
      lat_deg: number,
      lon_deg: number,
      value: nullable(number),
    }),
  ),
});

export const getSeaCells = () => get("/api/fleet/sea/cells", seaCells);
export const getSea = (layer: SeaLayer, rule: Rule) => post("/api/fleet/sea", { layer, rule }, sea);
