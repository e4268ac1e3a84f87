import { describe, expect, it } from "vitest";
import {
  bitString,
  DerReader,
  element,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  set,
  TAG,
  tagged,
  utf8String,
  wholeOctets,
} from "./der";
import { TrustError } from "./errors";
import { hex, ofHex } from "./octets";

const reader = (text: string) => new DerReader(ofHex(text, text.length / 2));

describe("DER", () => {
  it("writes what X.690 shows", () => {
    // X.690 section 8.19.5: {2 999 3}; RFC 9881 section 2 and RFC 2986 name the others.
    expect(hex(oid("2.999.3"))).toBe("0603883703");
    expect(hex(oid("2.16.840.1.101.3.4.3.18"))).toBe("0609608648016503040312");
    expect(hex(oid("1.2.840.113549.1.9.14"))).toBe("06092a864886f70d01090e");
    expect([0, 1, 127, 128, 256, 2 ** 40].map((value) => hex(integer(value)))).toEqual([
      "020100",
      "020101",
      "02017f",
      "02020080",
      "02020100",
      "0206010000000000",
    ]);
    expect(hex(utf8String("è"))).toBe("0c02c3a8");
    expect(hex(bitString(Uint8Array.of(5)))).toBe("03020005");
    expect(hex(tagged(0, octetString(Uint8Array.of(1))))).toBe("a003040101");
    expect(hex(implicit(6, Uint8Array.of(97)))).toBe("860161");
    expect(hex(set(integer(2), integer(1)))).toBe("3106020101020102");
    const heads = [127, 128, 255, 256, 65_536].map((length) =>
      hex(element(TAG.octetString, new Uint8Array(length)).slice(0, 5)),
    );
    expect(heads).toEqual(["047f000000", "0481800000", "0481ff0000", "0482010000", "0483010000"]);
  });

  it("writes no impossible numbers", () => {
    for (const value of [-1, 0.5, 2 ** 53, Number.NaN]) {
      expect(() => integer(value)).toThrow(TrustError);
    }
    for (const dotted of ["x", "1.-2", "1.2.0.5e", "1.2.99999999999999999"]) {
      expect(() => oid(dotted)).toThrow(TrustError);
    }
    expect(() => tagged(31)).toThrow(TrustError);
  });

  it("reads back what it wrote", () => {
    for (const length of [0, 1, 127, 128, 300, 70_000]) {
      const content = new Uint8Array(length).fill(7);
      const whole = sequence(octetString(content), bitString(content));
      const outer = new DerReader(whole);
      const inner = outer.enter(TAG.sequence);
      outer.end();
      expect(inner.take(TAG.octetString).content).toEqual(content);
      expect(wholeOctets(inner.take(TAG.bitString))).toEqual(content);
      expect(inner.done).toBe(true);
    }
  });

  it.each([
    ["nothing", ""],
    ["another tag", "020100"],
    ["a length that is missing", "04"],
    ["an end that is missing", "0402aa"],
    ["a length without end", "0480aa0000"],
    ["a short length written long", "048101aa"],
    ["a length with zeros in front", `04820080${"00".repeat(128)}`],
    ["a length of five octets", "048500000000010a"],
    ["a length beyond everything", "0484ffffffff00"],
  ])("refuses %s", (_, text) => {
    expect(() => reader(text).take(TAG.octetString)).toThrow(TrustError);
  });

  it("refuses what is left over, and bits that are no octets", () => {
    expect(() => reader("04000500").enter(TAG.octetString).skip()).toThrow(TrustError);
    expect(() => {
      const left = reader("04000500");
      left.skip();
      left.end();
    }).toThrow(TrustError);
    expect(() => wholeOctets(reader("03020105").skip())).toThrow(TrustError);
    expect(() => wholeOctets(reader("0300").skip())).toThrow(TrustError);
    expect(() => reader("1f810100").skip()).toThrow(TrustError);
  });

  it("reads whole numbers and object identifiers in one form only", () => {
    for (const value of [0, 1, 127, 128, 255, 256, 65_535, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
      expect(new DerReader(integer(value)).number()).toBe(value);
    }
    for (const wrong of ["0200", "020180", "02020001", "0202007f", "0203000080", "030100"]) {
      expect(() => reader(wrong).number()).toThrow(TrustError);
    }
    expect(() => reader("020720000000000000").number()).toThrow(TrustError);
    for (const dotted of ["2.5.29.14", "1.2.840.113549.1.9.14", "2.16.840.1.101.3.4.3.18"]) {
      const written = oid(dotted);
      expect(new DerReader(written).oid()).toBe(hex(written.slice(2)));
    }
    for (const wrong of ["0600", "060380011e", "0603551d8e", "0604551d800e"]) {
      expect(() => reader(wrong).oid()).toThrow(TrustError);
    }
  });

  it("reads any octets or refuses them by code", () => {
    let state = 1;
    const random = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state;
    };
    for (let round = 0; round < 3000; round++) {
      const octets = Uint8Array.from({ length: random() % 24 }, () =>
        random() % 3 ? random() % 8 : random() % 256,
      );
      const open = new DerReader(octets);
      try {
        while (!open.done) expect(open.skip().whole.length).toBeGreaterThan(1);
      } catch (problem) {
        expect(problem).toMatchObject({ code: "malformed" });
      }
    }
  });
});
