import { describe, expect, it } from "vitest";
import { between, sphereOf, type Vec3, View, writeSphereOf } from "./geometry";

/** Perspective camera on the z axis at distance `d`, 60° wide, square; column-major. */
function cameraAt(d: number): number[] {
  const f = 1 / Math.tan(Math.PI / 6);
  const [near, far] = [0.01, 10];
  const a = (far + near) / (near - far);
  const b = (2 * far * near) / (near - far);
  return [f, 0, 0, 0, 0, f, 0, 0, 0, 0, a, -1, 0, 0, -d * a + b, d];
}

describe("the map's space", () => {
  it("agrees between geodetic and Earth-fixed positions", () => {
    // WGS-84: Rome's position by the closed formula (NIMA TR8350.2, 4.14).
    const [lat, lon, height] = [41.9011, 12.4963, 550];
    const radians = Math.PI / 180;
    const e2 = 0.00669437999014;
    const n = 6378.137 / Math.sqrt(1 - e2 * Math.sin(lat * radians) ** 2);
    const across = (n + height) * Math.cos(lat * radians);
    const out = new Float32Array(3);
    writeSphereOf(
      across * Math.cos(lon * radians),
      across * Math.sin(lon * radians),
      (n * (1 - e2) + height) * Math.sin(lat * radians),
      out,
      0,
    );
    const expected = sphereOf(lat, lon, height);
    for (const axis of [0, 1, 2] as const) expect(out[axis]).toBeCloseTo(expected[axis], 6);
  });

  it("keeps the height between two places", () => {
    const middle = between(sphereOf(0, 0, 550), sphereOf(0, 60, 550), 0.5);
    expect(Math.hypot(...middle)).toBeCloseTo(1 + 550 / 6371.0088, 9);
    expect(between(sphereOf(10, 20, 0), sphereOf(10, 20, 0), 0.3)).toHaveLength(3);
  });
});

describe("View", () => {
  const view = new View(cameraAt(3), 400, 400);

  it("finds the eye and the direction of sight", () => {
    [0, 0, 3].forEach((value, axis) => {
      expect(view.eye[axis as 0 | 1 | 2]).toBeCloseTo(value, 9);
    });
    expect(view.ahead[2] / Math.hypot(...view.ahead)).toBeCloseTo(-1, 9);
    expect(view.right[0]).toBeGreaterThan(0);
    expect(view.up[1]).toBeGreaterThan(0);
  });

  it("projects the near side and hides the far side", () => {
    const near = view.project(sphereOf(0, 0, 0));
    expect(near?.x).toBeCloseTo(200);
    expect(near?.y).toBeCloseTo(200);
    expect((view.project(sphereOf(20, 0, 0))?.y ?? 999) < 200).toBe(true);
    expect(view.project(sphereOf(0, 180, 550))).toBeNull();
    // Beyond the limb, yet high enough to look over it.
    const overTheLimb: Vec3 = [1.3, 0, -0.2];
    expect(view.hides(overTheLimb)).toBe(false);
    expect(view.hides([0.9, 0, -0.6])).toBe(true);
    expect(view.project([0, 0, 4])).toBeNull();
  });
});
