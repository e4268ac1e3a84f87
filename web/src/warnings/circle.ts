/** A circle as it is typed: what it asks for, or which field is wrong. */

import type { AskedArea } from "./shapes";

const LARGEST_RADIUS_KM = 500;

export function circleOf(
  latitude: string,
  longitude: string,
  radius: string,
): { area: AskedArea | null; wrong: "lat" | "lon" | "radius" | null } {
  const none = (wrong: "lat" | "lon" | "radius" | null) => ({ area: null, wrong });
  if (latitude.trim() === "" || longitude.trim() === "") return none(null);
  const [lat_deg, lon_deg, radius_km] = [latitude, longitude, radius].map(numberOf);
  if (lat_deg === undefined || !(Math.abs(lat_deg) <= 89)) return none("lat");
  if (lon_deg === undefined || !(Math.abs(lon_deg) <= 180)) return none("lon");
  if (radius_km === undefined || !(radius_km >= 0.1 && radius_km <= LARGEST_RADIUS_KM)) {
    return none("radius");
  }
  return { area: { kind: "circle", lat_deg, lon_deg, radius_km }, wrong: null };
}

/** A number as people of both languages write it; NaN for none. */
export const numberOf = (text: string): number =>
  /^\s*-?\d+(?:[.,]\d+)?\s*$/.test(text) ? Number(text.trim().replace(",", ".")) : Number.NaN;
