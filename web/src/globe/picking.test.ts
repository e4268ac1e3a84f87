import { expect, it } from "vitest";
import { decodeFrame } from "./frames";
import { View } from "./geometry";
import { packed } from "./packedFrame.testing";
import { countShown, nearestSatellite, placeAt } from "./picking";

const f = 1 / Math.tan(Math.PI / 6);
/** A camera 3 Earth radii above 0° N 0° E, 400 by 400 pixels. */
const view = new View([f, 0, 0, 0, 0, f, 0, 0, 0, 0, -1.002, -1, 0, 0, 2.986, 3], 400, 400);
const frame = decodeFrame(
  packed(
    [
      [6928, 0, 0],
      [6800, 1300, 0],
      [-6928, 0, 0],
      [6900, 0, 600],
    ],
    [0, 1, 0, 3],
  ),
);
const moment = { skyTime: 0, from: frame, to: frame, share: 0.5 };

it("picks the nearest satellite on the near side and nothing far from all", () => {
  expect(nearestSatellite(view, moment, { x: 203, y: 198 })).toBe(0);
  expect(nearestSatellite(view, moment, { x: 300, y: 300 })).toBe(-1);
});

it("counts and places only what is drawn", () => {
  expect(countShown(view, moment)).toBe(2);
  expect(placeAt(moment, 3)).toBeNull();
  expect(placeAt(moment, 99)).toBeNull();
  expect(placeAt(moment, -1)).toBeNull();
});
