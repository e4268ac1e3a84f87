import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hex, type Octets } from "../../trust/octets";
import type { MediaEnd } from "../media/description";
import { random } from "../media/seeded.testing";
import { makePackage } from "../mls/packages";
import { codeOf, NOW, placeOf, type Which } from "../mls/places.testing";
import { CallKeys, type Waiting, waitForWelcome, warmUp } from "./callKeys";
import { readWords, writeWords } from "./words";

// Only against hanging: signatures take long where others use the machine too.
vi.setConfig({ testTimeout: 60_000 });
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const CALL = "0a".repeat(16);
const EDGE = "office/palazzo-chigi";
const OFFER: MediaEnd = {
  kind: "offer",
  fingerprint: Array(32).fill("AB").join(":"),
  setup: "actpass",
  ufrag: "Xb2c",
  password: "Hn3GGnDOAbmVLAzGPyDCQOHx",
  payloadType: 111,
  ssrc: 7,
  bitRate: 32_000,
};
const ANSWER: MediaEnd = { ...OFFER, kind: "answer", setup: "active", ufrag: "Zb2c", ssrc: 8 };

const PARTIES = {
  anna: await placeOf("annaPhone", "eu"),
  bruno: await placeOf("brunoPhone", "eu"),
  brunoDesk: await placeOf("brunoDesk", "eu"),
  carla: await placeOf("carlaPhone", "eu"),
};
const party = (name: keyof typeof PARTIES) => PARTIES[name].party;

async function called(which: Which = "eu"): Promise<{ waiting: Waiting; said: Octets }> {
  const { party: own } = await placeOf("brunoPhone", which);
  const waiting = await waitForWelcome(own);
  const said = writeWords("ringing", { answer: "v=0", package: waiting.keyPackage });
  return { waiting, said };
}

/** Both ends with the welcome delivered as words, and nothing checked yet. */
async function pair(which: Which = "eu"): Promise<[CallKeys, CallKeys]> {
  const { party: caller } = await placeOf("annaPhone", which);
  const { waiting, said } = await called(which);
  const { identity } = waiting.party;
  const { package: keyPackage } = readWords(said, "ringing");
  const { keys, welcome } = await CallKeys.found(caller, CALL, identity, EDGE, keyPackage);
  const code = await keys.bind(OFFER);
  const heard = readWords(writeWords("welcome", { welcome, code }), "welcome");
  return [keys, await CallKeys.join(waiting, CALL, caller.identity, heard.welcome)];
}

describe("keys of a call", () => {
  it.each<Which>(["eu", "cnsa"])(
    "are the same at both ends, once both have shown (%s)",
    async (which) => {
      const [caller, callee] = await pair(which);
      expect(await codeOf(() => caller.mediaKey())).toBe("key");
      expect(await codeOf(() => callee.mediaKey())).toBe("key");
      await callee.check(OFFER, await caller.bind(OFFER));
      await caller.check(ANSWER, await callee.bind(ANSWER));
      const [one, other] = [await caller.mediaKey(), await callee.mediaKey()];
      expect(hex(one.baseKey)).toBe(hex(other.baseKey));
      expect(one.epoch).toEqual({ number: 1n, leaves: 2, own: 0, peer: 1 });
      expect(other.epoch).toEqual({ number: 1n, leaves: 2, own: 1, peer: 0 });
      expect(await caller.safety()).toBe(await callee.safety());
      expect(await caller.safety()).toMatch(/^(\d{5} ){7}\d{5}$/);
      expect((await caller.peer()).identity.path).toBe("person/bruno.verdi/phone");
      expect((await callee.peer()).identity.path).toBe("person/anna.rossi/phone");
    },
  );

  it("are others in every call", async () => {
    const seen = new Set<string>();
    for (let turn = 0; turn < 2; turn++) {
      const [caller, callee] = await pair();
      await caller.check(ANSWER, await callee.bind(ANSWER));
      seen.add(hex((await caller.mediaKey()).baseKey));
    }
    expect(seen.size).toBe(2);
  });

  it("are gone with it", async () => {
    const [caller, callee] = await pair();
    const code = await callee.bind(ANSWER);
    await caller.check(ANSWER, code);
    await caller.forget();
    expect(await codeOf(() => caller.mediaKey())).toBe("key");
    expect(await codeOf(() => caller.bind(OFFER))).toBe("key");
    expect(await codeOf(() => caller.forget())).toBe("key");
  });

  it("are warmed up without a trace", async () => {
    const { party: own, store } = await placeOf("annaPhone");
    await warmUp(own);
    expect(store.records.size).toBe(0);
  });
});

