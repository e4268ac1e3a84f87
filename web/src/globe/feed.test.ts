import { expect, it } from "vitest";
import { waitBefore } from "./feed";

it("waits longer after each failed attempt, up to a quarter of a minute", () => {
  expect([0, 1, 2, 3, 4, 5, 50].map(waitBefore)).toEqual([0.5, 1, 2, 4, 8, 15, 15]);
});
