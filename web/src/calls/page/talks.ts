/** Which talks are shown, in which order, and what is said of them. Pure. */

import type { Cause } from "../signalling/causes";
import type { TalkView } from "../talk/talkView";
import { isRefusal } from "../talk/trouble";
import type { PastCall } from "./history";
import { urgency } from "./tones";

/** How long a talk that ended as people wanted stays in sight. */
const SHOWN_MS = 45_000;
const MOST_OVER = 3;

export const isLive = ({ state }: Pick<TalkView, "state">): boolean => state !== "over";
export const rings = ({ state }: Pick<TalkView, "state">): boolean =>
  state === "incoming" || state === "ringing here";

/** Whether the call was made to yield to another one. */
export const wasPreempted = (cause: Cause | null): boolean =>
  cause?.startsWith("pre-empted") ?? false;

/** Whether somebody should know of its end even later. */
export const isGrave = (talk: Pick<TalkView, "cause" | "trouble">): boolean =>
  wasPreempted(talk.cause) || talk.trouble !== null;

/** The talks to be shown, the one in front first; of those that are over the last few. */
export function shownTalks(
  talks: readonly TalkView[],
  dismissed: ReadonlySet<string>,
  now: number,
): TalkView[] {
  const live = talks.filter(isLive).sort(before);
  const over = talks.filter(
    (talk) =>
      talk.endedAt !== null &&
      !dismissed.has(talk.call) &&
      (isGrave(talk) || now - talk.endedAt < SHOWN_MS),
  );
  over.sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
  return [...live, ...over.slice(0, MOST_OVER)];
}

/** The live talk that comes first: what rings, by urgency; then who is spoken with; then the rest. */
export function inFront(live: readonly TalkView[]): TalkView | null {
  return [...live].sort(before)[0] ?? null;
}

function before(a: TalkView, b: TalkView): number {
  return placeOf(a) - placeOf(b) || urgency(b) - urgency(a) || a.beganAt - b.beganAt;
}

function placeOf(talk: TalkView): number {
  if (rings(talk)) return 0;
  if (talk.state === "talking" && !talk.heldHere) return 1;
  return talk.heldHere ? 3 : 2;
}

/** A talk that is over as the device remembers it. */
export function pastOf(talk: TalkView): PastCall {
  const { call, side, person, precedence, emergency, beganAt, answeredAt, endedAt, cause } = talk;
  const { trouble: why, device } = talk;
  const moment = (ms: number) => Math.max(0, Math.floor(ms));
  return {
    call,
    side,
    person,
    precedence,
    emergency,
    beganAt: moment(beganAt),
    answeredAt: answeredAt === null ? null : moment(answeredAt),
    endedAt: moment(endedAt ?? beganAt),
    cause,
    refused: why !== null && isRefusal(why) ? { why, device } : null,
    seen: false,
  };
}

/** 0:42, 12:07, 1:02:33. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** How good a mean opinion score is (ITU-T G.107 annex B: 4.03 satisfied, 3.60 some dissatisfied). */
export function qualityOf(mos: number): "good" | "fair" | "poor" {
  if (mos >= 4.03) return "good";
  return mos >= 3.6 ? "fair" : "poor";
}
