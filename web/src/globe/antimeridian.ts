/**
 * Cuts at 180° E. The atlas joins shapes across it, as they are on a sphere; a map's tiles are a
 * plane, on which such a shape would run back right round the world.
 */

import type { MultiLineString, MultiPolygon, Polygon, Position } from "geojson";

/** The polygons of a geometry, cut so that every longitude lies between -180 and 180. */
export function cutPolygons(geometry: Polygon | MultiPolygon): MultiPolygon {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  return { type: "MultiPolygon", coordinates: polygons.flatMap(cutPolygon) };
}

/** The lines of a geometry, cut likewise. */
export function cutLines(geometry: MultiLineString): MultiLineString {
  return { type: "MultiLineString", coordinates: geometry.coordinates.flatMap(cutLine) };
}

function cutPolygon(rings: Position[][]): Position[][][] {
  const straight = rings.map(unrolled);
  return [-360, 0, 360].flatMap((shift) => {
    const cut = straight
      .map((ring) => clipped(clipped(shifted(ring, shift), -180, 1), 180, -1))
      .filter((ring) => ring.length >= 4);
    return cut.length > 0 ? [cut] : [];
  });
}

/** A ring as it runs on without jumps; one that goes round a pole is closed by way of the pole. */
function unrolled(ring: Position[]): Position[] {
  const out = runOn(ring);
  const first = out[0] as Position;
  const last = out.at(-1) as Position;
  if (Math.abs(lonOf(last) - lonOf(first)) > 180) {
    const pole = latOf(first) > 0 ? 90 : -90;
    out.push([lonOf(last), pole], [lonOf(first), pole], first);
  }
  return out;
}

function runOn(line: Position[]): Position[] {
  let turns = 0;
  return line.map((point, index) => {
    const before = line[index - 1];
    if (before) {
      const step = lonOf(point) - lonOf(before);
      if (step > 180) turns -= 360;
      if (step < -180) turns += 360;
    }
    return [lonOf(point) + turns, latOf(point)];
  });
}

function shifted(ring: Position[], by: number): Position[] {
  return by === 0 ? ring : ring.map((point) => [lonOf(point) + by, latOf(point)]);
}

/** The part of a closed ring on one side of a meridian (Sutherland and Hodgman, 1974). */
function clipped(ring: Position[], meridian: number, side: 1 | -1): Position[] {
  const inside = (point: Position) => (lonOf(point) - meridian) * side >= 0;
  if (ring.every(inside)) return ring;
  const out: Position[] = [];
  for (let index = 1; index < ring.length; index++) {
    const from = ring[index - 1] as Position;
    const to = ring[index] as Position;
    if (inside(from)) out.push(from);
    if (inside(from) !== inside(to)) out.push(crossing(from, to, meridian));
  }
  if (out[0]) out.push(out[0]);
  return out;
}

function cutLine(line: Position[]): Position[][] {
  const straight = runOn(line);
  const parts: Position[][] = [[]];
  straight.forEach((point, index) => {
    const before = straight[index - 1];
    const turn = turnOf(point);
    if (before && turnOf(before) !== turn) {
      const meridian = Math.max(turnOf(before), turn) * 360 - 180;
      const at = crossing(before, point, meridian);
      parts.at(-1)?.push([meridian - turnOf(before) * 360, latOf(at)]);
      parts.push([[meridian - turn * 360, latOf(at)]]);
    }
    parts.at(-1)?.push([lonOf(point) - turn * 360, latOf(point)]);
  });
  return parts.filter((part) => part.length > 1);
}

const turnOf = (point: Position) => Math.round(lonOf(point) / 360);

function crossing(from: Position, to: Position, meridian: number): Position {
  const share = (meridian - lonOf(from)) / (lonOf(to) - lonOf(from));
  return [meridian, latOf(from) + (latOf(to) - latOf(from)) * share];
}

const lonOf = (point: Position) => point[0] as number;
const latOf = (point: Position) => point[1] as number;
