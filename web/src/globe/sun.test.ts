import { expect, it } from "vitest";
import { sunDirection } from "./sun";

const at = (iso: string) => sunDirection(Date.parse(iso) / 1000);
const degrees = Math.PI / 180;

// Times of the equinox and the solstices of 2025 as published by the US Naval Observatory.
it("stands over the equator at the equinox and over the tropic at the solstice", () => {
  expect(Math.asin(at("2025-03-20T09:01:00Z")[1]) / degrees).toBeCloseTo(0, 1);
  expect(Math.asin(at("2025-06-21T02:42:00Z")[1]) / degrees).toBeCloseTo(23.436, 1);
  expect(Math.asin(at("2025-12-21T15:03:00Z")[1]) / degrees).toBeCloseTo(-23.436, 1);
});

// The equation of time passes through zero on 15 April (US Naval Observatory).
it("stands in the south of Greenwich at noon in mid April", () => {
  const [x, , z] = at("2025-04-15T12:00:00Z");
  expect(Math.atan2(x, z) / degrees).toBeCloseTo(0, 0);
});
