import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Words } from "./words";

let dictionaries: { it: Words; en: Words };
let figures: typeof import("./figures");
let frame: typeof import("../frame/language");

beforeAll(async () => {
  // What frame/language.ts looks at.
  vi.stubGlobal("navigator", { languages: ["en"] });
  vi.stubGlobal("document", { documentElement: {} });
  dictionaries = await import("./words");
  figures = await import("./figures");
  frame = await import("../frame/language");
});

/** Every text as "path = text"; functions are asked with a number and a word. */
function texts(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return [[path, String(value(2, "b"))]];
  return Object.entries(value as object).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
}

describe("words", () => {
  it("are there in both languages", () => {
    const [english, italian] = [texts(dictionaries.en), texts(dictionaries.it)];
    expect(italian.map(([path]) => path)).toEqual(english.map(([path]) => path));
    for (const [path, text] of [...english, ...italian]) {
      expect(text.trim(), path).not.toBe("");
      expect(text, path).not.toContain("—");
    }
  });
});

describe("figures", () => {
  it("have the unit that keeps them short", () => {
    const { rate, milliseconds, age } = figures;
    expect([null, 0, 512, 64_000, 999_800, 4_499_190, 95e6, 1.2e9].map(rate)).toEqual([
      "–",
      "0 kbit/s",
      "0.5 kbit/s",
      "64 kbit/s",
      "1.0 Mbit/s",
      "4.5 Mbit/s",
      "95 Mbit/s",
      "1.2 Gbit/s",
    ]);
    expect([null, 0, 9.96, 88.4].map(milliseconds)).toEqual(["–", "0.0 ms", "10 ms", "88 ms"]);
    expect([0.9, 179.9, 400, 9_000, 400_000].map(age)).toEqual([
      "0 s",
      "179 s",
      "6 min",
      "2 h",
      "4 d",
    ]);
    frame.language.value = "it";
    expect(rate(4_499_190)).toBe("4,5 Mbit/s");
  });

  it("are of octets as people write them", () => {
    frame.language.value = "en";
    const { volume } = figures;
    expect([0, 999, 1_000, 22_660, 4_449_000, 2e9, 3e13].map(volume)).toEqual([
      "0 B",
      "999 B",
      "1.0 kB",
      "23 kB",
      "4.4 MB",
      "2.0 GB",
      "30 TB",
    ]);
  });

  it("show what others wrote as short text that turns nothing", () => {
    expect(figures.plain("Rossi \u202egpj.exe\u202c\x1b[2J")).toBe(
      "Rossi \ufffdgpj.exe\ufffd\ufffd[2J",
    );
    expect(figures.plain("è".repeat(10_000))).toHaveLength(401);
  });
});
