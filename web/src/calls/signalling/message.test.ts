import { describe, expect, it } from "vitest";
import { TrustError } from "../../trust/errors";
import { base64, ofUtf8, utf8 } from "../../trust/octets";
import { random } from "../media/seeded.testing";
import { MOST_OPAQUE } from "./bodies";
import { CAUSES, DEVICE_ENDS, isCause, REFUSALS } from "./causes";
import { decodeMessage, encodeMessage, type Message, MOST_OCTETS } from "./message";
import vectors from "./vectors.json";
import { causeWords } from "./words";

const ANSWER: Message = {
  call: "0f".repeat(16),
  leg: "person/anna.rossi/phone",
  side: "callee",
  life: 2 ** 53 - 1,
  number: 2 ** 31 - 1,
  body: {
    type: "answer",
    device: "person/anna.rossi/phone",
    opaque: Uint8Array.of(0, 255),
    fragment: "Ab+/",
    relay: { address: "2001:db8::1", port: 40_000 },
  },
};

describe("messages that the edges' own codec has written", () => {
  it.each(vectors.taken)("are read and written alike: $written", ({ read, written }) => {
    expect(ofUtf8(encodeMessage(decodeMessage(utf8(read))))).toBe(written);
    expect(ofUtf8(encodeMessage(decodeMessage(utf8(written))))).toBe(written);
  });

  it.each(vectors.refused)("and what it refuses is refused: %s", (text) => {
    expect(() => decodeMessage(utf8(text))).toThrow(TrustError);
  });

  it("mean what they say", () => {
    const octets = encodeMessage(ANSWER);
    expect(decodeMessage(octets)).toEqual(ANSWER);
    expect(JSON.parse(ofUtf8(octets))).toEqual({
      call: "0f".repeat(16),
      device: "person/anna.rossi/phone",
      fragment: "Ab+/",
      leg: "person/anna.rossi/phone",
      life: 2 ** 53 - 1,
      number: 2 ** 31 - 1,
      opaque: "AP8=",
      relay: { address: "2001:db8::1", port: 40_000 },
      side: "callee",
      type: "answer",
    });
  });

  it("have the same bounds", () => {
    expect([MOST_OPAQUE, MOST_OCTETS]).toEqual([vectors.mostOpaque, vectors.mostOctets]);
    const whole = JSON.parse(ofUtf8(encodeMessage(ANSWER)));
    const sized = (length: number) =>
      utf8(JSON.stringify({ ...whole, opaque: base64(new Uint8Array(length)) }));
    expect(decodeMessage(sized(MOST_OPAQUE)).body).toMatchObject({ type: "answer" });
    expect(() => decodeMessage(sized(MOST_OPAQUE + 1))).toThrow(TrustError);
    const padded = `${JSON.stringify(whole)}${" ".repeat(MOST_OCTETS)}`;
    expect(() => decodeMessage(utf8(padded))).toThrow(TrustError);
  });
});

describe("hostile octets", () => {
  it("are refused in a sentence, or are a message that is written as it is read", () => {
    const chance = random(0x5161);
    const texts = vectors.taken.map(({ written }) => utf8(written)).filter((it) => it.length < 999);
    let taken = 0;
    for (let round = 0; round < 3_000; round++) {
      const octets = (texts[chance.below(texts.length)] ?? utf8("")).slice();
      for (let change = 0; change <= chance.below(3); change++) {
        octets[chance.below(octets.length)] = chance.below(round % 2 === 0 ? 128 : 256);
      }
      try {
        const message = decodeMessage(octets);
        expect(decodeMessage(encodeMessage(message))).toEqual(message);
        taken += 1;
      } catch (problem) {
        expect(problem).toBeInstanceOf(TrustError);
      }
    }
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(1_500);
  });
});

describe("causes", () => {
  it("are those of the edges, and have their words in both languages", () => {
    expect([...CAUSES].sort()).toEqual(Object.keys(vectors.causes).sort());
    expect(REFUSALS).toEqual(vectors.refusals);
    expect(DEVICE_ENDS).toEqual(vectors.deviceEnds);
    for (const [cause, { it: italian, en: english }] of Object.entries(vectors.causes)) {
      if (!isCause(cause)) throw new Error(cause);
      expect(causeWords.it[cause]).toBe(italian);
      expect(causeWords.en[cause]).toBe(english);
    }
  });
});
