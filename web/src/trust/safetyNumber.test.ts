import { describe, expect, it } from "vitest";
import { utf8 } from "./octets";
import { GROUPS, safetyNumber } from "./safetyNumber";

const [ANNA, BRUNO, CARLA] = [utf8("a key"), utf8("another key"), utf8("a third key")];

describe("safety numbers", () => {
  it("are the same at both ends, and differ by key and community", async () => {
    const number = await safetyNumber(ANNA, BRUNO, "italia.example");
    expect(number).toHaveLength(GROUPS);
    expect(number.every((group) => /^[0-9]{5}$/.test(group))).toBe(true);
    expect(await safetyNumber(BRUNO, ANNA, "italia.example")).toEqual(number);
    expect(await safetyNumber(ANNA, BRUNO, "francia.example")).not.toEqual(number);
    const other = await safetyNumber(ANNA, CARLA, "italia.example");
    // One key's half stands in both, which is why nobody between two finds keys by pairs.
    expect(number.filter((group) => other.includes(group)).length).toBeGreaterThanOrEqual(4);
    expect(other).not.toEqual(number);
  });
});
