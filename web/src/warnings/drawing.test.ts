import { describe, expect, it } from "vitest";
import {
  type Corners,
  MOST_CORNERS,
  moved,
  read,
  withCorner,
  withoutLast,
  written,
} from "../flatMap/drawing";
import { readContours } from "./areaFile";
import { askedOf, flawOf } from "./askedArea";
import { circleOf, numberOf } from "./circle";
import { localOf, timeOfLocal } from "./localTime";

const square: Corners = [
  [13, 42],
  [14, 42],
  [14, 43],
  [13, 43],
];

describe("a drawn area", () => {
  it("grows corner by corner, and takes none twice", () => {
    const one = withCorner([], [13.1234567, 42.7654321]);
    expect(one).toEqual([[13.12346, 42.76543]]);
    expect(withCorner(one, [13.1234567, 42.7654321])).toBe(one);
    expect(withCorner([], [193, 0])).toEqual([[-167, 0]]);
    expect(withoutLast(square)).toHaveLength(3);
    const many = Array.from({ length: MOST_CORNERS }, (_, at): [number, number] => [at, 0]);
    expect(withCorner(many, [5, 5])).toBe(many);
  });

  it("is one from three corners on, if its sides do not cross", () => {
    expect(flawOf(square.slice(0, 2))).toBe("few");
    expect(flawOf(square.slice(0, 3))).toBeNull();
    expect(flawOf(square)).toBeNull();
    const bow = moved(moved(square, 1, [14, 43]), 2, [14, 42]);
    expect(flawOf(bow)).toBe("crosses");
    expect(askedOf(bow)).toBeNull();
    const asked = askedOf(square);
    expect(asked?.rings).toEqual([[...square, square[0]]]);
  });

  it("is written and read as latitude and longitude", () => {
    expect(written(square.slice(0, 1))).toBe("42, 13");
    expect(read(written(square))).toEqual(square);
    expect(read("42.5;13.5\n\n 42 14 \n")).toEqual([
      [13.5, 42.5],
      [14, 42],
    ]);
    for (const wrong of ["42", "here", "95, 13", "42, 181", "42, 13, 5", "4,2, 13"]) {
      expect(read(wrong), wrong).toBeNull();
    }
    expect(read("")).toEqual([]);
  });
});

describe("a circle", () => {
  it("is asked for once it is whole", () => {
    expect(circleOf("", "13", "10")).toEqual({ area: null, wrong: null });
    expect(circleOf("42,79", "13.09", "10").area).toEqual({
      kind: "circle",
      lat_deg: 42.79,
      lon_deg: 13.09,
      radius_km: 10,
    });
  });
  it.each([
    ["90", "13", "10", "lat"],
    ["42", "200", "10", "lon"],
    ["42", "13", "0", "radius"],
    ["42", "13", "501", "radius"],
    ["42", "13", "ten", "radius"],
    ["1e9", "13", "1", "lat"],
  ])("of %s, %s, %s says what is wrong", (lat, lon, radius, wrong) => {
    expect(circleOf(lat, lon, radius)).toEqual({ area: null, wrong });
  });
  it("takes no number for none", () => {
    expect(numberOf("")).toBeNaN();
    expect(numberOf("-12,5")).toBe(-12.5);
  });
});

describe("a file of contours", () => {
  const feature = (value: unknown) => ({ properties: { value }, geometry: {} });
  const file = (...values: unknown[]) =>
    JSON.stringify({ type: "FeatureCollection", features: values.map(feature) });
  it("tells its values in order", () => {
    expect(readContours(file(6, 4.5, 6))).toMatchObject({ ok: true, values: [4.5, 6] });
  });
  it.each([
    ["{", "json"],
    ["null", "contours"],
    ["[]", "contours"],
    [file(), "contours"],
    [file("6"), "contours"],
    [file(6, null), "contours"],
    [" ".repeat(190_001), "large"],
  ])("is refused for %#", (text, why) => {
    expect(readContours(text)).toEqual({ ok: false, why });
  });
});

it("moments go into a field of the browser's clock and back", () => {
  const time = 1_795_000_020;
  expect(timeOfLocal(localOf(time))).toBe(time);
  expect(localOf(null)).toBe("");
  expect(timeOfLocal("")).toBeNull();
  expect(timeOfLocal("soon")).toBeNull();
});
