import { beforeAll, expect, it, vi } from "vitest";

let times: typeof import("./times");
beforeAll(async () => {
  vi.stubGlobal("navigator", { languages: ["en"] });
  vi.stubGlobal("document", { documentElement: {}, hidden: true });
  times = await import("./times");
});

const NOW = 1_750_000_000;

it.each([
  [NOW - 3, "just now"],
  [NOW - 59, "59 seconds ago"],
  [NOW - 60, "1 minute ago"],
  [NOW - 2 * 3600, "2 hours ago"],
  [NOW + 47 * 3600, "in 47 hours"],
  [NOW + 20 * 86_400, "in 20 days"],
])("says how far %i is", (time, said) => {
  expect(times.distance(time, NOW)).toBe(said);
});

it("dates what people do in Rome's time, summer time included", () => {
  // 2025-06-15T15:06:40Z
  expect(times.momentOf(NOW)).toContain("17:06");
});
