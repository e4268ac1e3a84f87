import { afterEach, describe, expect, it, vi } from "vitest";

vi.stubGlobal("navigator", { languages: ["en"] });
vi.stubGlobal("document", { documentElement: {} });
const { askContacts, readContacts, writeContacts } = await import("./contacts");
const { MOST_CONTACTS } = await import("./people");
const { ofUtf8, utf8 } = await import("../../trust/octets");

const KEPT = {
  at: 1_800_000_000_000,
  ceiling: "flash" as const,
  people: [
    { person: "anna.rossi", name: "Anna Rossi", numbers: [{ kind: "duty", number: "+39 1" }] },
    { person: "bruno.verdi", name: "", numbers: [] },
  ],
};
const person = (name: string, shown = "Somebody") => ({
  name,
  display_name: shown,
  languages: [],
  numbers: [{ kind: "duty", number: "1", visible: true }],
  roles: ["member"],
  ceiling: "routine",
  territory: [],
});

describe("the directory that is kept", () => {
  it("is read as it was written", () => {
    expect(readContacts(writeContacts(KEPT))).toEqual(KEPT);
    expect(readContacts(writeContacts({ ...KEPT, ceiling: null })).ceiling).toBeNull();
  });
  it.each<[string, (text: string) => string]>([
    ["a name of no person", (text) => text.replace("bruno.verdi", "../verdi")],
    ["a precedence that there is not", (text) => text.replace('"flash"', '"king"')],
    ["a number that is none", (text) => text.replace('"+39 1"', "391")],
    ["too long a name", (text) => text.replace("Anna Rossi", "x".repeat(201))],
    ["no moment", (text) => text.replace('"at":1', '"at":-1')],
  ])("is refused with %s", (_, change) => {
    const text = ofUtf8(writeContacts(KEPT));
    expect(change(text)).not.toBe(text);
    expect(() => readContacts(utf8(change(text)))).toThrow();
  });
});

describe("the directory that is asked for", () => {
  afterEach(() => void vi.unstubAllGlobals());
  const answering = (pages: object[]) => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (path: string) => {
      asked.push(path);
      return new Response(JSON.stringify(pages[asked.length - 1]));
    });
    return asked;
  };

  it("is taken page after page", async () => {
    const asked = answering([
      { people: [person("anna.rossi")], next: "anna.rossi" },
      { people: [person("bruno.verdi")], next: null },
    ]);
    const found = await askContacts("priority", 5);
    expect(found.people.map((each) => each.person)).toEqual(["anna.rossi", "bruno.verdi"]);
    expect(found).toMatchObject({ at: 5, ceiling: "priority" });
    expect(asked[1]).toBe("/api/authority/directory?after=anna.rossi");
    expect(readContacts(writeContacts(found))).toEqual(found);
  });
  it("is cut to what is kept, by whole characters, and without names that are none", async () => {
    const many = Array.from({ length: MOST_CONTACTS + 1 }, (_, at) => person(`p${at}`));
    answering([
      { people: [person("no name"), person("long", "𝔞".repeat(500)), ...many], next: "x" },
    ]);
    const found = await askContacts(null, 5);
    expect(found.people.length).toBe(MOST_CONTACTS);
    expect([...(found.people[0]?.name ?? "")].length).toBe(200);
    expect(readContacts(writeContacts(found))).toEqual(found);
  });
});
