import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bindCall, boundLines, type CallWords, checkCall } from "./binding";
import { FRESH_KEY } from "./commits";
import { Conversation } from "./group";
import { makePackage } from "./packages";
import { codeOf, NOW, ORDERER, placeOf } from "./places";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const SDP = [
  "v=0",
  "o=- 46117 2 IN IP4 127.0.0.1",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "c=IN IP4 0.0.0.0",
  "a=ice-ufrag:Xb2c",
  "a=ice-pwd:Hn3GGnDOAbmVLAzGPyDCQOHx",
  `a=fingerprint:sha-256 ${Array(32).fill("AB").join(":")}`,
  "a=setup:actpass",
  "a=mid:0",
  "a=sendrecv",
  "a=rtpmap:111 opus/48000/2",
  "a=candidate:1 1 udp 2122260223 10.64.0.1 40000 typ host",
  "",
].join("\r\n");

async function two(): Promise<[Conversation, Conversation]> {
  const [anna, bruno] = [await placeOf("annaPhone"), await placeOf("brunoPhone")];
  const group = await Conversation.create(anna.party, bruno.party.identity.holder, ORDERER);
  const made = await group.change({ ...FRESH_KEY, add: [await makePackage(bruno.party, false)] });
  if (made.kind !== "settled") throw new Error("waits");
  return [group, (await Conversation.join(bruno.party, made.welcome)).conversation];
}

const WORDS: CallWords = {
  call: "c0ffee",
  role: "offer",
  from: "spiffe://italia.example/person/anna.rossi/phone",
  to: "spiffe://italia.example/person/bruno.verdi/phone",
  sdp: SDP,
  relayed: false,
};

describe("a call bound to its group", () => {
  it("is connected as it was said", async () => {
    const [anna, bruno] = await two();
    const binding = await bindCall(anna, WORDS);
    expect(await codeOf(() => checkCall(bruno, WORDS, binding))).toBe("");
    // What leads no media elsewhere may be written otherwise on the way.
    const sdp = SDP.replaceAll("\r\n", "\n").replace("46117 2", "46117 3");
    expect(await codeOf(() => checkCall(bruno, { ...WORDS, sdp }, binding))).toBe("");
  });

  it.each([
    ["a key", "AB:AB", "AB:AC"],
    ["an address", "10.64.0.1", "10.64.0.2"],
    ["a port", "40000", "40001"],
    [
      "a second candidate",
      "a=mid:0\r\n",
      "a=mid:0\r\na=candidate:2 1 udp 1 10.9.9.9 9 typ host\r\n",
    ],
    ["a second key", "a=mid:0\r\n", "a=mid:0\r\na=fingerprint:sha-256 AA:BB\r\n"],
    ["a secret of ICE", "Hn3GGn", "Hn3GGm"],
    ["a role of DTLS", "actpass", "active"],
    ["a direction", "sendrecv", "recvonly"],
    ["a protocol", "UDP/TLS/RTP/SAVPF", "RTP/AVP"],
  ])("is not connected when %s was rewritten", async (_, from, to) => {
    const [anna, bruno] = await two();
    const binding = await bindCall(anna, WORDS);
    const sdp = SDP.replace(from, to);
    expect(sdp).not.toBe(SDP);
    expect(await codeOf(() => checkCall(bruno, { ...WORDS, sdp }, binding))).toBe("not-genuine");
  });

  it("is of one call, one role, two devices and one epoch", async () => {
    const [anna, bruno] = await two();
    const binding = await bindCall(anna, WORDS);
    const check = (part: Partial<CallWords>) =>
      codeOf(() => checkCall(bruno, { ...WORDS, ...part }, binding));
    expect(await check({ call: "c0ffef" })).toBe("not-genuine");
    expect(await check({ role: "answer" })).toBe("not-genuine");
    expect(await check({ from: WORDS.to })).toBe("identity");
    expect(await check({ to: WORDS.from })).toBe("identity");
    // What one said oneself proves nothing of the other end.
    expect(await codeOf(() => checkCall(anna, WORDS, binding))).toBe("identity");
    expect(await codeOf(() => bindCall(bruno, WORDS))).toBe("identity");
    for (const code of [new Uint8Array(), binding.code.slice(1), new Uint8Array(64)]) {
      expect(await codeOf(() => checkCall(bruno, WORDS, { ...binding, code }))).toBe("not-genuine");
    }
    const made = await anna.change();
    if (made.kind !== "waits") throw new Error("waits");
    const notice = { orderer: ORDERER, group: anna.id, epoch: made.epoch, commit: made.name };
    await bruno.settle(notice, made.commit);
    expect(await check({})).toBe("not-in-force");
  });

  it("through relays each end has its own address, and nothing else may differ", async () => {
    const [anna, bruno] = await two();
    const words = { ...WORDS, relayed: true };
    const binding = await bindCall(anna, words);
    const check = (sdp: string, relayed = true) =>
      codeOf(() => checkCall(bruno, { ...words, sdp, relayed }, binding));
    const replaced = SDP.replace("10.64.0.1 40000", "10.9.0.1 50000")
      .replace("m=audio 9 ", "m=audio 50000 ")
      .replace("IP4 0.0.0.0", "IP4 10.9.0.1");
    expect(await check(replaced)).toBe("");
    expect(await check(replaced.replace("AB:AB", "AB:AC"))).toBe("not-genuine");
    expect(await check(replaced.replace("Xb2c", "Xb2d"))).toBe("not-genuine");
    expect(await check(SDP, false)).toBe("not-genuine");
  });

  it("a description without a key, or too long, is none", () => {
    expect(() => boundLines("v=0\r\nm=audio 9 RTP/AVP 0\r\n", false)).toThrow(/no key/);
    expect(() => boundLines(SDP + "a=mid:1\r\n".repeat(300), false)).toThrow(/too much/);
    expect(() => boundLines("a".repeat(70_000), false)).toThrow(/too long/);
  });
});
