import { describe, expect, it } from "vitest";
import { hex } from "../../trust/octets";
import { boundOctets, type MediaEnd, readDescription, writeDescription } from "./description";
import { checkAnswer, localEnd, remoteDescription } from "./sdp";
import { random } from "./seeded.testing";

const refusal = (code: string) => expect.objectContaining({ code });
const PRINT = Array.from({ length: 32 }, (_, at) => (at * 7).toString(16).padStart(2, "0"))
  .join(":")
  .toUpperCase();
const OFFER: MediaEnd = {
  kind: "offer",
  fingerprint: PRINT,
  setup: "actpass",
  ufrag: "aB+/",
  password: "abcdefghijklmnopqrstuv",
  payloadType: 111,
  ssrc: 4_294_967_295,
  bitRate: 24_000,
};
const ANSWER: MediaEnd = {
  ...OFFER,
  kind: "answer",
  setup: "active",
  ufrag: "other",
  fingerprint: PRINT.replace("00", "01"),
};
const TEXT = writeDescription(OFFER);
const lines = TEXT.trimEnd().split("\r\n");
const textOf = (changed: readonly string[]) => `${changed.join("\r\n")}\r\n`;

/** As much of a Chromium's offer as matters, with what a call must not have. */
const CHROMIUM = [
  "v=0",
  "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "a=group:BUNDLE 0",
  "a=extmap-allow-mixed",
  "a=msid-semantic: WMS",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
  "c=IN IP4 0.0.0.0",
  "a=rtcp:9 IN IP4 0.0.0.0",
  "a=candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host generation 0",
  `a=ice-ufrag:${OFFER.ufrag}`,
  `a=ice-pwd:${OFFER.password}`,
  "a=ice-options:trickle",
  `a=fingerprint:sha-256 ${PRINT}`,
  "a=setup:actpass",
  "a=mid:0",
  "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
  "a=sendrecv",
  "a=msid:- 9d1f",
  "a=rtcp-mux",
  "a=rtpmap:111 opus/48000/2",
  "a=rtcp-fb:111 transport-cc",
  "a=fmtp:111 minptime=10;useinbandfec=1",
  "a=rtpmap:63 red/48000/2",
  "a=fmtp:63 111/111",
  "a=ssrc:4294967295 cname:Zt0Q",
  "a=ssrc:4294967295 msid:- 9d1f",
];

