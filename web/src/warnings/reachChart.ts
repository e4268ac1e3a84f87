/** The curve of people reached: where its points stand in a drawing. Pure. */

import type { Curve } from "./shapes";

/** Size of the drawing and of the part in which the curve runs; user units of the SVG. */
export const CHART = {
  width: 340,
  height: 150,
  left: 40,
  right: 332,
  top: 12,
  bottom: 122,
} as const;

const STEPS_S = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** The seconds that the axis shows: a round span that holds all curves. */
export function spanOf(...curves: readonly Curve[]): number {
  const last = Math.max(0, ...curves.flatMap((curve) => curve.map(([seconds]) => seconds)));
  return STEPS_S.find((step) => step >= last) ?? last;
}

export const xOf = (seconds: number, span: number): number =>
  tidy(CHART.left + (CHART.right - CHART.left) * Math.min(Math.max(seconds / span, 0), 1));

export const yOf = (share: number): number =>
  tidy(CHART.bottom - (CHART.bottom - CHART.top) * Math.min(Math.max(share, 0), 1));

export function curvePath(curve: Curve, span: number): string {
  return curve
    .map(([seconds, share], at) => `${at === 0 ? "M" : "L"}${xOf(seconds, span)} ${yOf(share)}`)
    .join("");
}

const tidy = (value: number) => Math.round(value * 10) / 10;
