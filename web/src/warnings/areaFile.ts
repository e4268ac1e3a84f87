/** Contours that somebody exported (GeoJSON), looked at before they are handed on. */

import type { AskedArea } from "./shapes";

/** Octets; as the authority takes them (emergency/area/asked_area.py). */
export const LARGEST_FILE = 190_000;
/** Names that such maps give the property with the intensity (emergency/area/contours.py). */
const VALUES = ["value", "intensity", "PARAMVALUE"] as const;

export type Contours =
  | { readonly ok: true; readonly geojson: object; readonly values: readonly number[] }
  | { readonly ok: false; readonly why: "large" | "json" | "contours" };

/** Read a file's text; which values its contours have, in order. */
export function readContours(text: string): Contours {
  if (text.length > LARGEST_FILE) return { ok: false, why: "large" };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { ok: false, why: "json" };
  }
  const { type, features } = (document ?? {}) as { type?: unknown; features?: unknown };
  if (type !== "FeatureCollection" || !Array.isArray(features)) {
    return { ok: false, why: "contours" };
  }
  const values = features.map((each) =>
    intensityOf((each as { properties?: unknown })?.properties),
  );
  const known = values.filter((each) => each !== null);
  if (known.length === 0 || known.length !== values.length) return { ok: false, why: "contours" };
  return {
    ok: true,
    geojson: document as object,
    values: [...new Set(known)].sort((one, other) => one - other),
  };
}

function intensityOf(properties: unknown): number | null {
  if (typeof properties !== "object" || properties === null) return null;
  for (const name of VALUES) {
    const value = (properties as Record<string, unknown>)[name];
    if (typeof value === "number" && Number.isFinite(value)) return value;
  }
  return null;
}

export const contoursAsked = (geojson: object, least: number): AskedArea => ({
  kind: "contours",
  geojson,
  least,
});
