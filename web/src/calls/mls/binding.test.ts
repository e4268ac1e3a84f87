import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MediaEnd } from "../media/description";
import { type Binding, bindCall, type CallWords, checkCall, MOST_LOST } from "./binding";
import { FRESH_KEY } from "./commits";
import { Conversation } from "./group";
import { makePackage } from "./packages";
import { codeOf, NOW, ORDERER, placeOf } from "./places.testing";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

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

async function two(): Promise<[Conversation, Conversation]> {
  const [anna, bruno] = [await placeOf("annaPhone"), await placeOf("brunoPhone")];
  const group = await Conversation.create(anna.party, bruno.party.identity.holder, ORDERER);
  const made = await group.change({ ...FRESH_KEY, add: [await makePackage(bruno.party, false)] });
  if (made.kind !== "settled") throw new Error("waits");
  return [group, (await Conversation.join(bruno.party, made.welcome)).conversation];
}

const WORDS: CallWords = {
  call: "c0ffee",
  from: "spiffe://italia.example/person/anna.rossi/phone",
  to: "spiffe://italia.example/person/bruno.verdi/phone",
  end: OFFER,
  count: 1,
};

describe("a call bound to its group", () => {
  it("is connected as it was said", async () => {
    const [anna, bruno] = await two();
    const binding = await bindCall(anna, WORDS);
    expect(await codeOf(() => checkCall(bruno, WORDS, binding, 0))).toBe("");
    // The password of the connectivity checks is not bound, so that what is bound can be shown.
    const end = { ...OFFER, password: "another".padEnd(24, "x") };
    expect(await codeOf(() => checkCall(bruno, { ...WORDS, end }, binding, 0))).toBe("");
  });

  const changes: [string, Partial<MediaEnd>][] = [
    ["a key", { fingerprint: OFFER.fingerprint.replace("AB", "AC") }],
    ["a name of ICE", { ufrag: "Xb2d" }],
    ["a source", { ssrc: 8 }],
    ["a payload type", { payloadType: 112 }],
    ["a bit rate", { bitRate: 24_000 }],
    ["a role", { kind: "answer", setup: "active" }],
  ];
  it.each(changes)("is not connected when %s was rewritten", async (_, change) => {
    const [anna, bruno] = await two();
    const binding = await bindCall(anna, WORDS);
    const end = { ...OFFER, ...change };
    expect(await codeOf(() => checkCall(bruno, { ...WORDS, end }, binding, 0))).toBe("not-genuine");
  });

  it("is of one call, two devices and one epoch", async () => {
    const [anna, bruno] = await two();
    const binding = await bindCall(anna, WORDS);
    const check = (part: Partial<CallWords>) =>
      codeOf(() => checkCall(bruno, { ...WORDS, ...part }, binding, 0));
    expect(await check({ call: "c0ffef" })).toBe("not-genuine");
    expect(await check({ from: WORDS.to })).toBe("identity");
    expect(await check({ to: WORDS.from })).toBe("identity");
    // What one said oneself proves nothing of the other end.
    expect(await codeOf(() => checkCall(anna, WORDS, binding, 0))).toBe("identity");
    expect(await codeOf(() => bindCall(bruno, WORDS))).toBe("identity");
    for (const code of [new Uint8Array(), binding.code.slice(1), new Uint8Array(64)]) {
      expect(await codeOf(() => checkCall(bruno, WORDS, { ...binding, code }, 0))).toBe(
        "not-genuine",
      );
    }
    const made = await anna.change();
    if (made.kind !== "waits") throw new Error("waits");
    const notice = { orderer: ORDERER, group: anna.id, epoch: made.epoch, commit: made.name };
    await bruno.settle(notice, made.commit);
    expect(await check({})).toBe("not-in-force");
  });

  it("is never connected by what was said before the last that came", async () => {
    const [anna, bruno] = await two();
    const bindings: Binding[] = [];
    for (let count = 1; count <= MOST_LOST + 3; count++) {
      bindings.push(await bindCall(anna, { ...WORDS, count }));
    }
    const check = (count: number, last: number) => {
      const binding = bindings[count - 1];
      if (binding === undefined) throw new Error("there are fewer");
      return codeOf(async () => expect(await checkCall(bruno, WORDS, binding, last)).toBe(count));
    };
    for (const [count, last] of [
      [1, 0],
      [2, 1],
      [3, 1],
      [1 + MOST_LOST, 0],
      [MOST_LOST + 3, 2],
    ] as const) {
      expect(await check(count, last), `${count} after ${last}`).toBe("");
    }
    for (const [count, last] of [
      [1, 1],
      [1, 2],
      [2, 9],
      [2 + MOST_LOST, 0],
      [MOST_LOST + 3, 1],
    ] as const) {
      expect(await check(count, last), `${count} after ${last}`).toBe("not-genuine");
    }
  });
});
