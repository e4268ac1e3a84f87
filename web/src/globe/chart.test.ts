import { describe, expect, it } from "vitest";
import type { Series } from "../api/paths";
import { CHART, chartSummary, columnX, largest, roundUp, stepPath } from "./chart";

const BAND = { top: 0, bottom: 100 };

describe("the strip chart", () => {
  it("draws steps as wide as a slot and leaves gaps where nothing is known", () => {
    const width = (CHART.right - CHART.left) / 4;
    const x = (index: number) => Math.round((CHART.left + width * index) * 10) / 10;
    expect(stepPath([10, 20, null, 0], 20, BAND)).toBe(
      `M${x(0)} 50H${x(1)}V0H${x(2)}M${x(3)} 100H${x(4)}`,
    );
    expect(stepPath([null, null], 20, BAND)).toBe("");
    expect(columnX(4, 4)).toBe(CHART.right);
  });

  it("keeps what is too high within the band", () => {
    expect(stepPath([40], 20, BAND)).toContain(" 0H");
    expect(stepPath([0], 0, BAND)).toContain(" 100H");
  });

  it("ends its scales at round numbers that hold every value", () => {
    expect([0, 1, 1.2, 2, 41, 229e6, 9.1].map(roundUp)).toEqual([1, 1, 1.5, 2, 50, 3e8, 10]);
    expect(largest([1, null, 3], [2])).toBe(3);
    expect(largest([null])).toBe(0);
  });

  it("says in words what it shows", () => {
    const series: Series = {
      first_slot: 7,
      reason: ["served", "faded", "served", null],
      satellite: [1, null, 2, null],
      handover: [true, false, true, null],
      delay_up_ms: [20, null, 30, null],
      delay_down_ms: [10, null, 12, null],
      rate_up_bps: [1e6, 0, 2e6, null],
      rate_down_bps: [1e8, 0, 2e8, null],
    };
    expect(chartSummary(series)).toEqual({
      slots: 4,
      handovers: 2,
      out: 1,
      roundTrip: [30, 42],
      rate: [1e8, 2e8],
    });
  });
});
