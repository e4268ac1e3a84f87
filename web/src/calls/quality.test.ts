import { describe, expect, it } from "vitest";
import { lossOf, mosOf, quality, qualityOf } from "./quality";
import vectors from "./qualityVectors.json";

describe("the E-model", () => {
  it.each(vectors.receptions)("is that of the edges: $delay_s s, $loss, $burst_ratio", (each) => {
    const reception = { delayS: each.delay_s, loss: each.loss, burstRatio: each.burst_ratio };
    const found = quality(reception, each.back_delay_s);
    expect(found.r).toBeCloseTo(each.r, 9);
    expect(found.mos).toBeCloseTo(each.mos, 9);
  });

  it.each(vectors.reports)("and so is what it makes of a report: $report", (each) => {
    expect(lossOf(each.report)).toBeCloseTo(each.loss, 12);
    expect(qualityOf(each.report).r).toBeCloseTo(each.r, 9);
    expect(qualityOf(each.report).mos).toBeCloseTo(each.mos, 9);
  });

  it("is 93.2 and 4.41 for a perfect network, as the recommendation has it (clause 7.7)", () => {
    const { r, mos } = quality({ delayS: 0, loss: 0, burstRatio: 1 }, 0);
    expect(r).toBeCloseTo(93.2, 1);
    expect(mos).toBeCloseTo(4.41, 2);
    expect([-5, 3, 100, 120].map(mosOf)).toEqual([1, 1, 4.5, 4.5]);
  });
});
