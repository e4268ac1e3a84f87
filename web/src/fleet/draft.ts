/** The planning panel's values, and the question they make. Pure. */

import type { DraftAsked, Kind, Lasers } from "../api/fleet";
import type { Corners } from "../flatMap/drawing";

export interface Draft {
  readonly kind: Kind;
  readonly speed: string;
  readonly height: string;
  /** Minutes from now. */
  readonly startIn: number;
  /** Empty: all. */
  readonly gateways: readonly string[];
  readonly notIn: readonly string[];
  readonly lasers: Lasers;
}

/** Usual speeds and heights; a person changes them. */
export const USUAL: Record<Kind, { speed: string; height: string }> = {
  ship: { speed: "16", height: "25" },
  helicopter: { speed: "120", height: "300" },
  aircraft: { speed: "400", height: "9000" },
  drone: { speed: "110", height: "4000" },
};

export const STARTS = [0, 15, 30, 60, 90] as const;

export const FIRST: Draft = {
  kind: "ship",
  ...USUAL.ship,
  startIn: 0,
  gateways: [],
  notIn: [],
  lasers: "any",
};

/** Another kind goes at another speed and height. */
export const ofKind = (draft: Draft, kind: Kind): Draft => ({ ...draft, kind, ...USUAL[kind] });

/** A number as people write it, with a comma or a point; null where it is none. */
export function numberOf(text: string): number | null {
  const plain = text.trim().replace(",", ".");
  return /^\d{1,6}(\.\d{1,4})?$/.test(plain) ? Number(plain) : null;
}

/** The question to ask; null while there is no track or a number is missing. */
export function askedOf(draft: Draft, points: Corners, now: number): DraftAsked | null {
  const [speed, height] = [numberOf(draft.speed), numberOf(draft.height)];
  if (points.length === 0 || speed === null || height === null) return null;
  return {
    kind: draft.kind,
    waypoints: points.map(([lon, lat]) => [lat, lon]),
    speed_kn: speed,
    height_m: height,
    start: now + draft.startIn * 60,
    rule: {
      gateways: draft.gateways.length > 0 ? [...draft.gateways] : null,
      not_in_countries: [...draft.notIn],
      lasers: draft.lasers,
    },
  };
}
