import { describe, expect, it } from "vitest";
import type { CapAlert } from "./capAlert";
import {
  broadcastWords,
  emptyDraft,
  filled,
  gaps,
  levelsOn,
  onChannel,
  toJson,
  transliterated,
  unmarked,
  updateOf,
  withLanguage,
  withTemplate,
  withText,
} from "./draft";
import type { Desk, FullWarning } from "./shapes";

const text = (one: string) => ({ it: one, en: one });
const level = (id: string, ...permitted: Desk["levels"][number]["permitted"]) => ({
  id,
  name: text(id),
  message_id: 1,
  message_id_additional: 2,
  permitted,
});
const channel = (id: Desk["channels"][number]["id"], prefix: Record<string, string>) => ({
  id,
  name: text(id),
  colour: { light: "#000000", dark: "#ffffff" },
  prefix,
  can_send: true,
  why_not: null,
});
const desk: Desk = {
  country: "IT",
  channels: [
    channel("public", {}),
    channel("exercise", { it: "ESERCITAZIONE", en: "EXERCISE" }),
    channel("test", { it: "PROVA TECNICA" }),
  ],
  levels: [
    level("level-1", "public"),
    level("level-2", "public"),
    level("exercise", "exercise"),
    level("test", "test"),
  ],
  languages: ["it", "en", "de"],
  templates: [],
  territory: [],
  may_write: true,
  may_approve: true,
  beams: false,
};
const template = {
  channel: "public",
  level: "level-2",
  message_type: "Alert",
  references: [],
  template: "flood",
  area_name: "",
  category: "Met",
  response: "Avoid",
  urgency: "Expected",
  severity: "Severe",
  certainty: "Likely",
  onset: null,
  expires_minutes: 180,
  web: null,
  contact: null,
  infos: ["it", "en"].map((language) => ({
    language,
    event: "x",
    headline: "{PLACE} {TIME}",
    description: "",
    instruction: "",
    broadcast: "",
  })),
};

describe("a draft", () => {
  it("begins as an exercise, never as the real thing", () => {
    const draft = emptyDraft(desk);
    expect(draft.channel).toBe("exercise");
    expect(draft.level).toBe("exercise");
    expect(draft.infos.map(({ language }) => language)).toEqual(["it", "en"]);
  });

  it("has a level of its channel, whichever that is", () => {
    const draft = onChannel(emptyDraft(desk), "public", desk);
    expect(draft.level).toBe("level-1");
    expect(onChannel({ ...draft, level: "level-2" }, "test", desk).level).toBe("test");
    expect(levelsOn(desk, "public").map(({ id }) => id)).toEqual(["level-1", "level-2"]);
  });

  it("takes a template's words, and neither its channel nor an area", () => {
    const drawn = { kind: "zone", scheme: "EMMA_ID", code: "IT003" };
    const begun = { ...emptyDraft(desk), area: drawn, area_name: "Umbria" };
    const draft = withTemplate(begun, template, desk);
    expect(draft.channel).toBe("exercise");
    expect(draft.level).toBe("exercise");
    expect(draft.area).toBe(drawn);
    expect(draft.values).toEqual({ PLACE: "Umbria" });
    expect(draft.category).toBe("Met");
    const real = withTemplate(onChannel(begun, "public", desk), template, desk);
    expect(real.level).toBe("level-2");
    expect(() => withTemplate(begun, { ...template, infos: [{}] }, desk)).toThrow();
  });

  it("fills placeholders until a text is written by hand", () => {
    let draft = withTemplate(emptyDraft(desk), template, desk);
    expect(gaps(draft)).toEqual(["PLACE", "TIME"]);
    draft = { ...draft, values: { PLACE: " Norcia ", TIME: "" } };
    expect(filled("{PLACE} {TIME} {constructor}", draft.values)).toBe(
      "Norcia {TIME} {constructor}",
    );
    expect(gaps(draft)).toEqual(["TIME"]);
    draft = withText(draft, "it", "headline", "Norcia adesso");
    draft = { ...draft, values: { PLACE: "Preci", TIME: "14:30" } };
    const sent = toJson({ ...draft, area: { kind: "polygon", rings: [] } });
    const infos = sent?.infos as { headline: string }[];
    expect(infos.map(({ headline }) => headline)).toEqual(["Norcia adesso", "Preci 14:30"]);
    expect(sent).not.toHaveProperty("values");
  });

  it("without an area is nothing to ask about", () => {
    expect(toJson(emptyDraft(desk))).toBeNull();
  });

  it("has languages in the country's order, and one at the least", () => {
    let draft = withLanguage(emptyDraft(desk), "de", true, desk);
    draft = withLanguage(draft, "it", false, desk);
    draft = withLanguage(draft, "it", true, desk);
    expect(draft.infos.map(({ language }) => language)).toEqual(["it", "en", "de"]);
    for (const each of desk.languages) draft = withLanguage(draft, each, false, desk);
    expect(draft.infos).toHaveLength(1);
  });
});

