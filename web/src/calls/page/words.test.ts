import { expect, it } from "vitest";
import { en } from "./en";
import { it as italian } from "./it";

/** Every text as "path = text"; functions are asked with a number and a word. */
function texts(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return texts(value("2", "b"), path);
  return Object.entries(value as object).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
}

/** What says nothing on purpose. */
const EMPTY = ".media.none";

it("has every text in both languages, and none is empty", () => {
  const english = texts(en);
  const translated = texts(italian);
  expect(translated.map(([path]) => path)).toEqual(english.map(([path]) => path));
  for (const [path, text] of [...english, ...translated]) {
    expect(text.trim() === "", path).toBe(path === EMPTY);
    expect(text, path).not.toContain("\u2014");
  }
});