describe("a call's description", () => {
  it("says what a call is and nothing else", () => {
    for (const end of [OFFER, ANSWER, { ...ANSWER, setup: "passive" as const }]) {
      expect(readDescription(writeDescription(end), end.kind)).toEqual(end);
    }
    expect(TEXT).toContain("cbr=1");
    expect(TEXT).toContain("usedtx=0");
    expect(TEXT).not.toMatch(/candidate|extmap|red\/|192\.|rtcp-fb/);
  });

  it("is all that is told of what a browser wrote", () => {
    const made = localEnd("offer", textOf(CHROMIUM), 24_000);
    expect(made).toEqual(OFFER);
    expect(writeDescription(made)).toBe(TEXT);
  });

  it("takes one candidate, our own relay, and the end of them", () => {
    const { type, sdp = "" } = remoteDescription(ANSWER, { address: "192.0.2.1", port: 4000 });
    expect(type).toBe("answer");
    const candidates = sdp.split("\r\n").filter((line) => line.includes("candidate"));
    expect(candidates).toEqual([
      "a=candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host",
      "a=end-of-candidates",
    ]);
    expect(remoteDescription(OFFER, { address: "fd00::1", port: 1 }).sdp).toContain(" fd00::1 1 ");
    for (const relay of [
      { address: "relay.example", port: 4000 },
      { address: "192.0.2.1\r\na=x", port: 4000 },
      { address: "192.0.2.1", port: 0 },
      { address: "192.0.2.1", port: 70_000 },
    ]) {
      expect(() => remoteDescription(OFFER, relay)).toThrow(refusal("malformed"));
    }
  });

  it("is refused with a man in the middle's candidate, medium or line", () => {
    const candidate = "a=candidate:1 1 udp 2130706431 203.0.113.9 9 typ host";
    const other = PRINT.replace("00", "FF");
    const wrong: [string[], string][] = [
      [[...lines, candidate], "names an address"],
      [[...lines, "m=video 9 UDP/TLS/RTP/SAVPF 96"], "another number of media"],
      [[...lines, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel"], "another number of media"],
      [[...lines, `a=fingerprint:sha-256 ${other}`], "exactly one line a=fingerprint"],
      [[...lines, "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level"], "more lines"],
      [lines.toSpliced(9, 0, "a=rtcp-fb:111 transport-cc"), "something else where"],
      [lines.map((line) => line.replace("cbr=1", "cbr=0")), "something else where"],
      [lines.map((line) => line.replace("usedtx=0", "usedtx=1")), "something else where"],
      [lines.map((line) => line.replace("=24000", "=510000")), "bit rate"],
      [lines.map((line) => line.replace("actpass", "passive")), "role for DTLS"],
      [lines.map((line) => line.replace("sha-256", "sha-1")), "exactly one line"],
      [lines.map((line) => line.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP")), "exactly one line"],
      [lines.map((line) => line.replace("sendrecv", "recvonly")), "something else where"],
      [lines.filter((line) => line !== "a=rtcp-mux"), "something else where"],
    ];
    for (const [changed, sentence] of wrong) {
      expect(() => readDescription(textOf(changed), "offer")).toThrow(sentence);
    }
    expect(() => readDescription(TEXT, "answer")).toThrow(refusal("malformed"));
    expect(() => readDescription(`${TEXT}${" ".repeat(3000)}`, "offer")).toThrow(
      refusal("too-large"),
    );
  });

  it("is refused, or means the same, with any octet changed", () => {
    const chance = random(8866);
    const shown = (end: MediaEnd) => writeDescription(end);
    let taken = 0;
    for (let trial = 0; trial < 8000; trial++) {
      const at = chance.below(TEXT.length);
      const put = String.fromCharCode(chance.below(128));
      const changed = [
        TEXT.slice(0, at) + put + TEXT.slice(at + 1),
        TEXT.slice(0, at) + TEXT.slice(at + 1),
        TEXT.slice(0, at) + put + TEXT.slice(at),
        TEXT.slice(0, at),
      ][chance.below(4)] as string;
      try {
        expect(shown(readDescription(changed, "offer"))).toBe(changed);
        taken += 1;
      } catch (problem) {
        expect(problem).toHaveProperty("code", "malformed");
      }
    }
    // A digit of the fingerprint, a letter of the password: another end, which MLS has not bound.
    expect(taken).toBeGreaterThan(50);
  });

  it("binds every field but the password", () => {
    const bound = hex(boundOctets(OFFER));
    const others: MediaEnd[] = [
      ANSWER,
      { ...OFFER, fingerprint: PRINT.replace("00", "01") },
      { ...OFFER, ufrag: "aB+0" },
      { ...OFFER, payloadType: 109 },
      { ...OFFER, ssrc: 7 },
      { ...OFFER, bitRate: 12_000 },
      { ...ANSWER, setup: "passive" },
    ];
    const all = [OFFER, ...others].map((end) => hex(boundOctets(end)));
    expect(new Set(all).size).toBe(all.length);
    const password = "v".repeat(22);
    expect(hex(boundOctets({ ...OFFER, password }))).toBe(bound);
    const print = PRINT.replaceAll(":", "").toLowerCase();
    const [label, kind, setup, ufrag] = ["baluardo/call-media/v1", "offer", "actpass", "aB+/"].map(
      (text) => hex(Uint8Array.of(text.length)) + hex(new TextEncoder().encode(text)),
    );
    expect(bound).toBe(`${label}${kind}20${print}${setup}${ufrag}6fffffffff00005dc0`);
  });

  it("answers the offer it is for, and is not a mirror of it", () => {
    checkAnswer(OFFER, ANSWER);
    for (const wrong of [
      OFFER,
      { ...ANSWER, payloadType: 109 },
      { ...ANSWER, fingerprint: OFFER.fingerprint },
      { ...ANSWER, ufrag: OFFER.ufrag },
    ]) {
      expect(() => checkAnswer(OFFER, wrong)).toThrow(refusal("malformed"));
    }
    expect(() => checkAnswer(ANSWER, ANSWER)).toThrow(refusal("malformed"));
  });

  it("cannot be made of what is no description for speech", () => {
    const drop = (start: string) => textOf(CHROMIUM.filter((line) => !line.startsWith(start)));
    const wrong = [
      "",
      "x".repeat(70_000),
      `${textOf(CHROMIUM)}m=video 9 UDP/TLS/RTP/SAVPF 96\r\n`,
      drop("a=rtpmap:111"),
      drop("a=ice-pwd"),
      drop("a=ssrc"),
      drop("a=mid"),
      textOf(CHROMIUM).replace(" 111 63", " 63"),
      textOf(CHROMIUM).replace("m=audio", "m=video"),
    ];
    for (const sdp of wrong) {
      expect(() => localEnd("offer", sdp, 24_000)).toThrow(refusal("unsupported"));
    }
  });
});
