import { describe, expect, it } from "vitest";
import { type Counted, countedOf, reportBetween } from "./reception";

/** As Chromium counts after 10 s of a call (W3C webrtc-stats), with what belongs to others beside. */
const STATS = [
  { type: "codec", timestamp: 10_000, mimeType: "audio/opus" },
  { type: "candidate-pair", nominated: false, currentRoundTripTime: 9 },
  { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.25 },
  {
    type: "inbound-rtp",
    timestamp: 10_000,
    packetsReceived: 490,
    packetsLost: 10,
    jitter: 0.004,
    concealedSamples: 9_600,
    totalSamplesReceived: 480_000,
    jitterBufferDelay: 38_400,
    jitterBufferEmittedCount: 480_000,
  },
];

const counted = countedOf(STATS) as Counted;
const later = (change: Partial<Counted>): Counted => ({ ...counted, at: 15_000, ...change });

describe("what is received", () => {
  it("is read of the one way that is in use", () => {
    expect(counted).toEqual({
      at: 10_000,
      received: 490,
      lost: 10,
      jitterS: 0.004,
      roundTripS: 0.25,
      concealed: 9_600,
      samples: 480_000,
      bufferedS: 38_400,
      emitted: 480_000,
    });
    expect(countedOf(STATS.slice(0, 3))).toBeNull();
  });

  it("is told of the time since the last reading", () => {
    const now = later({
      received: 735,
      lost: 15,
      concealed: 12_000,
      samples: 720_000,
      bufferedS: 57_600,
      emitted: 720_000,
    });
    expect(reportBetween(counted, now)).toEqual({
      seconds: 5,
      received: 245,
      lost: 5,
      round_trip_ms: 250,
      jitter_ms: 4,
      concealed: 0.01,
      buffer_ms: 80,
    });
  });

  it("is never less than nothing, nor told of no time", () => {
    const back = reportBetween(counted, later({ lost: 8, concealed: 0, samples: 0, emitted: 0 }));
    expect(back).toMatchObject({ received: 0, lost: 0, concealed: 0, buffer_ms: 0 });
    expect(reportBetween(counted, counted)).toBeNull();
  });

  it("has no number where the browser has none", () => {
    const odd = countedOf([{ type: "inbound-rtp", timestamp: 1, jitter: Number.NaN }]);
    expect(odd).toMatchObject({ received: 0, jitterS: 0, roundTripS: 0 });
  });
});
