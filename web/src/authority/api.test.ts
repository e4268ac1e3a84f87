import { expect, it } from "vitest";
import { query } from "./api";
import { person, sites } from "./shapes";

it("writes a query of what is there, escaped", () => {
  expect(query({ q: "a&b=c", after: null, count: 0 })).toBe("?q=a%26b%3Dc&count=0");
  expect(query({ q: "" })).toBe("");
});

const entry = {
  display_name: "Anna Rossi",
  languages: ["it"],
  numbers: [{ kind: "duty", number: "+39 06 1", visible: true }],
  roles: ["member"],
  ceiling: "routine",
  territory: [],
};

it("reads a person of the directory by either name of the name", () => {
  expect(person({ ...entry, name: "anna.rossi" }, "p").person).toBe("anna.rossi");
  expect(person({ ...entry, person: "anna.rossi" }, "p").person).toBe("anna.rossi");
});

it.each([
  ["a role that nobody has", { ...entry, name: "anna.rossi", roles: ["emperor"] }],
  ["no name", entry],
])("refuses a person with %s", (_, value) => {
  expect(() => person(value, "p")).toThrow();
});

it("refuses a site whose lists are no numbers", () => {
  const site = {
    identity: "office/roma",
    display_name: "Roma",
    connected: true,
    authority: null,
    address: null,
    since: null,
    lists: { aa: "7" },
    policy: 1,
    certificate: null,
    enrolled: 1,
  };
  expect(sites([{ ...site, lists: { aa: 7 } }], "s")[0]?.lists).toEqual({ aa: 7 });
  expect(() => sites([site], "s")).toThrow();
});
