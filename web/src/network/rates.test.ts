import { describe, expect, it } from "vitest";
import { flowOf, LONGEST_S, partOf, rateBps, ratesOf, totalOf } from "./rates";

describe("a rate", () => {
  it("is what was added over the time between", () => {
    expect(rateBps(1_000, 3_500, 2)).toBe(10_000);
    expect(rateBps(7, 7, 2)).toBe(0);
  });

  it("is unknown after a new start, at the first answer and over a long gap", () => {
    expect(rateBps(undefined, 5, 2)).toBeNull();
    expect(rateBps(5, 4, 2)).toBeNull();
    expect(rateBps(4, 5, 0)).toBeNull();
    expect(rateBps(4, 5, LONGEST_S + 0.1)).toBeNull();
    expect(rateBps(4, 5, LONGEST_S)).not.toBeNull();
  });
});

describe("rates by name", () => {
  const count = (name: string, sent_octets: number, received_octets: number) => ({
    name,
    sent_octets,
    received_octets,
  });
  const before = { value: [count("sky", 100, 0), count("fibre", 50, 9)], atS: 10 };
  const now = {
    value: [count("fibre", 150, 8), count("geo", 1, 1), count("sky", 100, 500)],
    atS: 12,
  };

  it("go by the name, not by the place in the list", () => {
    const { up, down } = flowOf(before, now, (each) => each.name);
    expect([...up]).toEqual([
      ["fibre", 400],
      ["sky", 0],
    ]);
    expect([...down]).toEqual([["sky", 2_000]]);
    expect(totalOf(up)).toBe(400);
  });

  it("are none before the second answer", () => {
    const rates = ratesOf(
      null,
      now,
      (each) => each.name,
      (each) => each.sent_octets,
    );
    expect(rates.size).toBe(0);
    expect(totalOf(rates)).toBeNull();
  });

  it("keep the time of their answer", () => {
    expect(partOf(before, (value) => value[0])).toEqual({ value: before.value[0], atS: 10 });
    expect(partOf(before, (value) => value[7])).toBeNull();
    expect(partOf(null, () => 1)).toBeNull();
  });
});
