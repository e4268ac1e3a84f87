import { describe, expect, it } from "vitest";
import { type Fetcher, fetched, MOST_TRIES } from "./fetched";

const BUSY = { detail: "Too many questions at once." };

/** A site that refuses so many questions first; what it was asked, and the pauses in between. */
function site(refusals: number, after?: string) {
  const asked: string[] = [];
  const pauses: number[] = [];
  const headers: HeadersInit = after === undefined ? {} : { "retry-after": after };
  const fetcher: Fetcher = async (path) => {
    asked.push(path);
    if (asked.length <= refusals) return Response.json(BUSY, { status: 429, headers });
    return new Response("told");
  };
  const pause = async (milliseconds: number) => void pauses.push(milliseconds);
  return { asked, pauses, ask: () => fetched(fetcher, "/x", 100, pause) };
}

describe("a site that is asked too much at once", () => {
  it("is asked again after a pause that grows", async () => {
    const { ask, asked, pauses } = site(MOST_TRIES - 1, "1");
    expect(new TextDecoder().decode(await ask())).toBe("told");
    expect(asked.length).toBe(MOST_TRIES);
    for (const [at, shortest] of [1_000, 2_000, 4_000, 8_000].entries()) {
      expect(pauses[at]).toBeGreaterThanOrEqual(shortest);
      expect(pauses[at]).toBeLessThanOrEqual(1.5 * shortest);
    }
  });

  it("is given up in the end, with its sentence", async () => {
    const { ask, asked } = site(100, "1");
    await expect(ask()).rejects.toThrow(BUSY.detail);
    expect(asked.length).toBe(MOST_TRIES);
  });

  it.each([undefined, "0", "-1", "99999999", "9999", "soon", "1e9", ""])(
    "keeps nobody waiting for long, nor is asked without a pause: %s",
    async (after) => {
      const { ask, pauses } = site(1, after);
      await ask();
      expect(pauses[0]).toBeGreaterThanOrEqual(1_000);
      expect(pauses[0]).toBeLessThanOrEqual(12_000);
    },
  );

  it("waits by itself", async () => {
    let asked = 0;
    const fetcher = async () =>
      asked++ === 0 ? Response.json(BUSY, { status: 429 }) : new Response("told");
    expect((await fetched(fetcher, "/x", 100)).length).toBe(4);
  });
});
