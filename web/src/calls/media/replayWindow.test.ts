import { describe, expect, it } from "vitest";
import { ReplayWindow, WINDOW } from "./replayWindow";
import { random } from "./seeded.testing";

describe("the window of counters", () => {
  it("lets every counter pass once, whatever the order", () => {
    const chance = random(6479);
    for (let trial = 0; trial < 200; trial++) {
      const window = new ReplayWindow();
      const passed = new Set<number>();
      let newest = 0;
      for (let step = 0; step < 400; step++) {
        const ahead = chance.below(50) === 0 ? 5 * WINDOW : 64;
        const counter = Math.max(0, newest - 40 + chance.below(ahead));
        const may = !passed.has(counter) && newest - counter <= WINDOW;
        expect(window.isNew(counter)).toBe(may);
        expect(window.accept(counter)).toBe(may);
        passed.add(counter);
        newest = Math.max(newest, counter);
      }
    }
  });

  it("counts all that is behind it as passed", () => {
    const window = new ReplayWindow();
    expect(window.accept(5 + WINDOW)).toBe(true);
    expect([window.isNew(4), window.isNew(5), window.accept(5), window.accept(5)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(window.accept(2 ** 40)).toBe(true);
    expect([window.isNew(2 ** 40 - 1), window.isNew(5 + WINDOW)]).toEqual([true, false]);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])("knows no counter %d", (counter) => {
    expect(new ReplayWindow().accept(counter)).toBe(false);
  });
});
