/** Maps of the sea: colours, domains, what stands on the map. Pure. */

import type { FeatureCollection } from "geojson";
import type { Rule, Sea, SeaCell, SeaFrame, SeaLayer } from "../../api/fleet";

/** Dark to light with even steps, told apart by everybody (after cividis: Nunez, Anderton, Renslow,
PLOS ONE 13(7), 2018). The light end is the good one. */
export const RAMP = ["#00224e", "#2a3f6d", "#575d6d", "#7d7c78", "#a59c74", "#d2c060", "#fee838"];
/** Where nothing ever passes. */
export const NOTHING_PASSES = "#b42a1b";

const LOWER_IS_BETTER: ReadonlySet<SeaLayer> = new Set(["round-trip", "trusted-round-trip"]);
/** Shares of the cells at either end that do not stretch the colours of all others. */
const TAILS = 0.02;

export const lowerIsBetter = (layer: SeaLayer): boolean => LOWER_IS_BETTER.has(layer);

export function unitOf(layer: SeaLayer): "%" | "ms" | "Mbit/s" {
  if (layer.endsWith("availability")) return "%";
  return layer.endsWith("round-trip") ? "ms" : "Mbit/s";
}

/** The worst and the best value that colours tell apart, over all frames. */
export function domainOf(map: Sea): { worst: number; best: number } | null {
  const values = [map.span, ...map.frames]
    .flatMap((frame) => frame.values)
    .filter((value): value is number => value !== null)
    .sort((one, other) => one - other);
  if (values.length === 0) return null;
  const low = values[Math.floor(TAILS * (values.length - 1))] as number;
  const high = values[Math.ceil((1 - TAILS) * (values.length - 1))] as number;
  return lowerIsBetter(map.layer) ? { worst: high, best: low } : { worst: low, best: high };
}

/** The colour of a value: between the ramp's steps, in sRGB. */
export function colourOf(
  value: number | null,
  domain: { worst: number; best: number } | null,
): string {
  if (value === null || domain === null) return NOTHING_PASSES;
  const { worst, best } = domain;
  const share = worst === best ? 1 : Math.min(Math.max((value - worst) / (best - worst), 0), 1);
  const at = share * (RAMP.length - 1);
  const low = Math.min(Math.floor(at), RAMP.length - 2);
  const [from, to] = [channels(RAMP[low] as string), channels(RAMP[low + 1] as string)];
  const mixed = from.map((each, k) => Math.round(each + (at - low) * ((to[k] as number) - each)));
  return `#${mixed.map((each) => each.toString(16).padStart(2, "0")).join("")}`;
}

const channels = (colour: string): number[] =>
  [1, 3, 5].map((k) => Number.parseInt(colour.slice(k, k + 2), 16));

export function shapesOf(
  cells: readonly SeaCell[],
  frame: SeaFrame,
  domain: { worst: number; best: number } | null,
): FeatureCollection {
  return {
    type: "FeatureCollection",
    features: cells.map(({ id, boundary }, index) => ({
      type: "Feature",
      geometry: { type: "Polygon", coordinates: [[...boundary, boundary[0] as [number, number]]] },
      properties: { id, colour: colourOf(frame.values[index] ?? null, domain) },
    })),
  };
}

/** The frame that is shown: 0 stands for the whole span. */
export const frameAt = (map: Sea, index: number): SeaFrame =>
  map.frames[Math.min(index, map.frames.length) - 1] ?? map.span;

/** Rules by which landing may be trusted, each once; `key` is the rule written out. */
export function rulesOf(rules: readonly { name: string; rule: Rule }[]): {
  key: string;
  names: string[];
  rule: Rule;
}[] {
  const found = new Map<string, { key: string; names: string[]; rule: Rule }>();
  for (const { name, rule } of rules) {
    if (rule.gateways === null && rule.not_in_countries.length === 0) continue;
    const key = JSON.stringify([rule.gateways, rule.not_in_countries]);
    const kept = found.get(key);
    if (kept) kept.names.push(name);
    else found.set(key, { key, names: [name], rule: { ...rule, lasers: "any" } });
  }
  return [...found.values()];
}
