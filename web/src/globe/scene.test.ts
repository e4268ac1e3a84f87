import { describe, expect, it } from "vitest";
import type { Hop, Route } from "../api/sky";
import { sphereOf, type Vec3 } from "./geometry";
import { MAP_COLOURS } from "./palette";
import { hopEnds, routeLines, servingLines } from "./scene";

const hop = (kind: Hop["kind"], from: string, to: string): Hop => ({
  kind,
  from,
  to,
  length_km: 600,
  delay_ms: 2,
  path: [
    [12, 42, 0],
    [13, 43, 500],
  ],
});
const route: Route = {
  delay_ms: 8,
  gateway: "Foggia",
  point_of_presence: "Milan",
  satellites: [11, 22],
  hops: [
    hop("uplink", "Rome", "A"),
    hop("laser", "A", "B"),
    hop("downlink", "B", "Foggia"),
    hop("fibre", "Foggia", "Milan"),
  ],
};
const places: Record<number, Vec3> = { 11: sphereOf(44, 12, 550), 22: sphereOf(44, 20, 550) };

describe("a route in the picture", () => {
  it("follows its satellites where the picture has them", () => {
    const ends = hopEnds(route, (n) => places[n] ?? null);
    expect(ends[0]?.[1]).toBe(places[11]);
    expect(ends[1]).toEqual([places[11], places[22]]);
    expect(ends[2]?.[0]).toBe(places[22]);
    expect(ends[0]?.[0]).toEqual(sphereOf(42, 12, 0));
    expect(ends[3]).toEqual([sphereOf(42, 12, 0), sphereOf(43, 13, 500)]);
  });

  it("falls back to the answer's own places", () => {
    const ends = hopEnds(route, () => null);
    for (const [from, to] of ends)
      expect([from, to]).toEqual([sphereOf(42, 12, 0), sphereOf(43, 13, 500)]);
  });

  it("is one line from end to end, in the colours of its hops", () => {
    const lines = routeLines(route, (n) => places[n] ?? null, MAP_COLOURS.dark, false);
    expect(lines.map((line) => line.colour)).toEqual(
      (["uplink", "laser", "downlink", "fibre"] as const).map((k) => MAP_COLOURS.dark.hops[k]),
    );
    for (let i = 1; i < lines.length; i++) {
      expect(lines[i]?.along?.[0]).toBe(lines[i - 1]?.along?.[1]);
    }
  });
});

describe("who serves a site", () => {
  const rome = sphereOf(42, 12, 0);
  const served = (slot: number, selected?: string) =>
    servingLines(
      {
        time: 0,
        slot: 10,
        sites: [
          { site: "rome", satellite: 11, reason: "served" },
          { site: "milan", satellite: null, reason: "full" },
        ],
      },
      slot,
      selected,
      () => rome,
      (n) => places[n] ?? null,
      MAP_COLOURS.dark,
    );

  it("is a line from the site to its satellite, wide where it is selected", () => {
    expect(served(10).map(({ from, to }) => [from, to])).toEqual([[rome, places[11]]]);
    expect(served(10, "rome")[0]?.width).toBeGreaterThan(served(10)[0]?.width ?? 9);
  });

  it("is not told of another slot", () => {
    expect(served(13)).toEqual([]);
  });
});
