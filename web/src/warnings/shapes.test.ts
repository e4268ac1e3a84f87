import { beforeAll, describe, expect, it, vi } from "vitest";
import { ShapeError } from "../api/validate";
import * as shapes from "./shapes";

const text = { it: "uno", en: "one" };
const look = {
  id: "public",
  name: text,
  colour: { light: "#b3140f", dark: "#ff6b5e" },
  prefix: {},
  can_send: false,
  why_not: text,
};
const desk = {
  country: "IT",
  channels: [look],
  levels: [
    {
      id: "level-1",
      name: text,
      message_id: 4370,
      message_id_additional: 4383,
      permitted: ["public"],
    },
  ],
  languages: ["it"],
  templates: [{ id: "flood", risk: "flood", name: text, level: "level-1", languages: ["it"] }],
  territory: ["IT"],
  may_write: true,
  may_approve: false,
  beams: true,
};
const outline = {
  type: "MultiPolygon",
  coordinates: [
    [
      [
        [13, 42],
        [14, 42],
        [13, 42],
      ],
    ],
  ],
};
const warning = {
  id: "a",
  channel: "exercise",
  level: "exercise",
  message_type: "Alert",
  state: "waiting",
  headline: { it: "Prova" },
  sent: 1,
  expires: 2,
  area: { description: "Norcia", outline },
  people: 12.5,
  reached: null,
  command: "b",
  by: ["anna.rossi"],
};

describe("what the doors of warnings say", () => {
  it("is taken where it is whole", () => {
    expect(shapes.desk(desk, "d").channels[0]?.why_not).toEqual(text);
    expect(shapes.warnings({ warnings: [warning] }, "w").warnings[0]?.id).toBe("a");
    expect(shapes.reached({ reach: null }, "r")).toEqual({ reach: null });
    const full = {
      ...warning,
      alert: "<alert/>",
      cells: [],
      deliveries: [
        { way: "file", kind: "release", state: "refused", at: null, detail: { it: "x", n: 5 } },
      ],
      log: [{ at: 1, text, by: "" }],
      chain: ["a"],
    };
    const read = shapes.fullWarning(full, "f");
    expect(read.cells_outline).toBeNull();
    expect(read.deliveries[0]?.detail).toEqual({ it: "x" });
  });

  it.each([
    [{ ...desk, channels: [{ ...look, colour: { light: "red", dark: "url(//x)" } }] }],
    [{ ...desk, channels: [{ ...look, id: "real" }] }],
    [{ ...desk, levels: [{ ...desk.levels[0], permitted: ["all"] }] }],
  ])("is refused where it is of another shape (%#)", (value) => {
    expect(() => shapes.desk(value, "d")).toThrow(ShapeError);
  });

  it.each([
    [{ type: "Polygon", coordinates: [] }],
    [{ type: "MultiPolygon", coordinates: [[[["13", 42]]]] }],
    [{ type: "MultiPolygon", coordinates: [[[[13]]]] }],
  ])("has no area of another shape (%#)", (other) => {
    const value = { warnings: [{ ...warning, area: { description: "", outline: other } }] };
    expect(() => shapes.warnings(value, "w")).toThrow(ShapeError);
  });

  it("has cells with names", () => {
    const feature = {
      type: "Feature",
      geometry: outline,
      properties: { h3: "85", share: 1, x: {} },
    };
    const read = shapes.cellCollection({ features: [feature] }, "c");
    expect(read.features[0]?.properties).toEqual({ h3: "85", share: 1 });
    expect(() =>
      shapes.cellCollection({ features: [{ ...feature, properties: {} }] }, "c"),
    ).toThrow(ShapeError);
  });
});

describe("on the desk", () => {
  let news: typeof import("./news");
  let problems: typeof import("./Problems");
  beforeAll(async () => {
    vi.stubGlobal("navigator", { languages: ["it"] });
    vi.stubGlobal("document", { documentElement: { dataset: {} }, hidden: true });
    vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => {} }));
    [news, problems] = await Promise.all([import("./news"), import("./Problems")]);
  });

  it("news are what was not there, and what has changed", () => {
    const before = shapes.warnings({ warnings: [warning, { ...warning, id: "b" }] }, "w").warnings;
    const after = shapes.warnings(
      { warnings: [warning, { ...warning, id: "b", state: "released" }, { ...warning, id: "c" }] },
      "w",
    ).warnings;
    expect(news.newsOf(before, after).map(({ id }) => id)).toEqual(["b", "c"]);
    expect(news.newsOf(after, after)).toEqual([]);
    expect(news.headlineOf({ headline: { en: "One", it: "Uno" } })).toBe("Uno");
    expect(news.headlineOf({ headline: { de: "Eins" } })).toBe("Eins");
  });

  it("errors stop a proposal, and warnings until they are ticked", () => {
    const error: shapes.Problem = { code: "a", gravity: "error", text, field: "", language: "" };
    const caution: shapes.Problem = { ...error, code: "b", gravity: "warning" };
    const all = [caution, error, caution];
    expect(problems.sorted(all)).toEqual([error, caution]);
    expect(problems.unseen(all, [])).toHaveLength(2);
    const ticked = [JSON.stringify([caution.code, caution.field, caution.language, caution.text])];
    expect(problems.unseen(all, ticked)).toEqual([error]);
    // The same code with other words is another warning.
    const changed = { ...caution, text: { it: "due", en: "two" } };
    expect(problems.unseen([changed], ticked)).toEqual([changed]);
  });

  it.each([
    ["the desk's", () => import("./words")],
    ["the handset's", () => import("../handset/words")],
  ])("%s texts are there in both languages, and none is empty", async (_, load) => {
    const texts = (value: unknown, path = ""): [string, string][] => {
      if (typeof value === "string") return [[path, value]];
      if (typeof value === "function") return [[path, String(value("2", 3, "c", "d"))]];
      return Object.entries(value as object).flatMap(([key, one]) => texts(one, `${path}.${key}`));
    };
    const { en, it: italian } = await load();
    const [english, translated] = [texts(en), texts(italian)];
    expect(translated.map(([path]) => path).sort()).toEqual(english.map(([path]) => path).sort());
    for (const [path, each] of [...english, ...translated]) {
      expect(each.trim(), path).not.toBe("");
      expect(each, path).not.toContain("undefined");
      expect(each, path).not.toContain("\u2014");
    }
  });
});
