import { beforeAll, describe, expect, it, vi } from "vitest";

type Words = { it: object; en: object };
const pages = import.meta.glob<Words>("./*/words.ts");

beforeAll(() => {
  // What frame/language.ts looks at; a page's words may make a signal of themselves by it.
  vi.stubGlobal("navigator", { languages: ["en"] });
  vi.stubGlobal("document", { documentElement: {} });
});

/** Every text as "path = text"; functions are asked with numbers and words. */
function texts(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return [[path, String(value(2, "b", "c"))]];
  return Object.entries(value as object).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
}

describe("words", () => {
  it("finds those of the pages", () => {
    expect(Object.keys(pages).length).toBeGreaterThanOrEqual(5);
  });
  it.each(Object.entries(pages))("%s has every text in both languages", async (_, load) => {
    const words = await load();
    const english = texts(words.en);
    const italian = texts(words.it);
    expect(italian.map(([path]) => path).sort()).toEqual(english.map(([path]) => path).sort());
    for (const [path, text] of [...english, ...italian]) {
      expect(text.trim(), path).not.toBe("");
      expect(text, path).not.toContain("—");
    }
  });
});
