import { beforeAll, describe, expect, it, vi } from "vitest";
import RECORDED from "../../../../tests/browser/data/calls_answer.json?raw";
import DECIDED from "../../../../tests/browser/data/calls_decisions.json?raw";
import { ShapeError } from "../../api/validate";
import { decisions, records } from "./answers";
import { levelOf } from "./levels";
import type { Words } from "./words";

/** What an edge answered of four calls; also what the browser tests serve. */
const recorded = () => JSON.parse(RECORDED);

let dictionaries: { it: Words; en: Words };

beforeAll(async () => {
  // What frame/language.ts looks at.
  vi.stubGlobal("navigator", { languages: ["en"] });
  vi.stubGlobal("document", { documentElement: {} });
  dictionaries = await import("./words");
});

describe("what an edge says of its calls", () => {
  it("is taken as it was recorded, and nothing of it is lost", () => {
    expect(records(recorded(), "here")).toEqual(recorded());
  });

  it("is taken of a site that nobody has called from", () => {
    const none = { site: "office/rome", at: 1_790_000_000, going: [], over: [] };
    expect(records(none, "here")).toEqual(none);
  });

  it("has calls and legs of their shape, or is refused", () => {
    const { going, over } = recorded();
    const [leg] = going[0].legs;
    const legs = (changed: object) => [{ ...going[0], legs: [{ ...leg, ...changed }] }];
    const broken: [string, unknown][] = [
      ["going", [{ ...going[0], state: "ended" }]],
      ["going", [{ ...going[0], precedence: "urgent" }]],
      ["going", [{ ...going[0], emergency: 1 }]],
      ["going", [{ ...going[0], began: -1 }]],
      ["going", [{ ...going[0], legs: [leg, leg] }]],
      ["going", [going[0], going[0]]],
      ["going", legs({ last: { r: 90 } })],
      ["going", legs({ worst: { r: 90, mos: 5 } })],
      ["going", legs({ mean: { r: "90", mos: 4 } })],
      ["going", legs({ loss: 1.5 })],
      ["going", legs({ jitter_ms: -1 })],
      ["over", [{ ...over[0], why: "because" }]],
      ["over", [{ ...over[0], ended_at: null }]],
      ["over", [{ ...over[0], reason: null }]],
      ["over", Array(5_001).fill(over[0])],
      ["at", "now"],
      ["site", null],
    ];
    for (const [field, value] of broken) {
      expect(() => records({ ...recorded(), [field]: value }, "here"), field).toThrow(ShapeError);
    }
  });
});

describe("what an edge says of its decisions", () => {
  const decided = () => JSON.parse(DECIDED);

  it("is taken as it was recorded, and nothing of it is lost", () => {
    expect(decisions(decided(), "here")).toEqual(decided());
  });

  it("is of its shape, or is refused", () => {
    const [first] = decided().decisions;
    for (const changed of [
      { verdict: "denied" },
      { why: "because" },
      { reason: 5 },
      { at: -1 },
      { caller: null },
      { precedence: "urgent" },
    ]) {
      const broken = { ...decided(), decisions: [{ ...first, ...changed }] };
      expect(() => decisions(broken, "here")).toThrow(ShapeError);
    }
  });
});

/** Every text as "path = text"; functions are asked with words. */
function texts(value: unknown, path = ""): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return [[path, String(value("a", "b"))]];
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

  it("call a line good, fair or poor by the limits of G.107", () => {
    expect([93, 80, 79.9, 60, 59.9, -4].map((r) => levelOf(r))).toEqual([
      "good",
      "good",
      "notice",
      "notice",
      "bad",
      "bad",
    ]);
  });
});
