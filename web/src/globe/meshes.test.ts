import { describe, expect, it } from "vitest";
import type { Loads, Rain } from "../api/paths";
import { LOAD_BANDS, LOAD_LIMITS, RAIN_BANDS } from "./bands";
import { sphereOf } from "./geometry";
import { bandOf, cellMesh, cellSummary, cellValues, rainMesh, rainSummary } from "./meshes";
import { MOST_BANDS } from "./meshLayer";

/** A square at 12° E 42° N and a triangle beside it. */
const cells = {
  numbers: ["a", "b"],
  boundaries: [
    [1200, 4200, 10, 0, 0, 10, -10, 0],
    [1300, 4200, 10, 0, 0, 10],
  ],
};
const loads = (load_percent: number[], reason: number[]): Loads => ({
  slot: 1,
  cells: "0",
  load_percent,
  reason,
});

describe("cells", () => {
  it("become fans of triangles on the ground", () => {
    const mesh = cellMesh(cells);
    expect([...mesh.starts]).toEqual([0, 4, 7]);
    expect([...mesh.triangles]).toEqual([0, 1, 2, 0, 2, 3, 4, 5, 6]);
    const third = [...mesh.places.slice(6, 9)];
    sphereOf(42.1, 12.1).forEach((value, axis) => {
      expect(third[axis]).toBeCloseTo(value, 6);
    });
  });

  it("carry their load at every corner, and a mark where somebody is refused", () => {
    const { starts } = cellMesh(cells);
    expect([...cellValues(loads([55, 7], [0, 0]), starts)]).toEqual([55, 55, 55, 55, 7, 7, 7]);
    expect([...cellValues(loads([55, -1], [3, 3]), starts)]).toEqual([
      1055, 1055, 1055, 1055, 1000, 1000, 1000,
    ]);
  });

  it("are counted in bands of load, the refused ones apart", () => {
    const summary = cellSummary(loads([0, 20, 79, 100, -1], [0, 0, 0, 3, 3]), LOAD_LIMITS);
    expect(summary).toEqual({ cells: 5, refused: 2, meanLoad: 199 / 4, inBand: [1, 1, 0, 1, 0] });
    expect(cellSummary(loads([], []), LOAD_LIMITS).meanLoad).toBe(0);
  });
});

describe("rain", () => {
  const grid: Rain = {
    slot: 1,
    seed: 1,
    south_deg: 40,
    west_deg: 10,
    step_deg: 0.5,
    columns: 3,
    tenths_mm_h: [0, 0, 0, 0, 0, 25],
  };
  it("is drawn where it rains only", () => {
    const mesh = rainMesh(grid);
    expect([...mesh.triangles]).toEqual([1, 2, 5, 1, 5, 4]);
    expect(mesh.values[5]).toBe(2.5);
    sphereOf(40.5, 11).forEach((value, axis) => {
      expect(mesh.places[15 + axis]).toBeCloseTo(value, 6);
    });
    expect(rainSummary(grid)).toEqual({ share: 1 / 6, heaviest: 2.5 });
  });

  it("is nothing where all is dry by choice", () => {
    const dry = { ...grid, columns: 0, tenths_mm_h: [] };
    expect(rainMesh(dry).triangles.length).toBe(0);
    expect(rainSummary(dry)).toEqual({ share: 0, heaviest: 0 });
  });
});

describe("bands", () => {
  /** Relative luminance (WCAG 2.2) of a colour. */
  const luminance = (colour: readonly number[]) =>
    colour.reduce((sum, value, channel) => {
      const share = value / 255;
      const linear = share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      return sum + linear * ([0.2126, 0.7152, 0.0722][channel] ?? 0);
    }, 0);

  it("have a colour each, and grow steadily lighter or darker", () => {
    for (const { limits, colours, opacities } of [
      ...Object.values(LOAD_BANDS),
      ...Object.values(RAIN_BANDS),
    ]) {
      expect(colours.length).toBe(limits.length + 1);
      expect(opacities.length).toBe(colours.length);
      expect(colours.length).toBeLessThanOrEqual(MOST_BANDS);
      const steps = colours
        .slice(1)
        .map((colour, i) => luminance(colour) - luminance(colours[i] ?? []));
      expect(steps.every((step) => step > 0) || steps.every((step) => step < 0)).toBe(true);
    }
  });

  it("begin at their limits", () => {
    expect([0, 19.9, 20, 100].map((value) => bandOf(value, LOAD_LIMITS))).toEqual([0, 0, 1, 4]);
  });
});
