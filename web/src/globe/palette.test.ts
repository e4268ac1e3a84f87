import { describe, expect, it } from "vitest";
import type { Sky } from "../api/sky";
import { generationLegend, satelliteColours, shellLegend } from "./palette";

const sky = {
  catalogue: { shells: ["53.2° 540 km", "43° 559 km", "53° 500 km", "97.7° 564 km"] },
  generations: [
    { id: 0, name: "unknown" },
    { id: 1, name: "v1.x" },
    { id: 3, name: "v2 mini, direct to cell" },
  ],
  satellites: { shell: [0, 0, 1, 2, -1], generation: [1, 1, 3, 1, 0], numbers: [], names: [] },
} as unknown as Sky;

describe("legend", () => {
  it("gathers shells by inclination, the commonest first, and counts every satellite", () => {
    const legend = shellLegend(sky, "dark", { none: "no shell" });
    expect(legend.map((family) => family.inclination)).toEqual(["53", "43", null]);
    const count = legend.flatMap((f) => f.entries).reduce((sum, entry) => sum + entry.count, 0);
    expect(count).toBe(5);
  });

  it("gives every entry its own colour in both themes", () => {
    for (const theme of ["dark", "light"] as const) {
      const entries = shellLegend(sky, theme, { none: "" }).flatMap((family) => family.entries);
      expect(new Set(entries.map((entry) => entry.colour.join())).size).toBe(entries.length);
      const generations = generationLegend(sky, theme, (_, name) => name)[0]?.entries ?? [];
      expect(new Set(generations.map((entry) => entry.colour.join())).size).toBe(3);
    }
  });

  it("colours satellites as the legend says and marks direct-to-cell ones", () => {
    const legend = shellLegend(sky, "dark", { none: "" });
    const colours = satelliteColours(sky.satellites, "shell", legend, "dark");
    const first = legend[0]?.entries[0];
    expect([...colours.slice(0, 3)]).toEqual([...(first?.colour ?? [])]);
    expect([...colours].filter((_, index) => index % 4 === 3)).toEqual([0, 0, 255, 0, 0]);
  });
});
