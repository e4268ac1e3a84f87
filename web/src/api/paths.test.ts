import { describe, expect, it } from "vitest";
import { cells, loads, rain, sitePaths } from "./paths";
import { ShapeError } from "./validate";

const series = {
  first_slot: 7,
  reason: ["served", null],
  satellite: [1, null],
  handover: [true, null],
  delay_up_ms: [20, null],
  delay_down_ms: [10, null],
  rate_up_bps: [1e6, null],
  rate_down_bps: [1e8, null],
};
const answer = {
  site: "rome",
  time: 1,
  slot: 7,
  slot_start: 117,
  slot_end: 132,
  rain_seed: null,
  asked: { down_bps: 2e7, up_bps: 4e6, priority: false, gateways: null, not_in_countries: ["TR"] },
  now: {
    reason: "no-landing",
    satellite: null,
    handover: false,
    in_view: 3,
    delay_up_ms: null,
    delay_down_ms: null,
    rate_up_bps: 0,
    rate_down_bps: 0,
    loss_up: 1,
    loss_down: 1,
    load: 0,
    gateway: null,
    point_of_presence: null,
    rain_mm_h: 0,
    fade_down_db: 0,
  },
  series,
  complete: false,
  levers: Object.fromEntries(
    ["asked", "priority", "landing_rule", "satellite", "delay", "rate", "loss"]
      .concat(["handover", "landing", "rain"])
      .map((name) => [name, "observed"]),
  ),
};

describe("what the server says of paths", () => {
  it("is taken where it is whole", () => {
    expect(sitePaths(answer, "here").series.delay_up_ms).toEqual([20, null]);
    expect(loads({ slot: 1, cells: "0", load_percent: [1], reason: [0] }, "here").slot).toBe(1);
  });

  it("is refused where lists do not belong together", () => {
    const short = { ...answer, series: { ...series, satellite: [1] } };
    expect(() => sitePaths(short, "here")).toThrow(ShapeError);
    const wrong = { ...answer, levers: { ...answer.levers, delay: "theirs" } };
    expect(() => sitePaths(wrong, "here")).toThrow("here.levers.delay");
    expect(() => loads({ slot: 1, cells: "", load_percent: [1, 2], reason: [0] }, "x")).toThrow(
      ShapeError,
    );
    expect(() => cells({ numbers: ["a"], boundaries: [[1, 2, 3, 4]] }, "x")).toThrow(ShapeError);
    const grid = { slot: 1, seed: 1, south_deg: 0, west_deg: 0, step_deg: 1 };
    expect(() => rain({ ...grid, columns: 2, tenths_mm_h: [1, 2, 3] }, "x")).toThrow(ShapeError);
    expect(rain({ ...grid, columns: 2, tenths_mm_h: [1, 2] }, "x").columns).toBe(2);
  });
});
