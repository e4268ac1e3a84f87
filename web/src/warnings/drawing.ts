/** An area drawn corner by corner: the values behind mouse, finger and keys. Degrees. */

import type { AskedArea } from "./shapes";

/** Longitude, latitude. */
export type Corner = readonly [number, number];
export type Corners = readonly Corner[];

/** As many as the authority simplifies to, and more than a hand sets. */
export const MOST_CORNERS = 100;
/** A metre in digits of degrees is enough for an area that beams are to light. */
const DIGITS = 5;

const tidy = ([lon, lat]: Corner): Corner => [
  Number((((((lon + 180) % 360) + 360) % 360) - 180).toFixed(DIGITS)),
  Number(lat.toFixed(DIGITS)),
];

export function withCorner(corners: Corners, corner: Corner): Corners {
  const set = tidy(corner);
  const last = corners.at(-1);
  const again = last && last[0] === set[0] && last[1] === set[1];
  return again || corners.length >= MOST_CORNERS ? corners : [...corners, set];
}

export function moved(corners: Corners, index: number, corner: Corner): Corners {
  return corners.map((each, at) => (at === index ? tidy(corner) : each));
}

export const withoutLast = (corners: Corners): Corners => corners.slice(0, -1);

export type Flaw = "few" | "crosses";

/** Why the corners are no area yet; null where they are one. */
export function flawOf(corners: Corners): Flaw | null {
  if (corners.length < 3) return "few";
  const sides = corners.map((from, at) => [from, corners[(at + 1) % corners.length]] as const);
  const crossing = sides.some(([a, b], at) =>
    sides.some(([c, d], other) => {
      const beside = Math.abs(at - other) <= 1 || Math.abs(at - other) === sides.length - 1;
      return other > at && !beside && b !== undefined && d !== undefined && cross(a, b, c, d);
    }),
  );
  return crossing ? "crosses" : null;
}

/** The area to ask the authority for; null while it is none. */
export function askedOf(corners: Corners): AskedArea | null {
  const first = corners[0];
  if (!first || flawOf(corners)) return null;
  return { kind: "polygon", rings: [[...corners, first].map(([lon, lat]) => [lon, lat])] };
}

/** Corners as lines of "latitude, longitude", as people write and read out places. */
export const written = (corners: Corners): string =>
  corners.map(([lon, lat]) => `${lat}, ${lon}`).join("\n");

/** Corners of such lines; null where a line is none. */
export function read(text: string): Corners | null {
  const found: Corner[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const numbers = /^\s*(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)\s*$/.exec(line);
    const [lat, lon] = [Number(numbers?.[1]), Number(numbers?.[2])];
    if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) return null;
    found.push([lon, lat]);
  }
  return found.length <= MOST_CORNERS ? found : null;
}

/** Whether two sides cross. */
function cross(a: Corner, b: Corner, c: Corner, d: Corner): boolean {
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

const side = (a: Corner, b: Corner, c: Corner): number =>
  Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
