import { describe, expect, it } from "vitest";
import { decodeFrame, FrameError, Shown } from "./frames";
import { packed } from "./packedFrame.testing";

describe("decodeFrame", () => {
  it("reads header, places and what is shown", () => {
    const frame = decodeFrame(
      packed(
        [
          [6928.137, 0, 0],
          [0, 6928.137, 0],
          [Number.NaN, 0, 0],
          [0, 0, 6906.752],
          [6928.137, 0, 0],
        ],
        [0, 1, 0, 2, 3],
        { rate: 60, flags: 3 },
      ),
    );
    expect(frame.replay && frame.paused).toBe(true);
    expect([frame.skyTime, frame.rate, frame.count, frame.sequence]).toEqual([
      1_748_476_800, 60, 5, 7,
    ]);
    expect([...frame.shown]).toEqual([
      Shown.FULL,
      Shown.DIM,
      Shown.HIDDEN,
      Shown.HIDDEN,
      Shown.HIDDEN,
    ]);
    // 550 km above the equator at 0° E: straight along z of the map's space.
    expect(frame.places[2]).toBeCloseTo(1 + 550 / 6371.0088, 6);
    expect(frame.places[3]).toBeCloseTo(1 + 550 / 6371.0088, 6);
    expect([...frame.places.slice(6, 9)]).toEqual([0, 0, 0]);
  });

  it("refuses what is no frame", () => {
    const good = packed([[7000, 0, 0]], [0]);
    expect(() => decodeFrame(new ArrayBuffer(12))).toThrow(FrameError);
    expect(() => decodeFrame(good.slice(0, good.byteLength - 1))).toThrow(FrameError);
    expect(() => decodeFrame(packed([[7000, 0, 0]], [0], { version: 2 }))).toThrow(FrameError);
    const foreign = good.slice(0);
    new Uint8Array(foreign)[0] = 0;
    expect(() => decodeFrame(foreign)).toThrow(FrameError);
  });
});
