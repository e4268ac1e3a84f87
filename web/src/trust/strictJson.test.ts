import { describe, expect, it } from "vitest";
import { hex, ofUtf8, utf8 } from "./octets";
import { fraction, type Json, parseCanonical, parseJson, writeJson } from "./strictJson";

// Python 3.11's repr(float), which the authority writes.
const FRACTIONS: [number, string][] = [
  [0, "0.0"],
  [-0, "-0.0"],
  [1, "1.0"],
  [1e15, "1000000000000000.0"],
  [123456789012345.6, "123456789012345.6"],
  [999999999999999.9, "999999999999999.9"],
  [9007199254740991, "9007199254740991.0"],
  [0.1, "0.1"],
  [0.0001, "0.0001"],
  [0.00012345, "0.00012345"],
  [0.00001, "1e-05"],
  [1.5e-5, "1.5e-05"],
  [-1e-6, "-1e-06"],
  [1e-7, "1e-07"],
  [5e-324, "5e-324"],
  [2.2250738585072014e-308, "2.2250738585072014e-308"],
  [-2.5, "-2.5"],
  [1780000000.123, "1780000000.123"],
  [0.30000000000000004, "0.30000000000000004"],
];
// What baluardo.trust.strict_json.write_json makes of the same value.
const VALUE = {
  b: [1, 2.5, true, null, 'è\u2028\u007f\u0001\n"\\/'],
  a: { "\u{1f6f0}": 1, "\uffee": 2, "": 3 },
};
const WRITTEN =
  '{"a":{"":3,"\uffee":2,"\u{1f6f0}":1},"b":[1,2.5,true,null,"è\u2028\u007f\\u0001\\n\\"\\\\/"]}';

const parse = (text: string) => parseJson(utf8(text), 1 << 22);
const canonical = (text: string) => parseCanonical(utf8(text), 1 << 22);

describe("strict JSON", () => {
  it("writes fractions as the authority does", () => {
    for (const [value, text] of FRACTIONS) {
      expect(fraction(value)).toBe(text);
      expect(canonical(text)).toBe(value);
    }
  });

  it("writes the one text of a value", () => {
    expect(ofUtf8(writeJson(VALUE))).toBe(WRITTEN);
    expect(canonical(WRITTEN)).toEqual(VALUE);
  });

  it.each<[string, Json]>([
    ["infinity", Number.POSITIVE_INFINITY],
    ["no number", Number.NaN],
    ["a number beyond 2^53", 2 ** 53],
    ["half a character", "\ud800"],
    ["half a character in a name", { "\udc00": 1 }],
  ])("does not write %s", (_, value) => {
    expect(() => writeJson([value])).toThrow(expect.objectContaining({ name: "TrustError" }));
  });

  it("reads what other writers make of it", () => {
    expect(parse(' \t{ "b" : [ 1.50 , 1E2, -0 ] ,\r\n"a":"\\u00e8\\/" } ')).toEqual({
      b: [1.5, 100, -0],
      a: "è/",
    });
    expect(Object.keys(parse('{"__proto__":{"x":1}}') as object)).toEqual(["__proto__"]);
    expect(parse('"\\ud83d\\udef0"')).toBe("\u{1f6f0}");
  });

  it.each([
    ["nothing", ""],
    ["two values", "1 2"],
    ["a name twice", '{"a":1,"a":1}'],
    ["one name written in two ways", '{"a":1,"\\u0061":1}'],
    ["half a character", '"\\ud800"'],
    ["the halves in the wrong order", '"\\udef0\\ud83d"'],
    ["a comma too many", "[1,]"],
    ["a comma in front", "[,1]"],
    ["no comma", "[1 2]"],
    ["no name", "{1:2}"],
    ["no value", '{"a"}'],
    ["an end that is missing", '{"a":[1'],
    ["a text without end", '"abc'],
    ["a control character", '"\n"'],
    ["an escape that is none", '"\\x"'],
    ["a byte order mark", "\ufeff1"],
    ["a zero in front", "01"],
    ["a plus", "+1"],
    ["a bare point", "1."],
    ["not a number", "NaN"],
    ["a word", "nul"],
    ["single quotes", "'a'"],
  ])("refuses %s", (_, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "malformed" }));
  });

  it.each([
    ["numbers beyond 2^53", "9007199254740992"],
    ["numbers of many digits", `0.5${"0".repeat(10)}e30`],
    ["infinite numbers", "1e999"],
    ["depth", "[".repeat(17) + "]".repeat(17)],
    ["bottomless depth", "[".repeat(1_000_000)],
    ["bottomless depth of objects", '{"a":'.repeat(500_000)],
  ])("bounds %s", (_, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "too-large" }));
  });

  it("bounds size before it reads, and reads long texts", () => {
    expect(() => parseJson(utf8("[1]"), 2)).toThrow(expect.objectContaining({ code: "too-large" }));
    expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), 9)).toThrow("UTF-8");
    expect(parse("[".repeat(16) + "]".repeat(16))).toBeTruthy();
    const long = "A".repeat(3 << 20);
    expect(parse(JSON.stringify({ long }))).toEqual({ long });
    expect(() => parse(`"${long}`)).toThrow(expect.objectContaining({ code: "malformed" }));
  });

  it.each([
    ["a space", '{"a": 1}'],
    ["names out of order", '{"b":1,"a":1}'],
    ["an order by halves", '{"\u{1f6f0}":1,"\uffee":1}'],
    ["an escape that is not needed", '"\\u00e8"'],
    ["an escaped slash", '"\\/"'],
    ["large digits in an escape", '"\\u001F"'],
    ["a fraction written long", "1.50"],
    ["an exponent written otherwise", "1e2"],
    ["a small number written out", "0.00001"],
    ["nothing below nothing", "-0"],
    ["a line's end", "1\n"],
  ])("finds in a text that is to be the only one: %s", (_, text) => {
    parse(text);
    expect(() => canonical(text)).toThrow(expect.objectContaining({ code: "malformed" }));
  });

  it("agrees with the browser's own reader on whatever it takes", () => {
    let state = 7;
    const random = (below: number) => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    const alphabet = ["{", "}", "[", "]", ",", ":", '"a"', '"b"', "1", "-2.5", "e3", " ", "null"];
    let taken = 0;
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from({ length: 1 + random(7) }, () => alphabet[random(13)]).join("");
      let value: Json;
      try {
        value = parse(text);
      } catch (problem) {
        expect(problem).toMatchObject({ name: "TrustError" });
        continue;
      }
      taken += 1;
      expect(value).toEqual(JSON.parse(text));
      expect(hex(writeJson(parseJson(writeJson(value), 999)))).toBe(hex(writeJson(value)));
    }
    expect(taken).toBeGreaterThan(500);
  });
});
