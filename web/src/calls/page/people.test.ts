import { describe, expect, it } from "vitest";
import { findPeople, joinPeople, nameOf, whoHas } from "./people";

const CONTACTS = [
  { person: "anna.rossi", name: "Anna Rossi", numbers: [{ kind: "extension", number: "1001" }] },
  { person: "bruno.verdi", name: "Bruno Verdi", numbers: [{ kind: "extension", number: "1002" }] },
  {
    person: "nicolo.bianchi",
    name: "Nicolò Bianchi",
    numbers: [{ kind: "mobile", number: "+39 06 6779-1004" }],
  },
];
const PRESENT = [
  { person: "person/anna.rossi", site: "office/rome", devices: ["laptop"] },
  { person: "person/dario.blu", site: "ship/bergamini", devices: ["radio"] },
  { person: "person/bruno.verdi", site: "office/rome", devices: [] },
];
const people = joinPeople(CONTACTS, PRESENT, "anna.rossi", true);
const named = (found: readonly { person: string }[]) => found.map(({ person }) => person);

describe("people", () => {
  it("are those of the directory and those who sit somewhere, without oneself", () => {
    expect(named(people)).toEqual(["dario.blu", "bruno.verdi", "nicolo.bianchi"]);
  });
  it("can be reached where a device of theirs is connected, and nowhere else", () => {
    expect(people.map(({ presence }) => presence)).toEqual(["free", "away", "away"]);
    expect(people[0]?.site).toBe("ship/bergamini");
  });
  it("are of unknown presence while our own edge is not reached", () => {
    const cut = joinPeople(CONTACTS, PRESENT, "anna.rossi", false);
    expect(new Set(cut.map(({ presence }) => presence))).toEqual(new Set(["unknown"]));
  });
  it("have one name whether it comes of an edge or of the directory", () => {
    expect(nameOf("person/anna.rossi")).toBe("anna.rossi");
    expect(nameOf("anna.rossi")).toBe("anna.rossi");
  });
});

describe("a search", () => {
  it.each([
    ["", ["dario.blu", "bruno.verdi", "nicolo.bianchi"]],
    ["verdi bruno", ["bruno.verdi"]],
    ["NICOLO", ["nicolo.bianchi"]],
    ["dario.b", ["dario.blu"]],
    ["1002", ["bruno.verdi"]],
    ["06 6779", ["nicolo.bianchi"]],
    ["+39066779", ["nicolo.bianchi"]],
    ["rossi", []],
    ["(", []],
  ])("for %j finds %j", (wanted, expected) => {
    expect(named(findPeople(people, wanted))).toEqual(expected);
  });
  it("by a whole number finds one person, or nobody", () => {
    expect(whoHas(people, "10-02")?.person).toBe("bruno.verdi");
    expect(whoHas(people, "100")).toBeNull();
    expect(whoHas(people, "")).toBeNull();
    const twice = people.map((each) => ({ ...each, numbers: [{ kind: "duty", number: "7" }] }));
    expect(whoHas(twice, "7")).toBeNull();
  });
});
