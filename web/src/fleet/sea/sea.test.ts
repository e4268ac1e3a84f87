import { describe, expect, it } from "vitest";
import type { Rule, Sea } from "../../api/fleet";
import {
  colourOf,
  domainOf,
  frameAt,
  NOTHING_PASSES,
  RAMP,
  rulesOf,
  shapesOf,
  unitOf,
} from "./sea";

const frame = (start: number, values: (number | null)[]) => ({ start, end: start + 900, values });
const SEA: Sea = {
  layer: "round-trip",
  span: frame(0, [30, 40, null]),
  frames: [frame(0, [30, 50, null]), frame(900, [30, 40, 60])],
  worst: [],
};
const rule = (gateways: string[] | null, not_in_countries: string[] = []): Rule => ({
  gateways,
  not_in_countries,
  lasers: "required",
});

describe("the sea", () => {
  it("has colours from the worst to the best, the same in every frame", () => {
    const domain = domainOf(SEA);
    expect(domain).toEqual({ worst: 60, best: 30 });
    expect(colourOf(30, domain)).toBe(RAMP.at(-1));
    expect(colourOf(60, domain)).toBe(RAMP[0]);
    expect(colourOf(999, domain)).toBe(RAMP[0]);
    expect(colourOf(null, domain)).toBe(NOTHING_PASSES);
    expect(domainOf({ ...SEA, layer: "rate" })).toEqual({ worst: 30, best: 60 });
    expect(colourOf(5, { worst: 5, best: 5 })).toBe(RAMP.at(-1));
  });

  it("has no domain where nothing passes", () => {
    const none = { ...SEA, span: frame(0, [null]), frames: [] };
    expect(domainOf(none)).toBeNull();
    expect(colourOf(null, null)).toBe(NOTHING_PASSES);
  });

  it("gets lighter all the way", () => {
    const light = (colour: string) =>
      [0.2126, 0.7152, 0.0722].reduce(
        (sum, weight, k) =>
          sum + weight * (Number.parseInt(colour.slice(1 + 2 * k, 3 + 2 * k), 16) / 255) ** 2.2,
        0,
      );
    const all = Array.from({ length: 50 }, (_, k) => light(colourOf(k, { worst: 0, best: 49 })));
    for (let k = 1; k < all.length; k++) expect(all[k]).toBeGreaterThan(all[k - 1] as number);
  });

  it("shows the whole span first, then a frame each", () => {
    expect(frameAt(SEA, 0)).toBe(SEA.span);
    expect(frameAt(SEA, 2)).toBe(SEA.frames[1]);
    expect(frameAt(SEA, 99)).toBe(SEA.frames[1]);
    const cell = {
      id: "a",
      lat_deg: 0,
      lon_deg: 0,
      boundary: [
        [0, 0],
        [1, 0],
        [0, 1],
      ] as [number, number][],
    };
    const [shape] = shapesOf([cell], SEA.span, domainOf(SEA)).features;
    expect(shape?.geometry).toMatchObject({
      coordinates: [
        [
          [0, 0],
          [1, 0],
          [0, 1],
          [0, 0],
        ],
      ],
    });
  });

  it("names each rule once, and none that allows everything", () => {
    const rules = rulesOf([
      { name: "A", rule: rule(null, ["BG"]) },
      { name: "B", rule: rule(null) },
      { name: "C", rule: rule(null, ["BG"]) },
      { name: "D", rule: rule(["Marsala"]) },
    ]);
    expect(rules.map(({ names }) => names)).toEqual([["A", "C"], ["D"]]);
    expect(rules[0]?.rule.lasers).toBe("any");
    expect(
      ["rate", "round-trip", "trusted-availability"].map((each) => unitOf(each as "rate")),
    ).toEqual(["Mbit/s", "ms", "%"]);
  });
});
