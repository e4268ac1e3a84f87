import type { Position } from "geojson";
import { describe, expect, it } from "vitest";
import atlas from "world-atlas/countries-50m.json?raw";
import { cutLines, cutPolygons } from "./antimeridian";
import { landOf } from "./land";

function area(ring: Position[]): number {
  let sum = 0;
  for (let i = 1; i < ring.length; i++) {
    const [a, b] = [ring[i - 1] as Position, ring[i] as Position];
    sum += (a[0] as number) * (b[1] as number) - (b[0] as number) * (a[1] as number);
  }
  return Math.abs(sum) / 2;
}
const areas = (polygons: Position[][][]) => polygons.map(([outer]) => area(outer as Position[]));

describe("cutting at 180° E", () => {
  it("leaves alone what does not cross", () => {
    const square: Position[] = [
      [0, 0],
      [10, 0],
      [10, 10],
      [0, 10],
      [0, 0],
    ];
    expect(cutPolygons({ type: "Polygon", coordinates: [square] }).coordinates).toEqual([[square]]);
  });

  it("cuts what crosses into both sides, of the same area together", () => {
    const across: Position[] = [
      [170, 0],
      [-160, 0],
      [-160, 10],
      [170, 10],
      [170, 0],
    ];
    const { coordinates } = cutPolygons({ type: "Polygon", coordinates: [across] });
    expect(areas(coordinates).sort((a, b) => a - b)).toEqual([100, 200]);
    for (const [lon] of coordinates.flat(2))
      expect(Math.abs(lon as number)).toBeLessThanOrEqual(180);
  });

  it("closes a ring round a pole by way of the pole", () => {
    const ring: Position[] = [-180, -90, 0, 90, 180].map((lon) => [lon, -70]);
    ring[4] = [-180, -70];
    const { coordinates } = cutPolygons({ type: "Polygon", coordinates: [ring] });
    expect(areas(coordinates).reduce((a, b) => a + b)).toBeCloseTo(360 * 20, 6);
  });

  it("cuts lines and keeps their ends", () => {
    const cut = cutLines({
      type: "MultiLineString",
      coordinates: [
        [
          [170, 0],
          [-170, 10],
          [-160, 10],
        ],
      ],
    });
    expect(cut.coordinates).toEqual([
      [
        [170, 0],
        [180, 5],
      ],
      [
        [-180, 5],
        [-170, 10],
        [-160, 10],
      ],
    ]);
  });

  it("makes the atlas fit for a plane: no jump, no shape round the world", () => {
    const land = landOf(JSON.parse(atlas));
    const rings = land.land.features.flatMap((f) =>
      f.geometry.type === "MultiPolygon" ? f.geometry.coordinates.flat() : [],
    );
    expect(rings.length).toBeGreaterThan(1000);
    for (const ring of rings) {
      for (let i = 1; i < ring.length; i++) {
        const step = Math.abs((ring[i]?.[0] ?? 0) - (ring[i - 1]?.[0] ?? 0));
        // Only Antarctica's edge at the pole may run far.
        if (step > 90) expect(ring[i]?.[1]).toBe(-90);
      }
    }
    const total = rings.reduce((sum, ring) => sum + area(ring), 0);
    // Land covers about 21,500 square degrees of the plane, Antarctica's stretch included.
    expect(total).toBeGreaterThan(19_000);
    expect(total).toBeLessThan(24_000);
  });
});
