/** Degrees on a small flat picture: what an outline looks like where it is. Pure. */

import type { Position } from "geojson";
import type { Bounds } from "../flatMap/drawing";

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** What the picture shows, degrees. */
  readonly bounds: Bounds;
}

const WIDTH = 320;
const HEIGHT = 220;
/** Degrees that a picture shows at the least, so that one knows where it is. */
const LEAST = 1.2;
const MARGIN = 0.25;

const narrowing = (bounds: Bounds) =>
  Math.max(Math.cos(((bounds[1] + bounds[3]) / 2) * (Math.PI / 180)), 0.05);

/** A picture that holds some bounds with room around, east-west shrunk as it is at that latitude. */
export function frameOf(bounds: Bounds): Frame {
  const [west, south, east, north] = bounds;
  const shrink = narrowing(bounds);
  const wanted = {
    x: Math.max((east - west) * (1 + 2 * MARGIN), LEAST),
    y: Math.max((north - south) * (1 + 2 * MARGIN), LEAST),
  };
  const scale = Math.min(WIDTH / (wanted.x * shrink), HEIGHT / wanted.y);
  const [halfX, halfY] = [WIDTH / scale / shrink / 2, HEIGHT / scale / 2];
  const [x, y] = [(west + east) / 2, (south + north) / 2];
  return { width: WIDTH, height: HEIGHT, bounds: [x - halfX, y - halfY, x + halfX, y + halfY] };
}

/** An SVG path of rings. */
export function pathOf(rings: readonly (readonly Position[])[], frame: Frame): string {
  const [west, south, east, north] = frame.bounds;
  const tidy = (value: number) => Math.round(value * 10) / 10;
  return rings
    .map((ring) => {
      const points = ring.map(([lon = 0, lat = 0]) => {
        const x = ((lon - west) / (east - west)) * frame.width;
        const y = ((north - lat) / (north - south)) * frame.height;
        return `${tidy(x)} ${tidy(y)}`;
      });
      return points.length > 0 ? `M${points.join("L")}Z` : "";
    })
    .join("");
}
