/** The strip chart's geometry: a slot is a column, values are steps, what is missing is a gap. */

import type { Series } from "../api/paths";

/** Size of the drawing, and of the part in which lines run; user units of the SVG. */
export const CHART = { width: 336, height: 190, left: 36, right: 332 } as const;
export const DELAY = { top: 22, bottom: 84 } as const;
export const RATE = { top: 104, bottom: 166 } as const;

export interface Band {
  readonly top: number;
  readonly bottom: number;
}

/** Left edge of a column; `index` may be a fraction, and `count` gives the right end. */
export function columnX(index: number, count: number): number {
  return CHART.left + ((CHART.right - CHART.left) * index) / count;
}

const ROUND = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

/** The smallest round number that is not below a value: 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15 ... */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = ROUND.find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** The largest of lists with gaps; 0 where there is nothing. */
export function largest(...lists: readonly (readonly (number | null)[])[]): number {
  let most = 0;
  for (const list of lists)
    for (const value of list) if (value !== null && value > most) most = value;
  return most;
}

/** An SVG path of steps from 0 at the band's bottom to `top` at its top. */
export function stepPath(values: readonly (number | null)[], top: number, band: Band): string {
  const parts: string[] = [];
  let open = false;
  values.forEach((value, index) => {
    if (value === null) {
      open = false;
      return;
    }
    const y = tidy(band.bottom - (Math.min(value / top, 1) || 0) * (band.bottom - band.top));
    const x = tidy(columnX(index, values.length));
    parts.push(open ? `V${y}` : `M${x} ${y}`, `H${tidy(columnX(index + 1, values.length))}`);
    open = true;
  });
  return parts.join("");
}

function tidy(value: number): number {
  return Math.round(value * 10) / 10;
}

/** What the chart says in a sentence. */
export interface ChartSummary {
  readonly slots: number;
  readonly handovers: number;
  readonly out: number;
  /** There and back, ms; null where nothing is served. */
  readonly roundTrip: readonly [number, number] | null;
  /** Down, bit/s, of the slots that are served. */
  readonly rate: readonly [number, number] | null;
}

export function chartSummary(series: Series): ChartSummary {
  const roundTrips: number[] = [];
  const rates: number[] = [];
  series.reason.forEach((reason, index) => {
    if (reason !== "served") return;
    const [up, down] = [series.delay_up_ms[index], series.delay_down_ms[index]];
    const rate = series.rate_down_bps[index];
    if (typeof up === "number" && typeof down === "number") roundTrips.push(up + down);
    if (typeof rate === "number") rates.push(rate);
  });
  const range = (list: number[]) =>
    list.length > 0 ? ([Math.min(...list), Math.max(...list)] as const) : null;
  return {
    slots: series.reason.length,
    handovers: series.handover.filter((one) => one === true).length,
    out: series.reason.filter((reason) => reason !== null && reason !== "served").length,
    roundTrip: range(roundTrips),
    rate: range(rates),
  };
}
