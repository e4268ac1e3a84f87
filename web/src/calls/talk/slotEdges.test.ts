import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AFTER_MS, BEFORE_MS, MOST_EDGES, SLOT_MS, SlotEdges } from "./slotEdges";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watched(): [SlotEdges, [number, number][]] {
  const began = performance.now();
  const told: [number, number][] = [];
  return [new SlotEdges((ms) => told.push([performance.now() - began, ms])), told];
}

describe("the edge of a slot", () => {
  it("finds more in hand before, and as much as else after", () => {
    const [edges, told] = watched();
    edges.expect({ inMs: 5_000, holdMs: 60 });
    vi.advanceTimersByTime(5_000 + AFTER_MS);
    expect(told).toEqual([
      [5_000 - BEFORE_MS, 60],
      [5_000 + AFTER_MS, 0],
    ]);
  });

  it("comes again every slot, as long as the edge is still heard", () => {
    const [edges, told] = watched();
    edges.expect({ inMs: 5_000, holdMs: 60 });
    vi.advanceTimersByTime(20 * SLOT_MS);
    const began = told.filter(([, ms]) => ms > 0).map(([at]) => at);
    expect(began).toEqual(
      Array.from({ length: MOST_EDGES }, (_, at) => 5_000 - BEFORE_MS + at * SLOT_MS),
    );
    expect(told.at(-1)?.[1]).toBe(0);
  });

  it("that is foretold anew is not waited for twice", () => {
    const [edges, told] = watched();
    for (const inMs of [14_000, 9_000, 4_000]) {
      edges.expect({ inMs, holdMs: 60 });
      vi.advanceTimersByTime(1_000);
    }
    vi.advanceTimersByTime(4_000);
    expect(told.map(([, ms]) => ms)).toEqual([60, 0]);
  });

  it("that comes at once is met at once", () => {
    const [edges, told] = watched();
    edges.expect({ inMs: 100, holdMs: 60 });
    vi.advanceTimersByTime(0);
    edges.expect({ inMs: 50, holdMs: 60 });
    vi.advanceTimersByTime(50 + AFTER_MS);
    expect(told).toEqual([
      [0, 60],
      [0, 60],
      [50 + AFTER_MS, 0],
    ]);
  });

  it("is nothing to a call that is over", () => {
    const [edges, told] = watched();
    edges.expect({ inMs: 5_000, holdMs: 60 });
    edges.close();
    vi.advanceTimersByTime(2 * SLOT_MS);
    expect(told).toEqual([]);
  });
});
