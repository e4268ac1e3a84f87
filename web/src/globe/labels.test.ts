import { expect, it } from "vitest";
import { fittingSide } from "./labels";

it("puts names beside one another and leaves out the one that finds no place", () => {
  const taken: { left: number; top: number; right: number; bottom: number }[] = [];
  const sides = [0, 1, 2, 3, 4].map(() => {
    const fit = fittingSide({ x: 100, y: 100 }, 60, taken);
    if (fit) taken.push(fit.box);
    return fit?.side ?? null;
  });
  expect(sides).toEqual(["right", "left", "above", "below", null]);
});

it("slips between when only a corner is free", () => {
  const dot = { x: 100, y: 100 };
  const taken = [
    { left: 110, top: 96, right: 170, bottom: 104 },
    { left: 30, top: 96, right: 90, bottom: 104 },
    { left: 70, top: 75, right: 100, bottom: 91 },
    { left: 70, top: 109, right: 100, bottom: 125 },
  ];
  expect(fittingSide(dot, 60, taken)?.side).toBe("rising");
});
