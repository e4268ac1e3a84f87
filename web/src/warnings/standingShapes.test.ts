import { expect, test } from "vitest";
import { ShapeError } from "../api/validate";
import { askingOf, sensorsOf, standingWarnings, wholeOf } from "./standingShapes";

const one = {
  id: "0".repeat(32),
  channel: "exercise",
  level: "exercise",
  state: "standing",
  headline: { it: "Onda", en: "Wave" },
  area: "Ionio",
  outline: null,
  people: null,
  sensors: ["office/buoy-1"],
  missing: [],
  needed: 1,
  until: 1_800_000_000,
  by: ["anna.rossi"],
  alarms: [{ sensor: "office/buoy-1", at: 1, reading: "0.8 m" }],
  problem: "",
  command: null,
};

test("a list is taken as it is meant, and nothing else", () => {
  expect(standingWarnings({ on: true, standing: [one] }, "it").standing[0]?.needed).toBe(1);
  for (const change of [{ state: "gone" }, { channel: "real" }, { sensors: [1] }, { alarms: [2] }])
    expect(() => standingWarnings({ on: true, standing: [{ ...one, ...change }] }, "it")).toThrow(
      ShapeError,
    );
});

test("what waits or could not go out asks for somebody", () => {
  const all = [
    one,
    { ...one, problem: "no" },
    { ...one, state: "waiting", command: "a" },
    { ...one, state: "withdrawn" },
  ];
  expect(askingOf(standingWarnings({ on: true, standing: all }, "it").standing)).toBe(2);
});

test("sensors are signed in order, each once", () => {
  expect(sensorsOf("ship/tender\noffice/b, office/a\noffice/b\n")).toEqual([
    "office/a",
    "office/b",
    "ship/tender",
  ]);
  for (const wrong of ["", "  \n", "person/anna.rossi", "office/", "office/A", "office/a/b"])
    expect(sensorsOf(wrong)).toBeNull();
  expect(sensorsOf(Array.from({ length: 201 }, (_, n) => `office/s${n}`).join("\n"))).toBeNull();
});

test("numbers are whole and within their bounds", () => {
  expect(wholeOf(" 30 ", 1, 366)).toBe(30);
  for (const wrong of ["", "0", "367", "1.5", "-1", "1e2", "99999"])
    expect(wholeOf(wrong, 1, 366)).toBeNull();
});
