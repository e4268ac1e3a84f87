import { get, post } from "./client";
import { type Text, text } from "./console";
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

export interface Catalogue {
  source: string;
  epoch: number;
  count: number;
  ageless: boolean;
  broken: number;
  shells: string[];
}
export interface Site {
  id: string;
  name: Text;
  lat_deg: number;
  lon_deg: number;
  height_m: number;
  kind: string;
}
export interface GroundStation {
  name: string;
  lat_deg: number;
  lon_deg: number;
  country: string;
}
export interface Satellites {
  numbers: number[];
  names: string[];
  generation: number[];
  shell: number[];
}
export interface Sky {
  catalogue: Catalogue;
  replay: boolean;
  notices: Text[];
  satellites: Satellites;
  generations: { id: number; name: string }[];
  sites: Site[];
  gateways: GroundStation[];
  points_of_presence: GroundStation[];
  nation: Text;
  /** What the globe looks at when it opens. */
  view: { lat_deg: number; lon_deg: number; zoom: number };
}

const groundStation = object<GroundStation>({
  name: string,
  lat_deg: number,
  lon_deg: number,
  country: string,
});

const site = object<Site>({
  id: string,
  name: text,
  lat_deg: number,
  lon_deg: number,
  height_m: number,
  kind: string,
});

/** The four lists run side by side; one that is shorter would give satellites a wrong name. */
const sameLength: Check<Sky> = (value, where) => {
  const sky = described(value, where);
  const { numbers, names, generation, shell } = sky.satellites;
  if (new Set([numbers.length, names.length, generation.length, shell.length]).size !== 1) {
    return expected("four lists of one length")(sky.satellites, `${where}.satellites`);
  }
  return sky;
};

const described = object<Sky>({
  catalogue: object<Catalogue>({
    source: string,
    epoch: number,
    count: number,
    ageless: boolean,
    broken: number,
    shells: array(string),
  }),
  replay: boolean,
  notices: array(text),
  satellites: object<Satellites>({
    numbers: array(number),
    names: array(string),
    generation: array(number),
    shell: array(number),
  }),
  generations: array(object<Sky["generations"][number]>({ id: number, name: string })),
  sites: array(site),
  gateways: array(groundStation),
  points_of_presence: array(groundStation),
  nation: text,
  view: object<Sky["view"]>({ lat_deg: number, lon_deg: number, zoom: number }),
});

export type HopKind = "uplink" | "laser" | "downlink" | "fibre";
/** Longitude and latitude in degrees, height in km. */
export type LonLatHeight = [number, number, number];
export interface Hop {
  kind: HopKind;
  from: string;
  to: string;
  length_km: number;
  delay_ms: number;
  path: [LonLatHeight, LonLatHeight];
}
export interface Route {
  delay_ms: number;
  gateway: string | null;
  point_of_presence: string | null;
  satellites: number[];
  hops: Hop[];
}
export interface InView {
  number: number;
  name: string;
  azimuth_deg: number;
  elevation_deg: number;
  range_km: number;
}
export interface SiteAnswer {
  site: string;
  time: number;
  /** Where the site is: a ship moves. */
  lat_deg: number;
  lon_deg: number;
  height_m: number;
  satellites: InView[];
  route: Route | null;
  alternative: Route | null;
  /** Why there is no route, in both languages. */
  reason: Text | null;
}

const lonLatHeight: Check<LonLatHeight> = (value, where) => {
  const [lon, lat, height] = array(number)(value, where);
  return [lon ?? 0, lat ?? 0, height ?? 0];
};
const route = object<Route>({
  delay_ms: number,
  gateway: nullable(string),
  point_of_presence: nullable(string),
  satellites: array(number),
  hops: array(
    object<Hop>({
      kind: oneOf("uplink", "laser", "downlink", "fibre"),
      from: string,
      to: string,
      length_km: number,
      delay_ms: number,
      path: pair(lonLatHeight, lonLatHeight),
    }),
  ),
});
const siteAnswer = object<SiteAnswer>({
  site: string,
  time: number,
  lat_deg: number,
  lon_deg: number,
  height_m: number,
  satellites: array(
    object<InView>({
      number,
      name: string,
      azimuth_deg: number,
      elevation_deg: number,
      range_km: number,
    }),
  ),
  route: nullable(route),
  alternative: nullable(route),
  reason: nullable(text),
});

export interface Laser {
  number: number;
  name: string;
  length_km: number;
}
export interface SatelliteAnswer {
  number: number;
  name: string;
  generation: number;
  /** The shell's name. */
  shell: string | null;
  status: number;
  time: number;
  lat_deg: number | null;
  lon_deg: number | null;
  height_km: number | null;
  epoch: number;
  age_days: number | null;
  lasers: Laser[];
}
const satelliteAnswer = object<SatelliteAnswer>({
  number,
  name: string,
  generation: number,
  shell: nullable(string),
  status: number,
  time: number,
  lat_deg: nullable(number),
  lon_deg: nullable(number),
  height_km: nullable(number),
  epoch: number,
  age_days: nullable(number),
  lasers: array(object<Laser>({ number, name: string, length_km: number })),
});

export interface Clock {
  mode: "now" | "replay";
  sky_time: number;
  rate: number;
  paused: boolean;
  rates: number[];
  can_now: boolean;
}
const clock = object<Clock>({
  mode: oneOf("now", "replay"),
  sky_time: number,
  rate: number,
  paused: boolean,
  rates: array(number),
  can_now: boolean,
});

export const getSky = () => get("/api/sky", sameLength);
/** Where every site is now: a ship moves. */
export const getSites = () => get("/api/sky/sites", array(site));
export const getSite = (id: string) => get(`/api/sky/sites/${encodeURIComponent(id)}`, siteAnswer);
export const getSatellite = (catalogueNumber: number) =>
  get(`/api/sky/satellites/${catalogueNumber}`, satelliteAnswer);
export const getClock = () => get("/api/sky/clock", clock);
export const setClock = (change: Partial<Pick<Clock, "mode" | "rate" | "paused" | "sky_time">>) =>
  post("/api/sky/clock", change, clock);

/** Address of the stream of frames on the page's own server. */
export function framesAddress(page: Location): string {
  return `${page.protocol === "https:" ? "wss" : "ws"}://${page.host}/api/sky/frames`;
}
