import { describe, expect, it } from "vitest";
import type { SkyFrame } from "./frames";
import { Timeline } from "./timeline";

const frame = (skyTime: number, rate: number, count = 1): SkyFrame => ({
  replay: false,
  paused: rate === 0,
  skyTime,
  rate,
  count,
  sequence: 0,
  places: new Float32Array(count * 3),
  shown: new Uint8Array(count),
});

/** Show pictures at 50 a second while frames arrive each second (with some jitter); all times. */
function run(rate: number, seconds: number, jitter: (second: number) => number = () => 0) {
  const timeline = new Timeline();
  const shown: { now: number; sky: number }[] = [];
  let next = 0;
  for (let tick = 0; tick < seconds * 50; tick++) {
    const now = tick / 50;
    if (now >= next + jitter(next)) {
      timeline.add(frame(1000 + next * rate, rate), now);
      next += 1;
    }
    const moment = timeline.at(now);
    if (moment) shown.push({ now, sky: moment.skyTime });
  }
  return shown;
}

describe("Timeline", () => {
  it("shows nothing before the first frame and the first frame as it is", () => {
    const timeline = new Timeline();
    expect(timeline.at(0)).toBeNull();
    timeline.add(frame(1000, 1), 0);
    expect(timeline.at(0)).toMatchObject({ skyTime: 1000, share: 1 });
  });

  it.each([1, 10, 60, 300])("runs evenly at %d times the real pace", (rate) => {
    const steady = run(rate, 12).filter(({ now }) => now > 6);
    const first = steady[0] as { now: number; sky: number };
    const last = steady.at(-1) as { now: number; sky: number };
    expect((last.sky - first.sky) / (last.now - first.now)).toBeCloseTo(rate, 1);
    for (let i = 1; i < steady.length; i++) {
      const step = (steady[i]?.sky ?? 0) - (steady[i - 1]?.sky ?? 0);
      expect(step).toBeGreaterThan(0.015 * rate);
      expect(step).toBeLessThan(0.025 * rate);
    }
  });

  it("never runs backwards, however unevenly frames arrive", () => {
    const shown = run(60, 20, (second) => (second % 3) * 0.3);
    for (let i = 1; i < shown.length; i++) {
      expect((shown[i]?.sky ?? 0) - (shown[i - 1]?.sky ?? 0)).toBeGreaterThanOrEqual(0);
    }
  });

  it("slows down from the fastest pace to the real one without a jump", () => {
    const timeline = new Timeline();
    let before = 0;
    let sky = 1000;
    for (let tick = 0; tick < 10 * 50; tick++) {
      const now = tick / 50;
      const rate = now < 5 ? 300 : 1;
      if (tick % 50 === 0) {
        timeline.add(frame(sky, rate), now);
        sky += now < 4 ? 300 : 1;
      }
      const shown = timeline.at(now)?.skyTime ?? 0;
      // Nowhere faster than three times the fastest pace: seen as a movement, not as a jump.
      if (now > 2) expect(shown - before).toBeLessThan((3 * 300) / 50);
      before = shown;
    }
    expect(before).toBeCloseTo(sky - 1, -1);
  });

  it("comes to rest at the last frame when the sky is paused", () => {
    const timeline = new Timeline();
    for (let second = 0; second < 5; second++) {
      timeline.add(frame(1000 + second * 10, 10), second);
      timeline.at(second + 0.5);
    }
    timeline.add(frame(1045, 0), 4.5);
    for (let tick = 0; tick < 300; tick++) timeline.at(4.5 + tick / 50);
    expect(timeline.at(11)?.skyTime).toBeCloseTo(1045, 3);
    timeline.add(frame(1045, 0), 11.5);
    expect(timeline.at(12)?.skyTime).toBeCloseTo(1045, 3);
  });

  it("shows a jump of the clock at once, forwards and backwards", () => {
    const timeline = new Timeline();
    timeline.add(frame(1000, 1), 0);
    timeline.at(0);
    timeline.add(frame(90_000, 1), 1);
    expect(timeline.at(1)?.skyTime).toBe(90_000);
    timeline.add(frame(500, 1), 2);
    expect(timeline.at(2)?.skyTime).toBe(500);
  });

  it("starts afresh when the number of satellites changes", () => {
    const timeline = new Timeline();
    timeline.add(frame(1000, 1, 3), 0);
    timeline.add(frame(1001, 1, 4), 1);
    const moment = timeline.at(1);
    expect([moment?.from.count, moment?.to.count]).toEqual([4, 4]);
  });

  it("stops soon after the frames stop", () => {
    const timeline = new Timeline();
    timeline.add(frame(1000, 1), 0);
    timeline.add(frame(1001, 1), 1);
    for (let tick = 0; tick < 1000; tick++) timeline.at(1 + tick / 50);
    expect(timeline.at(21)?.skyTime).toBeLessThanOrEqual(1001.31);
  });
});
