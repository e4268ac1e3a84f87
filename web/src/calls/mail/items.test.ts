import { describe, expect, it } from "vitest";
import vectors from "../signalling/mailSigning.vectors.json";
import { nameOf, numberOf } from "./items";

describe("what a device says that it keeps", () => {
  const { items, name } = vectors.brought;

  it("has the name that the authority knows it by", async () => {
    expect(await nameOf(items)).toBe(name);
    expect(await nameOf(items.slice(0, 1))).not.toBe(name);
    expect(await nameOf([...items].reverse())).not.toBe(name);
  });

  it("is all that was brought, whether it is in any form or not", async () => {
    const names = await Promise.all(
      [[{ number: 5 }], [{ number: 5, more: 1 }], ["rubbish"], [null], [[]]].map(nameOf),
    );
    expect(new Set(names).size).toBe(names.length);
    for (const each of [null, "5", [], {}, { number: 0 }, { number: 1.5 }, { number: "5" }]) {
      expect(numberOf(each)).toBe(0);
    }
  });
});
