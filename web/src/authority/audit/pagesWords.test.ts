import { beforeAll, describe, expect, it, vi } from "vitest";

/** Every text as "path = text"; functions are asked with numbers and with words. */
function texts(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") {
    return [1, 2, "x"].flatMap((asked) => texts(value(asked, asked, asked), `${path}(${asked})`));
  }
  return Object.entries(value as object).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
}

describe("the texts of", () => {
  beforeAll(() => {
    // The reader's language asks the page it is in.
    vi.stubGlobal("navigator", { language: "en", languages: ["en"] });
    vi.stubGlobal("document", { documentElement: {} });
  });

  const pages = {
    approvals: () => import("../approvals/words"),
    reasons: () => import("../approvals/reasons"),
    trust: () => import("../approvals/trustSentence"),
    audit: () => import("./words"),
    kinds: () => import("./kinds"),
    directory: () => import("../directory/words"),
    policy: () => import("../policy/words"),
    sites: () => import("../sites/words"),
  };
  for (const [name, load] of Object.entries(pages)) {
    it(`${name} are there in both languages, and none is empty`, async () => {
      const { en, it: italian } = await load();
      const [english, translated] = [texts(en), texts(italian)];
      expect(translated.map(([path]) => path)).toEqual(english.map(([path]) => path));
      for (const [path, text] of [...english, ...translated]) {
        expect(text, path).not.toBe("");
        expect(text, path).not.toContain("undefined");
        expect(text, path).not.toContain("\u2014");
      }
    });
  }
});

it("every reason that a revocation may have has words", async () => {
  const [{ REASONS }, { en }] = await Promise.all([
    import("../approvals/bodies"),
    import("../approvals/reasons"),
  ]);
  expect(Object.keys(en).sort()).toEqual([...REASONS].sort());
});
