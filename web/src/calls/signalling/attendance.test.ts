import { describe, expect, it } from "vitest";
import { Attendances } from "./attendance";

const NOW = 1_780_000_000;
const DAYS = 3 * 86_400;

describe("when a device attends", () => {
  it("is by the clock again once a clock that ran ahead was set right", () => {
    const attendances = new Attendances("spiffe://italia.example/person/anna.rossi/ahead");
    attendances.next(NOW + DAYS);
    attendances.believed();
    expect(attendances.next(NOW)).toBe(NOW + DAYS + 1);
    attendances.refused(NOW);
    expect(attendances.next(NOW + 8)).toBe(NOW + 8);
    attendances.believed();
    expect(attendances.next(NOW + 8)).toBe(NOW + 9); // believed at once from now on
  });

  it("is a second later each time where the clock was put back", () => {
    const attendances = new Attendances("spiffe://italia.example/person/anna.rossi/back");
    attendances.next(NOW);
    attendances.believed();
    expect(attendances.next(NOW - 60)).toBe(NOW + 1);
    attendances.believed();
    expect(attendances.next(NOW - 60)).toBe(NOW + 2);
  });
});
