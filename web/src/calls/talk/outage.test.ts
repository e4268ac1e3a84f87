import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GIVE_UP_MS, Outage, RESTART_MS } from "./outage";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watched(): [Outage, string[]] {
  const told: string[] = [];
  const lost = (is: boolean) => told.push(is ? "lost" : "found");
  return [new Outage(() => told.push("restart"), lost), told];
}

describe("an outage", () => {
  it("that passes by itself is borne", () => {
    const [outage, told] = watched();
    for (const state of ["new", "connecting", "connected", "disconnected"] as const) {
      outage.see(state);
    }
    vi.advanceTimersByTime(RESTART_MS - 1);
    outage.see("connected");
    vi.advanceTimersByTime(10 * GIVE_UP_MS);
    expect(told).toEqual([]);
  });

  it("that lasts has another way looked for once, then it is told", () => {
    const [outage, told] = watched();
    outage.see("disconnected");
    vi.advanceTimersByTime(1_000);
    outage.see("failed");
    vi.advanceTimersByTime(RESTART_MS - 1_000);
    expect(told).toEqual(["restart"]);
    outage.see("connecting");
    outage.see("failed");
    vi.advanceTimersByTime(GIVE_UP_MS);
    expect(told).toEqual(["restart", "lost"]);
    vi.advanceTimersByTime(10 * GIVE_UP_MS);
    outage.see("connected");
    expect(told).toEqual(["restart", "lost", "found"]);
  });

  it("of each its own way is looked for", () => {
    const [outage, told] = watched();
    for (let turn = 0; turn < 3; turn++) {
      outage.see("disconnected");
      vi.advanceTimersByTime(RESTART_MS);
      outage.see("connected");
    }
    expect(told).toEqual(["restart", "restart", "restart"]);
  });

  it("is nothing once the call is over", () => {
    const [outage, told] = watched();
    outage.see("failed");
    outage.close();
    vi.advanceTimersByTime(10 * GIVE_UP_MS);
    expect(told).toEqual([]);
  });
});
