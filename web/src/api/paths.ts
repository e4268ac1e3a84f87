import { get } from "./client";
import {
  array,
  boolean,
  type Check,
  expected,
  nullable,
  number,
  object,
  oneOf,
  string,
} from "./validate";

/** Whose hand is on a value: ours, bought by contract, or only observed. */
export type Lever = "ours" | "contract" | "observed";
const lever: Check<Lever> = oneOf("ours", "contract", "observed");

export const REASONS = [
  "served",
  "nothing-in-view",
  "barred",
  "full",
  "no-fix",
  "no-landing",
  "faded",
] as const;
/** Why a site or a cell is served or not. */
export type Reason = (typeof REASONS)[number];
const reason: Check<Reason> = oneOf(...REASONS);

export interface ServingSatellite {
  number: number;
  name: string;
  elevation_deg: number;
  azimuth_deg: number;
  range_km: number;
}
/** What a site gets in one slot; what does not exist is null. */
export interface SlotPath {
  reason: Reason;
  satellite: ServingSatellite | null;
  handover: boolean;
  in_view: number;
  delay_up_ms: number | null;
  delay_down_ms: number | null;
  rate_up_bps: number;
  rate_down_bps: number;
  loss_up: number;
  loss_down: number;
  load: number;
  gateway: string | null;
  point_of_presence: string | null;
  rain_mm_h: number;
  fade_down_db: number;
}
/** Parallel lists, one entry a slot; null where the slot is still to be worked out. */
export interface Series {
  first_slot: number;
  reason: (Reason | null)[];
  satellite: (number | null)[];
  handover: (boolean | null)[];
  delay_up_ms: (number | null)[];
  delay_down_ms: (number | null)[];
  rate_up_bps: (number | null)[];
  rate_down_bps: (number | null)[];
}
export interface SitePaths {
  site: string;
  time: number;
  slot: number;
  slot_start: number;
  slot_end: number;
  rain_seed: number | null;
  asked: {
    down_bps: number;
    up_bps: number;
    priority: boolean;
    gateways: string[] | null;
    not_in_countries: string[];
  };
  now: SlotPath;
  series: Series;
  complete: boolean;
  levers: Record<LeverOf, Lever>;
}
type LeverOf =
  | "asked"
  | "priority"
  | "landing_rule"
  | "satellite"
  | "delay"
  | "rate"
  | "loss"
  | "handover"
  | "landing"
  | "rain";

const described = object<SitePaths>({
  site: string,
  time: number,
  slot: number,
  slot_start: number,
  slot_end: number,
  rain_seed: nullable(number),
  asked: object<SitePaths["asked"]>({
    down_bps: number,
    up_bps: number,
    priority: boolean,
    gateways: nullable(array(string)),
    not_in_countries: array(string),
  }),
  now: object<SlotPath>({
    reason,
    satellite: nullable(
      object<ServingSatellite>({
        number,
        name: string,
        elevation_deg: number,
        azimuth_deg: number,
        range_km: number,
      }),
    ),
    handover: boolean,
    in_view: number,
    delay_up_ms: nullable(number),
    delay_down_ms: nullable(number),
    rate_up_bps: number,
    rate_down_bps: number,
    loss_up: number,
    loss_down: number,
    load: number,
    gateway: nullable(string),
    point_of_presence: nullable(string),
    rain_mm_h: number,
    fade_down_db: number,
  }),
  series: object<Series>({
    first_slot: number,
    reason: array(nullable(reason)),
    satellite: array(nullable(number)),
    handover: array(nullable(boolean)),
    delay_up_ms: array(nullable(number)),
    delay_down_ms: array(nullable(number)),
    rate_up_bps: array(nullable(number)),
    rate_down_bps: array(nullable(number)),
  }),
  complete: boolean,
  levers: object<SitePaths["levers"]>({
    asked: lever,
    priority: lever,
    landing_rule: lever,
    satellite: lever,
    delay: lever,
    rate: lever,
    loss: lever,
    handover: lever,
    landing: lever,
    rain: lever,
  }),
});

/** A series whose lists differ in length would show one slot's delay beside another's rate. */
export const sitePaths: Check<SitePaths> = (value, where) => {
  const answer = described(value, where);
  const { first_slot: _, ...lists } = answer.series;
  if (new Set(Object.values(lists).map((list) => list.length)).size !== 1) {
    return expected("lists of one length")(answer.series, `${where}.series`);
  }
  return answer;
};

/** Who serves each site in a slot. */
export interface Serving {
  time: number;
  slot: number;
  sites: { site: string; satellite: number | null; reason: Reason }[];
}
const serving = object<Serving>({
  time: number,
  slot: number,
  sites: array(
    object<Serving["sites"][number]>({ site: string, satellite: nullable(number), reason }),
  ),
});

/** The cells themselves: H3 numbers, and corners as in the server's `CellsAnswer`. */
export interface Cells {
  numbers: string[];
  boundaries: number[][];
}
const listed = object<Cells>({ numbers: array(string), boundaries: array(array(number)) });
export const cells: Check<Cells> = (value, where) => {
  const answer = listed(value, where);
  const whole = answer.boundaries.every((b) => b.length >= 6 && b.length % 2 === 0);
  if (!whole || answer.numbers.length !== answer.boundaries.length) {
    return expected("cells with their corners")(answer.boundaries, `${where}.boundaries`);
  }
  return answer;
};

/** How each cell is served in a slot. */
export interface Loads {
  slot: number;
  /** Names the list of cells. */
  cells: string;
  /** -1 where no beam serves. */
  load_percent: number[];
  /** 0 where nobody is refused. */
  reason: number[];
}
const loadsOf = object<Loads>({
  slot: number,
  cells: string,
  load_percent: array(number),
  reason: array(number),
});
export const loads: Check<Loads> = (value, where) => {
  const answer = loadsOf(value, where);
  if (answer.load_percent.length !== answer.reason.length) {
    return expected("lists of one length")(answer, where);
  }
  return answer;
};

/** Rain on a grid, row by row from the south, each row from the west. */
export interface Rain {
  slot: number;
  seed: number | null;
  south_deg: number;
  west_deg: number;
  step_deg: number;
  columns: number;
  tenths_mm_h: number[];
}
const grid = object<Rain>({
  slot: number,
  seed: nullable(number),
  south_deg: number,
  west_deg: number,
  step_deg: number,
  columns: number,
  tenths_mm_h: array(number),
});
export const rain: Check<Rain> = (value, where) => {
  const answer = grid(value, where);
  const { columns, tenths_mm_h } = answer;
  const whole = columns > 0 ? tenths_mm_h.length % columns === 0 : tenths_mm_h.length === 0;
  return whole ? answer : expected("whole rows")(tenths_mm_h, `${where}.tenths_mm_h`);
};

export const getServing = () => get("/api/paths/sites", serving);
export const getSitePaths = (id: string) =>
  get(`/api/paths/sites/${encodeURIComponent(id)}`, sitePaths);
export const getLoads = () => get("/api/paths/cells", loads);
export const getCells = (digest: string) =>
  get(`/api/paths/cells/${encodeURIComponent(digest)}`, cells);
export const getRain = () => get("/api/paths/rain", rain);
