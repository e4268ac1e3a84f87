/** What stands on the fleet's map, as GeoJSON. Pure; degrees. */

import type { Feature, FeatureCollection, Position } from "geojson";
import type { Ahead, Ellipse, Platform } from "../api/fleet";
import type { Corners } from "../flatMap/drawing";

const EARTH_RADIUS_M = 6_371_008.8;
const ELLIPSE_CORNERS = 48;
const DEGREE = Math.PI / 180;

const collection = (features: Feature[]): FeatureCollection => ({
  type: "FeatureCollection",
  features,
});
export const NOTHING = collection([]);

/** Longitudes that go on past 180 degrees, so that a line over the date line stays short. */
export function unbroken(places: readonly (readonly [number, number])[]): Position[] {
  let before: number | null = null;
  return places.map(([lon, lat]) => {
    const at: number = before === null ? lon : lon + 360 * Math.round((before - lon) / 360);
    before = at;
    return [at, lat];
  });
}

/** Courses of the next `seconds`. */
export function courses(platforms: readonly Platform[], seconds: number): FeatureCollection {
  return collection(
    platforms.map(({ id, ahead }) => ({
      type: "Feature",
      geometry: { type: "LineString", coordinates: unbroken(courseOf(ahead, seconds)) },
      properties: { id },
    })),
  );
}

function courseOf(ahead: readonly Ahead[], seconds: number): [number, number][] {
  const first = ahead[0]?.[2] ?? 0;
  const kept = ahead.filter(([, , time]) => time <= first + seconds);
  return kept.map(([lon, lat]) => [lon, lat]);
}

/** Platforms as points; `image` names what is drawn there. */
export function places(platforms: readonly Platform[]): FeatureCollection {
  return collection(
    platforms.map(({ id, lon_deg, lat_deg }) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [lon_deg, lat_deg] },
      properties: { id },
    })),
  );
}

/** Where those with an estimated position are with 95 %. */
export function ellipses(platforms: readonly Platform[]): FeatureCollection {
  return collection(
    platforms.flatMap(({ id, lon_deg, lat_deg, ellipse }): Feature[] =>
      ellipse
        ? [
            {
              type: "Feature",
              geometry: {
                type: "Polygon",
                coordinates: [ellipseAround(lon_deg, lat_deg, ellipse)],
              },
              properties: { id },
            },
          ]
        : [],
    ),
  );
}

/** A closed ring; good for axes of up to some hundred kilometres. */
export function ellipseAround(lon: number, lat: number, ellipse: Ellipse): Position[] {
  const turn = ellipse.azimuth_deg * DEGREE;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const narrow = Math.max(Math.cos(lat * DEGREE), 0.01);
  const ring = Array.from({ length: ELLIPSE_CORNERS }, (_, index): Position => {
    const angle = (index / ELLIPSE_CORNERS) * 2 * Math.PI;
    const along = ellipse.major_m * Math.cos(angle);
    const across = ellipse.minor_m * Math.sin(angle);
    const north = along * cos - across * sin;
    const east = along * sin + across * cos;
    return [
      lon + east / (EARTH_RADIUS_M * DEGREE * narrow),
      lat + north / (EARTH_RADIUS_M * DEGREE),
    ];
  });
  return [...ring, ring[0] as Position];
}

/** A track that is drawn: great circles between its points, and the points to be dragged. */
export function drawnTrack(points: Corners): FeatureCollection {
  const line = points.flatMap((each, index) => {
    const next = points[index + 1];
    return next ? greatCircle(each, next) : [each];
  });
  const features: Feature[] = points.map((each, index) => ({
    type: "Feature",
    geometry: { type: "Point", coordinates: [...each] },
    properties: { index },
  }));
  if (points.length > 1) {
    features.unshift({
      type: "Feature",
      geometry: { type: "LineString", coordinates: unbroken(line) },
      properties: {},
    });
  }
  return collection(features);
}

const STEPS = 24;

/** Places from one point up to, and without, another. */
function greatCircle(
  from: readonly [number, number],
  to: readonly [number, number],
): [number, number][] {
  const [a, b] = [vector(from), vector(to)];
  const angle = Math.acos(Math.min(Math.max(a[0] * b[0] + a[1] * b[1] + a[2] * b[2], -1), 1));
  if (angle < 1e-6 || angle > Math.PI - 1e-6) return [[from[0], from[1]]];
  return Array.from({ length: STEPS }, (_, step) => {
    const near = Math.sin((1 - step / STEPS) * angle);
    const far = Math.sin((step / STEPS) * angle);
    const [x, y, z] = [0, 1, 2].map(
      (axis) => near * (a[axis] as number) + far * (b[axis] as number),
    ) as [number, number, number];
    return [Math.atan2(y, x) / DEGREE, Math.atan2(z, Math.hypot(x, y)) / DEGREE];
  });
}

function vector([lon, lat]: readonly [number, number]): [number, number, number] {
  const [l, p] = [lon * DEGREE, lat * DEGREE];
  return [Math.cos(p) * Math.cos(l), Math.cos(p) * Math.sin(l), Math.sin(p)];
}