it("writes what phones lack as offered, and leaves what has no offer", () => {
  const offenders = [
    { character: "č", offer: "c" },
    { character: "\u200b", offer: "" },
    { character: "日", offer: null },
  ];
  expect(transliterated("č\u200b日č", offenders)).toBe("c日c");
});

it("phones get headline and instruction where nothing was written for them", () => {
  const info = { language: "it", event: "", headline: "A", description: "", instruction: "B" };
  expect(broadcastWords({ ...info, broadcast: "" })).toBe("A\nB");
  expect(broadcastWords({ ...info, broadcast: "C" })).toBe("C");
});

it("takes the mark of an exercise off, once and nothing else", () => {
  expect(unmarked("PROVA PROVA Acqua alta PROVA", "PROVA")).toBe("Acqua alta");
  expect(unmarked("PROVA Acqua alta", "PROVA")).toBe("PROVA Acqua alta");
  expect(unmarked("Acqua alta", undefined)).toBe("Acqua alta");
});

describe("an update", () => {
  const ring = [
    [13, 42],
    [13, 43],
    [14, 43],
    [13, 42],
  ];
  const alert = (polygons: number[][][][]): CapAlert => ({
    identifier: "x",
    sender: "y",
    sent: "",
    status: "Exercise",
    messageType: "Alert",
    references: "",
    infos: [
      {
        language: "it",
        category: "Geo, Met",
        event: "Terremoto",
        response: "",
        urgency: "Past",
        severity: "Minor",
        certainty: "Likely",
        onset: "",
        expires: "",
        headline: "ESERCITAZIONE ESERCITAZIONE Scossa ESERCITAZIONE",
        description: "",
        instruction: "Esci",
        web: "",
        contact: "112",
        broadcast: "ESERCITAZIONE ESERCITAZIONE Esci ESERCITAZIONE",
        areas: [
          {
            description: "Norcia",
            outline: { type: "MultiPolygon", coordinates: polygons },
            geocodes: [],
          },
        ],
      },
    ],
  });
  const warning = {
    id: "a".repeat(32),
    channel: "exercise",
    level: "exercise",
    sent: 1000,
    expires: 1000 + 7200,
    area: { description: "Norcia", outline: { type: "MultiPolygon", coordinates: [] } },
  } as unknown as FullWarning;

  it("begins with the warning's words, unmarked, and with its area", () => {
    const draft = updateOf(warning, alert([[ring]]), desk);
    expect(draft).toMatchObject({
      message_type: "Update",
      references: [warning.id],
      channel: "exercise",
      area: { kind: "polygon", rings: [ring] },
      category: "Geo",
      response: "None",
      expires_minutes: 120,
      contact: "112",
    });
    expect(draft.infos[0]).toMatchObject({ headline: "Scossa", broadcast: "Esci" });
  });

  it("keeps every part of an area of several", () => {
    const { area } = updateOf(warning, alert([[ring], [ring]]), desk);
    expect(area?.kind).toBe("contours");
    expect(area?.least).toBe(1);
  });
});
