/** Land, coasts and borders: Natural Earth (public domain), from the page's own server. */

import type {
  Feature,
  FeatureCollection,
  MultiLineString,
  MultiPolygon,
  Polygon,
  Position,
} from "geojson";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import address from "world-atlas/countries-50m.json?url";
import { cutLines, cutPolygons } from "./antimeridian";

type World = Topology<{ countries: GeometryCollection }>;

export interface Land {
  readonly land: FeatureCollection;
  readonly coasts: Feature;
  readonly borders: Feature;
}

function bare<G extends MultiLineString | MultiPolygon>(geometry: G): Feature<G> {
  return { type: "Feature", properties: {}, geometry };
}

export async function fetchLand(): Promise<Land> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return landOf((await response.json()) as World);
}

/** Shapes to draw, from the atlas's topology. */
export function landOf(world: World): Land {
  const { countries } = world.objects;
  const areas = feature(world, countries).features.flatMap(({ geometry }) =>
    geometry.type === "Polygon" || geometry.type === "MultiPolygon"
      ? [bare(cutPolygons(geometry as Polygon | MultiPolygon))]
      : [],
  );
  return {
    land: { type: "FeatureCollection", features: areas },
    coasts: bare(cutLines(mesh(world, countries, (a, b) => a === b))),
    borders: bare(cutLines(mesh(world, countries, (a, b) => a !== b))),
  };
}

/** Parallels and meridians every `step` degrees; the poles are left free. */
export function graticule(step: number): Feature<MultiLineString> {
  const range = (from: number, to: number, by: number) =>
    Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by);
  const meridians = range(-180, 179, step).map((lon) =>
    range(-85, 85, 5).map((lat): Position => [lon, lat]),
  );
  const parallels = range(-90 + step, 90 - step, step).map((lat) =>
    range(-180, 180, 5).map((lon): Position => [lon, lat]),
  );
  return bare({ type: "MultiLineString", coordinates: [...meridians, ...parallels] });
}
