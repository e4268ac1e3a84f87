import { describe, expect, it } from "vitest";
import { PATIENT_EVERY_MS, Patience, senderOf } from "./patience";

const [ANNA, BRUNO] = ["person/anna.rossi", "person/bruno.verdi"] as const;

describe("what cannot be judged yet", () => {
  it("is waited for once a minute for each person, until it is passed over", () => {
    const patience = new Patience();
    expect(patience.has(BRUNO, "a", 0)).toBe(true);
    expect(patience.has(BRUNO, "a", 8_000)).toBe(true);
    expect(patience.has(BRUNO, "b", 12_000)).toBe(false);
    expect(patience.has(ANNA, "c", 12_000)).toBe(true);
    expect(patience.has(BRUNO, "d", PATIENT_EVERY_MS)).toBe(true);
    expect(patience.has(BRUNO, "e", 0)).toBe(true); // the clock was put back
  });

  it("counts by the person, whichever device sends it", () => {
    for (const device of ["phone", "tablet"]) {
      expect(senderOf({ from: `${BRUNO}/${device}` })).toBe(BRUNO);
    }
    for (const none of [null, [], "x", {}, { from: 1 }]) expect(senderOf(none)).toBe("");
  });
});
