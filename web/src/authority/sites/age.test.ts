import { describe, expect, it } from "vitest";
import { ageOf } from "./age";

const DAY = 86_400;
const END = 1_800_000_000;

describe("the age of a certificate", () => {
  const office = { not_after: END, accepted_until: END + 300 };
  const ship = { not_after: END, accepted_until: END + 30 * DAY + 300 };

  it("of an office runs through two thirds, then renewal, then nothing", () => {
    expect(ageOf("office/roma", office, END - 7 * DAY)).toMatchObject({ stage: "young", now: 0 });
    const due = ageOf("office/roma", office, END - DAY);
    expect(due).toMatchObject({ stage: "renewing", end: 1, hasGrace: false, next: END });
    expect(due?.renewal).toBeCloseTo(2 / 3);
    expect(ageOf("office/roma", office, END + 1)).toMatchObject({ stage: "over", next: null });
  });

  it("of a ship goes on into its grace", () => {
    const away = ageOf("ship/bergamini", ship, END + 10 * DAY);
    expect(away).toMatchObject({ stage: "grace", hasGrace: true, next: ship.accepted_until });
    expect(away?.end).toBeCloseTo(0.5, 3);
    expect(away?.renewal).toBeCloseTo(1 / 3, 3);
    expect(ageOf("ship/bergamini", ship, END + 40 * DAY)?.stage).toBe("over");
  });

  it("never leaves the bar, and is none for what is no edge", () => {
    for (const now of [0, END - 31 * DAY, END, END + 90 * DAY]) {
      const age = ageOf("ship/bergamini", ship, now);
      expect(age?.now).toBeGreaterThanOrEqual(0);
      expect(age?.now).toBeLessThanOrEqual(1);
    }
    expect(ageOf("person/anna.rossi/phone", office, END)).toBeNull();
  });
});
