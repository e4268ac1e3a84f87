import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { utf8 } from "../../trust/octets";
import { type MediaEnd, readDescription } from "../media/description";
import { NOW, placeOf } from "../mls/places.testing";
import { CallKeys, waitForWelcome } from "./callKeys";
import { isRefusal, TROUBLES, troubleOf, unchanged } from "./trouble";
import { readWords } from "./words";

vi.setConfig({ testTimeout: 60_000 });
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const CALL = "0a".repeat(16);
const EDGE = "office/palazzo-chigi";

async function troubled(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (problem) {
    return troubleOf(problem);
  }
  return "";
}

describe("what goes wrong in a call", () => {
  it("is altered words or descriptions where they cannot be what they should be", async () => {
    expect(await troubled(() => readWords(utf8("nothing"), "offer"))).toBe("altered");
    expect(await troubled(() => readDescription("v=0", "offer"))).toBe("altered");
  });
  it("is a change on the way where a code is wrong, and a stranger where keys are another's", async () => {
    const { party: anna } = await placeOf("annaPhone", "eu");
    const { party: bruno } = await placeOf("brunoPhone", "eu");
    const { party: desk } = await placeOf("brunoDesk", "eu");
    const waiting = await waitForWelcome(bruno);
    const { keyPackage } = waiting;
    const { keys, welcome } = await CallKeys.found(anna, CALL, bruno.identity, EDGE, keyPackage);
    const joined = await CallKeys.join(waiting, CALL, anna.identity, welcome);
    const media: MediaEnd = {
      kind: "offer",
      fingerprint: Array(32).fill("AB").join(":"),
      setup: "actpass",
      ufrag: "Xb2c",
      password: "Hn3GGnDOAbmVLAzGPyDCQOHx",
      payloadType: 111,
      ssrc: 7,
      bitRate: 32_000,
    };
    const code = await keys.bind(media);
    const rewritten = { ...media, ssrc: 8 };
    expect(await troubled(() => unchanged(joined.check(rewritten, code)))).toBe("changed");
    expect(await troubled(() => unchanged(joined.check(media, code)))).toBe("");
    const other = () => CallKeys.found(anna, CALL, desk.identity, EDGE, keyPackage);
    expect(await troubled(other)).toBe("strangers");
    const foreign = await waitForWelcome((await placeOf("brunoPhone", "forged")).party);
    const forged = () => CallKeys.found(anna, CALL, bruno.identity, EDGE, foreign.keyPackage);
    expect(await troubled(forged)).toBe("forged");
    expect(await keys.keyPrint()).toMatch(/^[0-9a-f]{64}$/);
    expect(await keys.keyPrint()).not.toBe(await joined.keyPrint());
  });
  it("is a failure of this browser where nothing else is known", async () => {
    expect(troubleOf(new Error("whatever"))).toBe("failed");
    expect(troubleOf("whatever")).toBe("failed");
  });
  it("is a refusal for security only where the other end was refused", () => {
    expect(TROUBLES.filter((each) => !isRefusal(each))).toEqual([
      "browser",
      "no relay",
      "no edge",
      "microphone",
      "failed",
    ]);
    expect(isRefusal(null)).toBe(false);
  });
});
