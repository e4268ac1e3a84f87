import { describe, expect, it } from "vitest";
import { ofUtf8, utf8 } from "../../trust/octets";
import { LONGEST_TEXT, MOST_IDS, readContent, typed, writeContent } from "./content";

const ID = "0a".repeat(16);

describe("what a message says", () => {
  it("is read as it was written, in the one way", () => {
    for (const text of ["ciao", "due\nrighe", "🙂".repeat(LONGEST_TEXT), '"\\'.repeat(2_000)]) {
      const said = { type: "text" as const, id: ID, at: 1_780_000_000_000, text };
      const octets = writeContent(said);
      expect(readContent(octets)).toEqual(said);
      expect(octets.length).toBeLessThan(16_384);
    }
    const ids = Array.from({ length: MOST_IDS }, (_, at) => at.toString(16).padStart(32, "0"));
    for (const type of ["delivered", "read"] as const) {
      expect(readContent(writeContent({ type, ids }))).toEqual({ type, ids });
      expect(writeContent({ type, ids }).length).toBeLessThan(16_384);
    }
    expect(ofUtf8(writeContent({ type: "text", id: ID, at: 5, text: "x" }))).toBe(
      `{"at":5,"id":"${ID}","text":"x","type":"text"}`,
    );
  });

  it("is refused where it is anything else", () => {
    const refused = [
      "",
      "[]",
      "{}",
      `{"at":5,"id":"${ID}","text":"x","type":"text" }`,
      `{"id":"${ID}","at":5,"text":"x","type":"text"}`,
      `{"at":5.5,"id":"${ID}","text":"x","type":"text"}`,
      `{"at":-1,"id":"${ID}","text":"x","type":"text"}`,
      `{"at":8640000000000001,"id":"${ID}","text":"x","type":"text"}`,
      `{"at":5,"id":"${ID}","ids":[],"text":"x","type":"text"}`,
      `{"at":5,"id":"${ID}","text":"a\\tb","type":"text"}`,
      `{"at":5,"id":"${ID}","text":"\\ud800","type":"text"}`,
      `{"at":5,"id":"${ID.toUpperCase()}","text":"x","type":"text"}`,
      `{"ids":["${ID}"],"type":"seen"}`,
      `{"ids":"${ID}","type":"read"}`,
      `{"at":5,"ids":["${ID}"],"type":"read"}`,
    ];
    for (const each of refused) expect(() => readContent(utf8(each)), each).toThrow();
  });

  it("is typed as people type, and sent without what nobody sees", () => {
    expect(typed("a\tb\r\nc\rd  \n\n")).toBe("a b\nc\nd");
    expect(typed("e\u0301")).toBe("\u00e9");
    for (const bad of ["", " \n", "a\u0000", "\ud800", "x".repeat(LONGEST_TEXT + 1)]) {
      expect(() => typed(bad)).toThrow();
    }
  });
});
