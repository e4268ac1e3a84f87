/** What this end receives of a call, read every few seconds: for the edge's record and the page. */

import { type Quality, qualityOf } from "../quality";
import type { Report } from "../signalling/bodies";
import type { CallMedia } from "./callMedia";

/** Seconds between two readings. Our choice. */
export const PERIOD_S = 5;

/** Counts of the browser since the connection began, as far as they are used (W3C webrtc-stats). */
export interface Counted {
  /** Milliseconds. */
  at: number;
  received: number;
  lost: number;
  jitterS: number;
  roundTripS: number;
  concealed: number;
  samples: number;
  bufferedS: number;
  emitted: number;
}

/** Reads them out of a connection's statistics; null while nothing has come. */
export function countedOf(stats: Iterable<Record<string, unknown>>): Counted | null {
  let inbound: Record<string, unknown> | null = null;
  let pair: Record<string, unknown> | null = null;
  for (const each of stats) {
    if (each.type === "inbound-rtp") inbound = each;
    if (each.type === "candidate-pair" && each.nominated === true) pair = each;
  }
  if (inbound === null) return null;
  return {
    at: number(inbound.timestamp),
    received: number(inbound.packetsReceived),
    lost: number(inbound.packetsLost),
    jitterS: number(inbound.jitter),
    roundTripS: number(pair?.currentRoundTripTime),
    concealed: number(inbound.concealedSamples),
    samples: number(inbound.totalSamplesReceived),
    bufferedS: number(inbound.jitterBufferDelay),
    emitted: number(inbound.jitterBufferEmittedCount),
  };
}

/** What was received between two readings; null where no time has passed. */
export function reportBetween(before: Counted, after: Counted): Report | null {
  const since = (field: keyof Counted) => Math.max(0, after[field] - before[field]);
  const seconds = since("at") / 1000;
  if (seconds <= 0) return null;
  const share = (part: number, whole: number) => (whole > 0 ? part / whole : 0);
  return {
    seconds,
    received: since("received"),
    // A late packet that was counted as lost takes the count back: never below none.
    lost: since("lost"),
    round_trip_ms: after.roundTripS * 1000,
    jitter_ms: after.jitterS * 1000,
    concealed: Math.min(1, share(since("concealed"), since("samples"))),
    buffer_ms: share(since("bufferedS"), since("emitted")) * 1000,
  };
}

export class Reception {
  readonly #tell: (report: Report, quality: Quality) => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #media: CallMedia | null = null;
  #before: Counted | null = null;
  #paused = false;

  constructor(tell: (report: Report, quality: Quality) => void) {
    this.#tell = tell;
  }

  /** Reads these media from now on. */
  listenTo(media: CallMedia): void {
    if (media === this.#media) return;
    this.close();
    this.#media = media;
    this.#timer = setInterval(() => void this.#read(media), PERIOD_S * 1000);
  }

  /** Tells nothing of a time in which nothing is meant to come. */
  pause(on: boolean): void {
    this.#paused = on;
    this.#before = null;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#media = null;
    this.#before = null;
  }

  async #read(media: CallMedia): Promise<void> {
    const stats = await media.stats();
    // Closed while the browser was counting.
    if (media !== this.#media || this.#paused) return;
    const now = countedOf([...(stats as unknown as Map<string, Record<string, unknown>>).values()]);
    const report = now && this.#before && reportBetween(this.#before, now);
    this.#before = now;
    if (report) this.#tell(report, qualityOf(report));
  }
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