describe("who stands between the two and rewrites", () => {
  it.each([
    ["the fingerprint of the offer", { fingerprint: OFFER.fingerprint.replace("AB", "CD") }],
    ["its name of ICE", { ufrag: "Yb2c" }],
    ["its source", { ssrc: 9 }],
  ])("%s is found by who is called", async (_, change) => {
    const [caller, callee] = await pair();
    const code = await caller.bind(OFFER);
    expect(await codeOf(() => callee.check({ ...OFFER, ...change }, code))).toBe("not-genuine");
    expect(await codeOf(() => callee.mediaKey())).toBe("key");
  });

  it.each([
    ["the fingerprint of the answer", { fingerprint: ANSWER.fingerprint.replace("AB", "CD") }],
    ["its name of ICE", { ufrag: "Yb2c" }],
    ["its role of DTLS", { setup: "passive" as const }],
  ])("%s is found by who calls", async (_, change) => {
    const [caller, callee] = await pair();
    const code = await callee.bind(ANSWER);
    expect(await codeOf(() => caller.check({ ...ANSWER, ...change }, code))).toBe("not-genuine");
    expect(await codeOf(() => caller.mediaKey())).toBe("key");
  });

  it("the code, or sends one's own back, is found", async () => {
    const [caller, callee] = await pair();
    const code = await caller.bind(OFFER);
    for (const at of [0, 31, 63]) {
      const changed = code.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(await codeOf(() => callee.check(OFFER, changed))).toBe("not-genuine");
    }
    expect(await codeOf(() => caller.check(OFFER, code))).toBe("not-genuine");
    expect(await codeOf(() => caller.check(ANSWER, code))).toBe("not-genuine");
  });

  it("an earlier code of the same call, of either end, is found", async () => {
    const [caller, callee] = await pair();
    const again = { ...OFFER, ufrag: "Yb2c" };
    const [first, second] = [await caller.bind(OFFER), await caller.bind(again)];
    await callee.check(OFFER, first);
    const before = await callee.bind(ANSWER);
    await caller.check(ANSWER, before);
    await callee.check(again, second);
    expect(await codeOf(() => callee.check(OFFER, first))).toBe("not-genuine");
    expect(await codeOf(() => callee.check(again, second))).toBe("not-genuine");
    expect(await codeOf(() => caller.check(ANSWER, before))).toBe("not-genuine");
    // What comes next from either is good all the same, also where it says what was said before.
    await callee.check(OFFER, await caller.bind(OFFER));
    await caller.check(ANSWER, await callee.bind(ANSWER));
  });

  it("a code of another call is found", async () => {
    const [caller] = await pair();
    const [, callee] = await pair();
    const code = await caller.bind(OFFER);
    expect(await codeOf(() => callee.check(OFFER, code))).toBe("not-genuine");
  });

  it("the package, by one of another device or person, is found", async () => {
    const { waiting } = await called();
    for (const other of ["brunoDesk", "carla"] as const) {
      const another = await makePackage(party(other), false);
      const found = () =>
        CallKeys.found(party("anna"), CALL, waiting.party.identity, EDGE, another);
      expect(await codeOf(found), other).toBe("identity");
    }
    const { waiting: forged } = await called("forged");
    const { keyPackage } = forged;
    const found = () =>
      CallKeys.found(party("anna"), CALL, waiting.party.identity, EDGE, keyPackage);
    expect(await codeOf(found)).not.toBe("");
  });

  it("the welcome, by one into a group of somebody else, is found", async () => {
    const { waiting } = await called();
    const { identity } = waiting.party;
    const { keyPackage } = waiting;
    const { welcome } = await CallKeys.found(party("carla"), CALL, identity, EDGE, keyPackage);
    const join = () => CallKeys.join(waiting, CALL, party("anna").identity, welcome);
    expect(await codeOf(join)).toBe("identity");
  });

  it("any octet of package or welcome is found, or changes nothing", async () => {
    const chance = random(11);
    const { waiting } = await called();
    const { identity } = waiting.party;
    const changed = (octets: Octets) => {
      const other = octets.slice();
      const at = chance.below(other.length);
      other[at] = (other[at] ?? 0) ^ (1 + chance.below(255));
      return other;
    };
    for (let turn = 0; turn < 12; turn++) {
      const keyPackage = changed(waiting.keyPackage);
      const found = () => CallKeys.found(party("anna"), CALL, identity, EDGE, keyPackage);
      expect(await codeOf(found)).not.toBe("");
    }
    const { keyPackage } = waiting;
    const { welcome } = await CallKeys.found(party("anna"), CALL, identity, EDGE, keyPackage);
    for (let turn = 0; turn < 12; turn++) {
      const join = () => CallKeys.join(waiting, CALL, party("anna").identity, changed(welcome));
      expect(await codeOf(join)).not.toBe("");
    }
    await CallKeys.join(waiting, CALL, party("anna").identity, welcome);
  });
});
