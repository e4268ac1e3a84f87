/** Whether corners that were drawn are an area, and the one to ask the authority for. */

import type { Corner, Corners } from "../flatMap/drawing";
import type { AskedArea } from "./shapes";

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

/** Whether two sides cross. */
function cross(a: Corner, b: Corner, c: Corner, d: Corner): boolean {
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

const side = (a: Corner, b: Corner, c: Corner): number =>
  Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
