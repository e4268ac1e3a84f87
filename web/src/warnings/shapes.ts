/** What the doors of warnings say, as types and as the checks at the door. Times are POSIX seconds. */

import type { Feature, FeatureCollection, MultiPolygon, Polygon, Position } from "geojson";
import { type Text, text } from "../api/console";
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
} from "../api/validate";
import { type Json, json, record } from "../authority/shapes/json";

/** Whom a warning is for (emergency/channels.py). */
export const CHANNELS = ["public", "exercise", "test"] as const;
export type Channel = (typeof CHANNELS)[number];
export const channel: Check<Channel> = oneOf(...CHANNELS);

export interface ChannelLook {
  id: Channel;
  name: Text;
  colour: { light: string; dark: string };
  /** What stands in front of every text, by language; nothing on the channel that is real. */
  prefix: Record<string, string>;
  can_send: boolean;
  why_not: Text | null;
}
export interface Level {
  id: string;
  name: Text;
  message_id: number;
  message_id_additional: number;
  permitted: Channel[];
}
export interface TemplateName {
  id: string;
  risk: string;
  name: Text;
  level: string;
  languages: string[];
}
/** What the desk is set up with, for who is signed in. */
export interface Desk {
  country: string;
  channels: ChannelLook[];
  levels: Level[];
  languages: string[];
  templates: TemplateName[];
  territory: string[];
  may_write: boolean;
  may_approve: boolean;
  beams: boolean;
}
const COLOUR = /^#[0-9a-f]{6}$/i;
/** It goes into a style: nothing but a colour may. */
const colour: Check<string> = (value, where) =>
  COLOUR.test(string(value, where)) ? (value as string) : expected("a colour")(value, where);

export const desk = object<Desk>({
  country: string,
  channels: array(
    object<ChannelLook>({
      id: channel,
      name: text,
      colour: object<ChannelLook["colour"]>({ light: colour, dark: colour }),
      prefix: record(string),
      can_send: boolean,
      why_not: nullable(text),
    }),
  ),
  levels: array(
    object<Level>({
      id: string,
      name: text,
      message_id: number,
      message_id_additional: number,
      permitted: array(channel),
    }),
  ),
  languages: array(string),
  templates: array(
    object<TemplateName>({
      id: string,
      risk: string,
      name: text,
      level: string,
      languages: array(string),
    }),
  ),
  territory: array(string),
  may_write: boolean,
  may_approve: boolean,
  beams: boolean,
});

const position: Check<Position> = (value, where) => {
  const found = array(number)(value, where);
  const whole = found.length >= 2 && found.every(Number.isFinite);
  return whole ? found : expected("a place")(value, where);
};
const rings: Check<Position[][]> = array(array(position));
export const multiPolygon: Check<MultiPolygon> = (value, where) => {
  const { type, coordinates } = json(value, where);
  if (type !== "MultiPolygon") return expected("a MultiPolygon")(type, `${where}.type`);
  return { type, coordinates: array(rings)(coordinates, `${where}.coordinates`) };
};
const polygon: Check<Polygon | MultiPolygon> = (value, where) => {
  const { type, coordinates } = json(value, where);
  if (type !== "Polygon") return multiPolygon(value, where);
  return { type, coordinates: rings(coordinates, `${where}.coordinates`) };
};

export interface CellProperties {
  h3: string;
  [name: string]: number | string;
}
export type CellCollection = FeatureCollection<Polygon | MultiPolygon, CellProperties>;
const cell: Check<Feature<Polygon | MultiPolygon, CellProperties>> = (value, where) => {
  const { geometry, properties } = json(value, where);
  const found = json(properties, `${where}.properties`);
  const told: CellProperties = { h3: string(found.h3, `${where}.properties.h3`) };
  for (const [name, each] of Object.entries(found)) {
    if (typeof each === "number" || typeof each === "string") told[name] = each;
  }
  return {
    type: "Feature",
    properties: told,
    geometry: polygon(geometry, `${where}.geometry`),
  };
};
export const cellCollection: Check<CellCollection> = (value, where) => ({
  type: "FeatureCollection",
  features: array(cell)(json(value, where).features, `${where}.features`),
});

export type Curve = [number, number][];
const curve: Check<Curve> = array(pair(number, number));

export type Gravity = "error" | "warning";
/** Something wrong: an error stops a release, a warning is shown and has to be seen. */
export interface Problem {
  code: string;
  gravity: Gravity;
  text: Text;
  field: string;
  language: string;
}
const problem = object<Problem>({
  code: string,
  gravity: oneOf("error", "warning"),
  text,
  field: string,
  language: string,
});

/** An area as a person asks for it (emergency/area/asked_area.py); handed on as it is. */
export type AskedArea = Json & { kind: string };
const askedArea: Check<AskedArea> = (value, where) => ({
  ...json(value, where),
  kind: string(json(value, where).kind, `${where}.kind`),
});

export interface Place {
  area: AskedArea;
  name: string;
  kind: Text;
  people: number;
  lat_deg: number;
  lon_deg: number;
}
export const places = object<{ places: Place[] }>({
  places: array(
    object<Place>({
      area: askedArea,
      name: string,
      kind: text,
      people: number,
      lat_deg: number,
      lon_deg: number,
    }),
  ),
});

