/** Which satellite is under the pointer: among the projected points, on the near side only. */

import { Shown } from "./frames";
import { between, type ScreenPoint, type Vec3, type View } from "./geometry";
import type { Moment } from "./timeline";

/** How far from a point a click still counts, CSS pixels. */
export const REACH_PX = 10;
/** The same for a finger. */
export const TOUCH_REACH_PX = 18;

/** Place of a satellite at a moment; null if it is not drawn. */
export function placeAt(moment: Moment, index: number): Vec3 | null {
  if (index < 0 || index >= moment.to.count || moment.to.shown[index] === Shown.HIDDEN) return null;
  const from = placeIn(moment.from.places, index);
  const to = placeIn(moment.to.places, index);
  return from && to ? between(from, to, moment.share) : null;
}

function placeIn(places: Float32Array, index: number): Vec3 | null {
  const at = index * 3;
  const x = places[at] ?? 0;
  const y = places[at + 1] ?? 0;
  const z = places[at + 2] ?? 0;
  return x === 0 && y === 0 && z === 0 ? null : [x, y, z];
}

/** Index of the satellite nearest to a point of the screen; -1 if none is within reach. */
export function nearestSatellite(
  view: View,
  moment: Moment,
  pointer: ScreenPoint,
  reachPx = REACH_PX,
): number {
  let nearest = -1;
  let distance = reachPx;
  for (let index = 0; index < moment.to.count; index++) {
    const place = placeAt(moment, index);
    const point = place && view.project(place);
    if (!point) continue;
    const away = Math.hypot(point.x - pointer.x, point.y - pointer.y);
    if (away < distance) {
      distance = away;
      nearest = index;
    }
  }
  return nearest;
}

/** How many satellites the picture shows now: on the near side and within the screen. */
export function countShown(view: View, moment: Moment): number {
  let count = 0;
  for (let index = 0; index < moment.to.count; index++) {
    const place = placeAt(moment, index);
    const point = place && view.project(place);
    if (point && point.x >= 0 && point.x <= view.width && point.y >= 0 && point.y <= view.height) {
      count += 1;
    }
  }
  return count;
}
