import { describe, expect, it } from "vitest";
import {
  base64,
  base64url,
  characters,
  hex,
  joined,
  ofBase64,
  ofBase64url,
  ofEitherBase64,
  ofHex,
  ofUint64,
  ofUtf8,
  printable,
  sha384,
  uint64,
  utf8,
} from "./octets";

const refusal = (code: string) => expect.objectContaining({ code });

describe("octets", () => {
  it("have the texts of RFC 4648 section 10", () => {
    const texts = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
    for (const [length, text] of texts.entries()) {
      const octets = utf8("foobar".slice(0, length));
      expect(base64(octets)).toBe(text);
      expect(ofBase64(text, 6)).toEqual(octets);
      expect(ofBase64url(base64url(octets), 6)).toEqual(octets);
    }
    expect(base64url(Uint8Array.of(0xfb, 0xff))).toBe("-_8");
    expect(ofEitherBase64("-_8=", 2)).toEqual(Uint8Array.of(0xfb, 0xff));
    const long = new Uint8Array(100_000).map((_, at) => at % 251);
    expect(ofBase64(base64(long), 100_000)).toEqual(long);
  });

  it.each(["Zg", "Zg=", "Zh==", "Z g=", "Zg==\n", "-_8=", "====", "Zm9v=", "è==="])(
    "are not read from %j",
    (text) => {
      expect(() => ofBase64(text, 99)).toThrow(refusal("malformed"));
    },
  );

  it("are bounded before they are read", () => {
    expect(() => ofBase64("A".repeat(1000), 9)).toThrow(refusal("too-large"));
    expect(() => ofBase64("Zm8=", 1)).toThrow(refusal("too-large"));
    expect(() => ofBase64url("Zg==", 9)).toThrow(refusal("malformed"));
    expect(() => ofBase64url("+/8", 9)).toThrow(refusal("malformed"));
  });

  it("are hexadecimal in one way", () => {
    expect(hex(ofHex("00ff10", 3))).toBe("00ff10");
    for (const text of ["00FF10", "00ff1", "00ff1g", "00ff1000", ""]) {
      expect(() => ofHex(text, 3)).toThrow(refusal("malformed"));
    }
  });

  it("are numbers up to 2^53", () => {
    for (const value of [0, 255, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      expect(ofUint64(uint64(value))).toBe(value);
    }
    expect(hex(uint64(2 ** 40 + 5))).toBe("0000010000000005");
    expect(ofUint64(joined(Uint8Array.of(9), uint64(7)).subarray(1))).toBe(7);
    expect(() => ofUint64(ofHex("0020000000000000", 8))).toThrow(refusal("too-large"));
    for (const value of [-1, 0.5, 2 ** 53]) {
      expect(() => uint64(value)).toThrow(refusal("malformed"));
    }
  });

  it("are text only in good UTF-8", () => {
    expect(ofUtf8(utf8("\ufeffè"))).toBe("\ufeffè");
    for (const text of ["ff", "c080", "eda080", "c3"]) {
      expect(() => ofUtf8(ofHex(text, text.length / 2))).toThrow(refusal("malformed"));
    }
    expect([characters(""), characters("è\u{1f6f0}")]).toEqual([0, 2]);
    expect(["a b", "città", "\u{1f6f0}"].map(printable)).toEqual([true, true, true]);
    const unseen = ["\n", "\u00a0", "\u200b", "\u2028", "\u202e", "\u0000", "\ue000"];
    expect(unseen.map(printable)).toEqual(unseen.map(() => false));
  });

  it("are hashed as FIPS 180-4 shows", async () => {
    expect(hex(await sha384(utf8("abc")))).toMatch(/^cb00753f45a35e8bb5a03d699ac65007/);
  });
});
