import type { MultiPolygon } from "geojson";
import { describe, expect, it } from "vitest";
import { areasOf, askedCells, boundsOf, drawnShapes, reachedCells } from "./mapShapes";
import { frameOf, pathOf } from "./picture";
import { CHART, curvePath, spanOf, yOf } from "./reachChart";
import type { CellCollection, Reach, Warning } from "./shapes";

const outline: MultiPolygon = {
  type: "MultiPolygon",
  coordinates: [
    [
      [
        [13, 42],
        [14, 42],
        [14, 43],
        [13, 42],
      ],
    ],
  ],
};
const warning = (id: string, state: Warning["state"]) =>
  ({ id, state, channel: "test", area: { description: "", outline } }) as unknown as Warning;
const colours = { public: "#111111", exercise: "#222222", test: "#333333" };

describe("the map shows", () => {
  it("what is in force, what waits, and what is looked at", () => {
    const all = [warning("a", "released"), warning("b", "waiting"), warning("c", "expired")];
    const ids = (chosen: string | null) =>
      areasOf(all, chosen, colours).features.map(({ properties }) => properties?.id);
    expect(ids(null)).toEqual(["a", "b"]);
    expect(ids("c")).toEqual(["a", "b", "c"]);
    expect(areasOf(all, null, colours).features[1]?.properties).toMatchObject({
      colour: "#333333",
      waiting: true,
    });
  });

  it("the share of each cell, and the beams that shine", () => {
    const cells: CellCollection = {
      type: "FeatureCollection",
      features: ["x", "y"].map((h3) => ({
        type: "Feature",
        geometry: outline,
        properties: { h3, share: 0.25 },
      })),
    };
    const reach = {
      cells: [["x", 1.2]],
      beams: [{ satellite: "S", cell: "y", until: 1 }],
    } as unknown as Reach;
    const told = reachedCells(cells, reach).features.map(({ properties }) => properties);
    expect(told).toEqual([
      { share: 1, lit: false },
      { share: 0, lit: true },
    ]);
    expect(reachedCells(cells, null).features[0]?.properties).toEqual({ share: 0, lit: false });
    expect(askedCells(cells).features[0]?.properties?.share).toBe(0.25);
  });

  it("corners, then sides, then an area", () => {
    const kinds = (count: number) =>
      drawnShapes(
        [[13, 42] as const, [14, 42] as const, [14, 43] as const].slice(0, count),
      ).features.map(({ geometry }) => geometry.type);
    expect(kinds(0)).toEqual([]);
    expect(kinds(1)).toEqual(["Point"]);
    expect(kinds(2)[0]).toBe("LineString");
    expect(kinds(3)[0]).toBe("Polygon");
  });
});

it("bounds hold every corner, and of nothing there are none", () => {
  expect(boundsOf([outline])).toEqual([13, 42, 14, 43]);
  expect(boundsOf([])).toBeNull();
  expect(boundsOf([{ type: "MultiPolygon", coordinates: [] }])).toBeNull();
});

it("a picture holds its area with room around it", () => {
  const frame = frameOf([13, 42, 14, 43]);
  expect(frame.bounds[0]).toBeLessThan(13);
  expect(frame.bounds[3]).toBeGreaterThan(43);
  const numbers = pathOf(outline.coordinates[0] ?? [], frame).match(/[\d.]+/g) ?? [];
  expect(numbers).toHaveLength(8);
  for (const each of numbers) expect(Number(each)).toBeLessThan(frame.width);
  expect(pathOf([[]], frame)).toBe("");
});

it("the curve runs from nobody to everybody over a round span", () => {
  expect(spanOf([[0, 0]], [[70, 1]])).toBe(120);
  expect(spanOf([])).toBe(10);
  expect(yOf(1)).toBe(CHART.top);
  expect(yOf(7)).toBe(CHART.top);
  const path = curvePath(
    [
      [0, 0],
      [60, 1],
    ],
    120,
  );
  expect(path).toBe(`M40 ${CHART.bottom}L186 ${CHART.top}`);
});