export interface TemplateField {
  name: string;
  label: Text;
  kind: "text" | "place" | "time" | "number";
  required: boolean;
}
export interface Template {
  id: string;
  fields: TemplateField[];
  draft: Json;
}
export const template = object<Template>({
  id: string,
  fields: array(
    object<TemplateField>({
      name: string,
      label: text,
      kind: oneOf("text", "place", "time", "number"),
      required: boolean,
    }),
  ),
  draft: json,
});

/** What beams would do for an area. Seconds from now. */
export interface BeamForecast {
  satellites: string[];
  beams_at_once: number;
  first_s: number | null;
  time_to_95_s: number | null;
  curve: Curve;
}
export interface Preview {
  outline: MultiPolygon;
  cells_outline: CellCollection;
  people: number;
  people_beside: number;
  area_km2: number;
  beside_km2: number;
  approximate: Text | null;
  outside_territory: boolean;
  problems: Problem[];
  beams: BeamForecast | null;
}
export const preview = object<Preview>({
  outline: multiPolygon,
  cells_outline: cellCollection,
  people: number,
  people_beside: number,
  area_km2: number,
  beside_km2: number,
  approximate: nullable(text),
  outside_territory: boolean,
  problems: array(problem),
  beams: nullable(
    object<BeamForecast>({
      satellites: array(string),
      beams_at_once: number,
      first_s: nullable(number),
      time_to_95_s: nullable(number),
      curve,
    }),
  ),
});

export interface Offender {
  at: number;
  character: string;
  /** What to write in its place; null where there is no offer. */
  offer: string | null;
}
/** A text as phones get it. */
export interface TextState {
  coding: string;
  pages: number;
  pages_limit: number;
  characters: number;
  left_on_page: number;
  offenders: Offender[];
  transliterated: string | null;
}
export interface Checked {
  problems: Problem[];
  texts: Record<string, TextState>;
  alert: string | null;
  body: Json | null;
}
export const checked = object<Checked>({
  problems: array(problem),
  texts: record(
    object<TextState>({
      coding: string,
      pages: number,
      pages_limit: number,
      characters: number,
      left_on_page: number,
      offenders: array(
        object<Offender>({ at: number, character: string, offer: nullable(string) }),
      ),
      transliterated: nullable(string),
    }),
  ),
  alert: nullable(string),
  body: nullable(json),
});

export const STATES = [
  "waiting",
  "released",
  "cancelled",
  "updated",
  "expired",
  "refused",
  "cancel",
] as const;
export type WarningStateName = (typeof STATES)[number];
export interface Warning {
  id: string;
  channel: Channel;
  level: string;
  message_type: string;
  state: WarningStateName;
  headline: Record<string, string>;
  sent: number;
  expires: number;
  area: { description: string; outline: MultiPolygon };
  people: number;
  /** Share of the area's people; null where no sky tells. */
  reached: number | null;
  /** The command that waits for a second person. */
  command: string | null;
  by: string[];
}
const warningFields = {
  id: string,
  channel,
  level: string,
  message_type: string,
  state: oneOf(...STATES),
  headline: record(string),
  sent: number,
  expires: number,
  area: object<Warning["area"]>({ description: string, outline: multiPolygon }),
  people: number,
  reached: nullable(number),
  command: nullable(string),
  by: array(string),
};
export const warnings = object<{ warnings: Warning[] }>({
  warnings: array(object<Warning>(warningFields)),
});

export interface Delivery {
  way: string;
  state: "waiting" | "sent" | "refused" | "failed";
  at: number | null;
  /** In words, where there is something to say. */
  detail: Record<string, string>;
}
export interface FullWarning extends Warning {
  alert: string;
  cells: string[];
  /** Shapes of the cells, where the server tells them. */
  cells_outline: CellCollection | null;
  deliveries: Delivery[];
  log: { at: number; text: Text; by: string }[];
  chain: string[];
}
const words: Check<Record<string, string>> = (value, where) =>
  Object.fromEntries(
    Object.entries(json(value, where)).filter(([, each]) => typeof each === "string"),
  ) as Record<string, string>;
export const fullWarning = object<FullWarning>({
  ...warningFields,
  alert: string,
  cells: array(string),
  cells_outline: nullable(cellCollection),
  deliveries: array(
    object<Delivery>({
      way: string,
      state: oneOf("waiting", "sent", "refused", "failed"),
      at: nullable(number),
      detail: words,
    }),
  ),
  log: array(object<FullWarning["log"][number]>({ at: number, text, by: string })),
  chain: array(string),
});

/** How far a warning has come, as simulated phones have received it. */
export interface Reach {
  at: number;
  share: number;
  curve: Curve;
  forecast: Curve;
  time_to_95_s: number | null;
  cells: [string, number][];
  cells_outline: CellCollection | null;
  beams: { satellite: string; cell: string; until: number }[];
  load: { busy: number; of: number };
}
export const reached = object<{ reach: Reach | null }>({
  reach: nullable(
    object<Reach>({
      at: number,
      share: number,
      curve,
      forecast: curve,
      time_to_95_s: nullable(number),
      cells: array(pair(string, number)),
      cells_outline: nullable(cellCollection),
      beams: array(
        object<Reach["beams"][number]>({ satellite: string, cell: string, until: number }),
      ),
      load: object<Reach["load"]>({ busy: number, of: number }),
    }),
  ),
});

export const handsetLink = object<{ link: string }>({ link: string });
