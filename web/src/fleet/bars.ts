/** Contact bars: what stands where between two moments, and what a key press leads to. Pure. */

import type { Contact, Gap, Plan } from "../api/fleet";

export type Piece =
  | { readonly kind: "contact"; readonly from: number; readonly to: number; readonly of: Contact }
  | { readonly kind: "gap"; readonly from: number; readonly to: number; readonly of: Gap };

/** Contacts and gaps in their order; `from` and `to` are shares of the span, 0 to 1. */
export function piecesOf(
  plan: Pick<Plan, "contacts" | "gaps">,
  start: number,
  end: number,
): Piece[] {
  if (!(end > start)) return [];
  const share = (time: number) => Math.min(Math.max((time - start) / (end - start), 0), 1);
  const within = (each: { start: number; end: number }) => each.end > start && each.start < end;
  const found: Piece[] = [
    ...plan.contacts.filter(within).map((of) => ({
      kind: "contact" as const,
      from: share(of.start),
      to: share(of.end),
      of,
    })),
    ...plan.gaps.filter(within).map((of) => ({
      kind: "gap" as const,
      from: share(of.start),
      to: share(of.end),
      of,
    })),
  ];
  return found.sort((one, other) => one.of.start - other.of.start);
}

/** Which piece stands at a share of the span; -1 where nothing is known. */
export const pieceAt = (pieces: readonly Piece[], share: number): number =>
  pieces.findIndex(({ from, to }) => share >= from && share < to);

/** Where a key leads from a piece: along the bar, to its ends, or to the next or last gap. */
export function steppedTo(pieces: readonly Piece[], index: number, key: string): number | null {
  const last = pieces.length - 1;
  if (last < 0) return null;
  const gaps = pieces.flatMap(({ kind }, at) => (kind === "gap" ? [at] : []));
  switch (key) {
    case "ArrowRight":
    case "ArrowUp":
      return Math.min(index + 1, last);
    case "ArrowLeft":
    case "ArrowDown":
      return Math.max(index - 1, 0);
    case "Home":
      return 0;
    case "End":
      return last;
    case "PageDown":
      return gaps.find((at) => at > index) ?? index;
    case "PageUp":
      return gaps.filter((at) => at < index).at(-1) ?? index;
    default:
      return null;
  }
}

/** Moments for the axis: round in minutes, no more than eight. */
export function marksOf(start: number, end: number): number[] {
  const minutes = [1, 2, 5, 10, 15, 30, 60, 120].find((m) => (end - start) / (m * 60) <= 8) ?? 240;
  const step = minutes * 60;
  const found: number[] = [];
  for (let time = Math.ceil(start / step) * step; time <= end; time += step) found.push(time);
  return found;
}

/** What a plan is worth in a few numbers. */
export interface Worth {
  readonly availability: number;
  /** Median of the middles of the contacts, weighted by how long they last, ms. */
  readonly roundTripMs: number | null;
  readonly leastDownBps: number | null;
  readonly handovers: number;
  readonly gapS: number;
  readonly gaps: number;
}

export function worthOf(plan: Plan): Worth {
  const trips = plan.contacts
    .map(({ start, end, round_trip_ms: [least, most] }) => ({
      ms: (least + most) / 2,
      s: Math.min(end, plan.end) - Math.max(start, plan.start),
    }))
    .sort((one, other) => one.ms - other.ms);
  const whole = trips.reduce((sum, { s }) => sum + s, 0);
  let run = 0;
  const middle = trips.find(({ s }) => {
    run += s;
    return run >= whole / 2;
  });
  const changes = plan.contacts.filter(
    ({ number }, index) => index > 0 && plan.contacts[index - 1]?.number !== number,
  );
  return {
    availability: plan.availability,
    roundTripMs: middle?.ms ?? null,
    leastDownBps:
      plan.contacts.length > 0 ? Math.min(...plan.contacts.map((c) => c.rate_down_bps)) : null,
    handovers: changes.length,
    gapS: plan.gaps.reduce(
      (sum, { start, end }) => sum + Math.min(end, plan.end) - Math.max(start, plan.start),
      0,
    ),
    gaps: plan.gaps.length,
  };
}
