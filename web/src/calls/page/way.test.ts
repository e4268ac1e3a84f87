import { describe, expect, it } from "vitest";
import { servingNow } from "./way";

const TOLD = { told: true, name: "STARLINK-30123", slot: 1_773_480_012, left_s: 9.5 };

describe("the satellite of the moment", () => {
  it("is shown with its slot, and is gone with it", () => {
    const serves = { kind: "serves", name: "STARLINK-30123", slot: 1_773_480_012 };
    expect([0, 9.4, 9.5, 3600].map((age) => servingNow(TOLD, age))).toEqual([
      serves,
      serves,
      { kind: "unknown" },
      { kind: "unknown" },
    ]);
  });

  it("is none where the sky gives none, for this slot alone", () => {
    const none = { ...TOLD, name: null };
    expect(servingNow(none, 1)).toEqual({ kind: "none" });
    expect(servingNow(none, 10)).toEqual({ kind: "unknown" });
  });

  it("is not known of another moment, and not told at all in the field", () => {
    const nothing = { told: true, name: null, slot: null, left_s: null };
    expect(servingNow(nothing, 0)).toEqual({ kind: "unknown" });
    expect(servingNow({ ...nothing, told: false }, 0)).toEqual({ kind: "untold" });
  });
});
