/**
 * From frames that arrive about once a second to a time that runs smoothly.
 *
 * The picture runs a little behind the newest frame, so that there is always a frame on either
 * side to draw between. Late and early frames bend the pace; they do not make the picture jump.
 */

import type { SkyFrame } from "./frames";

/** How far behind the newest frame the picture runs, real seconds: one frame and some slack. */
const DELAY_S = 1.15;
/** Share of the remaining difference that is made up in a second (exponential). */
const CATCH_UP_PER_S = 3;
/** Beyond the newest frame the last movement goes on for at most this share of a step. */
const MAX_SHARE = 1.3;
/** A difference larger than this many seconds of the current pace is a jump of the clock. */
const JUMP_REAL_S = 6;
const KEPT_FRAMES = 4;

export interface Moment {
  /** The sky time that the picture shows, POSIX seconds. */
  readonly skyTime: number;
  readonly from: SkyFrame;
  readonly to: SkyFrame;
  /** Where between the two frames, 0 to 1 (a little more when a frame is late). */
  readonly share: number;
}

export class Timeline {
  #frames: SkyFrame[] = [];
  #newestArrivedAt = 0;
  #shown: number | null = null;
  #askedAt = 0;

  /** Take a frame that arrived at `nowS` (real seconds on any steady clock). */
  add(frame: SkyFrame, nowS: number): void {
    const newest = this.#frames.at(-1);
    const pace = Math.max(frame.rate, newest?.rate ?? 0, 1);
    if (newest) {
      const expected = newest.skyTime + newest.rate * (nowS - this.#newestArrivedAt);
      const jumped = Math.abs(frame.skyTime - expected) > JUMP_REAL_S * pace;
      if (jumped || frame.skyTime < newest.skyTime || frame.count !== newest.count) this.reset();
    }
    this.#frames.push(frame);
    if (this.#frames.length > KEPT_FRAMES) this.#frames.shift();
    this.#newestArrivedAt = nowS;
  }

  /** Forget everything; the next frame is shown as it is. */
  reset(): void {
    this.#frames = [];
    this.#shown = null;
  }

  /** What to draw at `nowS`; null before the first frame. */
  at(nowS: number): Moment | null {
    const newest = this.#frames.at(-1);
    if (!newest) return null;
    const skyTime = this.#advance(newest, nowS);
    const [from, to] = this.#around(skyTime);
    const step = to.skyTime - from.skyTime;
    const share = step > 0 ? (skyTime - from.skyTime) / step : 1;
    return { skyTime, from, to, share: Math.min(Math.max(share, 0), MAX_SHARE) };
  }

  #advance(newest: SkyFrame, nowS: number): number {
    const wanted =
      newest.rate > 0
        ? newest.skyTime + newest.rate * (nowS - this.#newestArrivedAt - DELAY_S)
        : newest.skyTime;
    const oldest = this.#frames[0]?.skyTime ?? newest.skyTime;
    // Of all kept frames the fastest: the way from a fast pace to a slow one is gone smoothly too.
    const pace = Math.max(1, ...this.#frames.map(({ rate }) => rate));
    if (this.#shown === null || wanted - this.#shown > JUMP_REAL_S * pace) {
      this.#shown = Math.max(wanted, oldest);
    } else {
      const elapsed = Math.max(nowS - this.#askedAt, 0);
      const steady = this.#shown + newest.rate * elapsed;
      const share = 1 - Math.exp(-elapsed * CATCH_UP_PER_S);
      // Never backwards: a satellite that turns round would be a lie.
      this.#shown = Math.max(this.#shown, steady + (wanted - steady) * share);
    }
    const last = this.#frames.at(-2);
    const step = last ? newest.skyTime - last.skyTime : 0;
    this.#shown = Math.min(this.#shown, newest.skyTime + step * (MAX_SHARE - 1));
    this.#askedAt = nowS;
    return this.#shown;
  }

  #around(skyTime: number): [SkyFrame, SkyFrame] {
    const frames = this.#frames;
    for (let i = frames.length - 1; i > 0; i--) {
      const from = frames[i - 1];
      const to = frames[i];
      if (from && to && (skyTime >= from.skyTime || i === 1)) return [from, to];
    }
    const only = frames[0] as SkyFrame;
    return [only, only];
  }
}
