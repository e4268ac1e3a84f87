/**
 * The map's space: a unit sphere whose y axis points north and whose z axis points to 0° E on the
 * equator. A point `h` km above geodetic latitude and longitude stands at radius 1 + h / 6371, over
 * the same spot of the map, so that satellites stand over the land they really are above.
 */

export type Vec3 = readonly [number, number, number];

/** Radius of the map's sphere, km (MapLibre draws with this one). */
export const SPHERE_RADIUS_KM = 6371.0088;

/** WGS-84 (NIMA TR8350.2). */
const EQUATORIAL_RADIUS_KM = 6378.137;
const FLATTENING = 1 / 298.257223563;
const ECCENTRICITY_SQUARED = FLATTENING * (2 - FLATTENING);
const POLAR_RADIUS_KM = EQUATORIAL_RADIUS_KM * (1 - FLATTENING);
const SECOND_ECCENTRICITY_SQUARED = ECCENTRICITY_SQUARED / (1 - ECCENTRICITY_SQUARED);

const RADIANS = Math.PI / 180;

/** Place in the map's space of geodetic degrees and km of height. */
export function sphereOf(latDeg: number, lonDeg: number, heightKm = 0): Vec3 {
  const lat = latDeg * RADIANS;
  const lon = lonDeg * RADIANS;
  const radius = 1 + heightKm / SPHERE_RADIUS_KM;
  return [
    radius * Math.sin(lon) * Math.cos(lat),
    radius * Math.sin(lat),
    radius * Math.cos(lon) * Math.cos(lat),
  ];
}

/**
 * Write the place in the map's space of an Earth-fixed position (km) to `out` at `at`.
 * Bowring's 1985 formula, the same as on the server; far better than a pixel.
 */
export function writeSphereOf(
  x: number,
  y: number,
  z: number,
  out: Float32Array,
  at: number,
): void {
  const across = Math.max(Math.hypot(x, y), 1e-9);
  const radius = Math.hypot(across, z);
  const reduced = Math.atan(
    (POLAR_RADIUS_KM / EQUATORIAL_RADIUS_KM) *
      (z / across) *
      (1 + (SECOND_ECCENTRICITY_SQUARED * POLAR_RADIUS_KM) / radius),
  );
  const sinReduced = Math.sin(reduced);
  const cosReduced = Math.cos(reduced);
  const up = z + SECOND_ECCENTRICITY_SQUARED * POLAR_RADIUS_KM * sinReduced ** 3;
  const out2 = across - ECCENTRICITY_SQUARED * EQUATORIAL_RADIUS_KM * cosReduced ** 3;
  const slope = Math.hypot(up, out2);
  const sinLat = up / slope;
  const cosLat = out2 / slope;
  const height =
    across * cosLat +
    z * sinLat -
    EQUATORIAL_RADIUS_KM * Math.sqrt(1 - ECCENTRICITY_SQUARED * sinLat * sinLat);
  const scale = 1 + height / SPHERE_RADIUS_KM;
  out[at] = (scale * cosLat * y) / across;
  out[at + 1] = scale * sinLat;
  out[at + 2] = (scale * cosLat * x) / across;
}

/** Between two places: straight mix, with the radius mixed on its own so that nothing dips. */
export function between(from: Vec3, to: Vec3, share: number): Vec3 {
  const x = from[0] + (to[0] - from[0]) * share;
  const y = from[1] + (to[1] - from[1]) * share;
  const z = from[2] + (to[2] - from[2]) * share;
  const fromRadius = Math.hypot(...from);
  const radius = fromRadius + (Math.hypot(...to) - fromRadius) * share;
  const scale = radius / Math.max(Math.hypot(x, y, z), 1e-12);
  return [x * scale, y * scale, z * scale];
}

export interface ScreenPoint {
  x: number;
  y: number;
}

/** How the map looks at its sphere now: worked out from the projection matrix alone. */
export class View {
  readonly eye: Vec3;
  /** Directions of sight: `ahead + right * x + up * y` for x and y from -1 to 1 on the screen. */
  readonly ahead: Vec3;
  readonly right: Vec3;
  readonly up: Vec3;

  /** `matrix` is column-major, from the map's space to clip space; sizes in CSS pixels. */
  constructor(
    readonly matrix: ArrayLike<number>,
    readonly width: number,
    readonly height: number,
  ) {
    const m = (row: number, column: number) => matrix[column * 4 + row] ?? 0;
    const row = (index: number): Vec3 => [m(index, 0), m(index, 1), m(index, 2)];
    const [across, down, depth] = [row(0), row(1), row(3)];
    const determinant = dot(across, cross(down, depth));
    const scaled = (v: Vec3): Vec3 => [v[0] / determinant, v[1] / determinant, v[2] / determinant];
    this.right = scaled(cross(down, depth));
    this.up = scaled(cross(depth, across));
    this.ahead = scaled(cross(across, down));
    const [tx, ty, tw] = [m(0, 3), m(1, 3), m(3, 3)];
    const eyeAt = (i: 0 | 1 | 2) => -(this.right[i] * tx + this.up[i] * ty + this.ahead[i] * tw);
    this.eye = [eyeAt(0), eyeAt(1), eyeAt(2)];
  }

  /** Where a place appears on the screen, in CSS pixels; null behind the camera or the Earth. */
  project(place: Vec3): ScreenPoint | null {
    if (this.hides(place)) return null;
    const m = this.matrix;
    const [x, y, z] = place;
    const sum = (row: number) =>
      (m[row] ?? 0) * x + (m[4 + row] ?? 0) * y + (m[8 + row] ?? 0) * z + (m[12 + row] ?? 0);
    const w = sum(3);
    if (w <= 1e-6) return null;
    return {
      x: ((sum(0) / w + 1) / 2) * this.width,
      y: ((1 - sum(1) / w) / 2) * this.height,
    };
  }

  /** Whether the Earth stands between the camera and a place. */
  hides(place: Vec3): boolean {
    const sight: Vec3 = [place[0] - this.eye[0], place[1] - this.eye[1], place[2] - this.eye[2]];
    const nearest = -dot(this.eye, sight) / dot(sight, sight);
    if (nearest <= 0 || nearest >= 0.9999) return false;
    return dot(this.eye, this.eye) + nearest * dot(this.eye, sight) < 0.9999;
  }
}

export function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
