/** What stands on the situation map, as GeoJSON; and where to look. Pure. */

import type { Feature, FeatureCollection, Geometry, Position } from "geojson";
import type { Bounds, Corners } from "../flatMap/drawing";
import type { CellCollection, Channel, Reach, Warning } from "./shapes";

const collection = (features: Feature[]): FeatureCollection => ({
  type: "FeatureCollection",
  features,
});

export const NOTHING = collection([]);

/** Warnings that are on the map: those in force, those that wait, and the one that is looked at. */
export function areasOf(
  warnings: readonly Warning[],
  chosen: string | null,
  colours: Record<Channel, string>,
): FeatureCollection {
  const shown = warnings.filter(
    ({ id, state }) => state === "released" || state === "waiting" || id === chosen,
  );
  return collection(
    shown.map((warning) => ({
      type: "Feature",
      geometry: warning.area.outline,
      properties: {
        id: warning.id,
        colour: colours[warning.channel],
        chosen: warning.id === chosen,
        waiting: warning.state === "waiting",
      },
    })),
  );
}

/** Outlines of somebody else's alert: dashed, since nothing of it goes out from here. */
export function foreignAreas(outlines: readonly Geometry[], colour: string): FeatureCollection {
  return collection(
    outlines.map((geometry) => ({
      type: "Feature",
      geometry,
      properties: { colour, chosen: true, waiting: true },
    })),
  );
}

/** Cells with the share of their people that is reached, and whether a beam shines on them now. */
export function reachedCells(outline: CellCollection, reach: Reach | null): FeatureCollection {
  const shares = new Map(reach?.cells ?? []);
  const lit = new Set(reach?.beams.map(({ cell }) => cell) ?? []);
  return collection(
    outline.features.map((each) => ({
      type: "Feature",
      geometry: each.geometry,
      properties: {
        share: Math.min(Math.max(shares.get(each.properties.h3) ?? 0, 0), 1),
        lit: lit.has(each.properties.h3),
      },
    })),
  );
}

/** Cells of an area that is asked for: `share` is the part of each that lies inside. */
export function askedCells(outline: CellCollection): FeatureCollection {
  return collection(
    outline.features.map((each) => ({
      type: "Feature",
      geometry: each.geometry,
      properties: { share: Number(each.properties.share ?? 0), lit: false },
    })),
  );
}

/** Corners that were set, the sides between them, and the area once it is one. */
export function drawnShapes(corners: Corners): FeatureCollection {
  const places = corners.map((each): Position => [...each]);
  const points: Feature[] = places.map((coordinates, index) => ({
    type: "Feature",
    geometry: { type: "Point", coordinates },
    properties: { index },
  }));
  const [first] = places;
  if (!first || places.length < 2) return collection(points);
  const geometry: Geometry =
    places.length < 3
      ? { type: "LineString", coordinates: places }
      : { type: "Polygon", coordinates: [[...places, first]] };
  return collection([{ type: "Feature", geometry, properties: {} }, ...points]);
}

/** The bounds of all places in some geometries; null for none. */
export function boundsOf(geometries: readonly Geometry[]): Bounds | null {
  const bounds: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  const take = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    const [lon, lat] = value;
    if (typeof lon !== "number" || typeof lat !== "number") {
      for (const each of value) take(each);
      return;
    }
    bounds[0] = Math.min(bounds[0], lon);
    bounds[1] = Math.min(bounds[1], lat);
    bounds[2] = Math.max(bounds[2], lon);
    bounds[3] = Math.max(bounds[3], lat);
  };
  for (const each of geometries) if ("coordinates" in each) take(each.coordinates);
  return bounds[0] <= bounds[2] ? bounds : null;
}
