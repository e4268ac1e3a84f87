import { sphereOf, type Vec3 } from "./geometry";

const RADIANS = Math.PI / 180;
const J2000_POSIX_S = 946_728_000;

/**
 * Direction to the Sun in the map's space at a time (POSIX seconds): the Astronomical Almanac's
 * low-precision formula, right to 0.01° between 1950 and 2050. It shades day and night, no more.
 */
export function sunDirection(timeS: number): Vec3 {
  const days = (timeS - J2000_POSIX_S) / 86_400;
  const anomaly = (357.528 + 0.9856003 * days) * RADIANS;
  const longitude =
    (280.46 + 0.9856474 * days + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) *
    RADIANS;
  const obliquity = (23.439 - 0.0000004 * days) * RADIANS;
  const rightAscension = Math.atan2(Math.cos(obliquity) * Math.sin(longitude), Math.cos(longitude));
  const declination = Math.asin(Math.sin(obliquity) * Math.sin(longitude));
  const siderealDeg = 280.46061837 + 360.98564736629 * days;
  return sphereOf(declination / RADIANS, rightAscension / RADIANS - siderealDeg);
}
