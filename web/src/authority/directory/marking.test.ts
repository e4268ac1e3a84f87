import { describe, expect, it } from "vitest";
import { folded, marked } from "./marking";

const found = (text: string, query: string) =>
  marked(text, query)
    .filter((piece) => piece.found)
    .map((piece) => piece.text);

describe("marking what was searched for", () => {
  it("knows no accents and no capitals", () => {
    expect(folded("Niccolò ÉMILE")).toBe("niccolo emile");
    expect(found("Niccolò Ferrari", "nicco")).toEqual(["Nicco"]);
    expect(found("Niccolò Ferrari", "NICCOLO")).toEqual(["Niccolò"]);
    expect(found("Nicola Ferrari", "còl")).toEqual(["col"]);
  });

  it("keeps every character, loose accents with their letter", () => {
    const loose = "Niccolo\u0300 Ferrari";
    expect(found(loose, "niccolo")).toEqual(["Niccolo\u0300"]);
    for (const [text, query] of [
      [loose, "o f"],
      ["İstanbul ß ﬁ", "is fi"],
      ["", "a"],
      ["👩‍🚀 Anna", "anna"],
    ] as const) {
      expect(
        marked(text, query)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(text);
    }
  });

  it("marks each word of the search, and nothing for an empty one", () => {
    expect(found("Anna Maria Rossi", "rossi anna")).toEqual(["Anna", "Rossi"]);
    expect(found("Anna", "  ")).toEqual([]);
  });
});
