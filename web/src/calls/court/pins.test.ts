import { describe, expect, it } from "vitest";
import { utf8 } from "../../trust/octets";
import { isSame, type Pin } from "./pins";

function pin(community: string, ...roots: [string, number | null][]): Pin {
  const told = roots.map(([der, until]) => ({ der: utf8(der), until }));
  return { community, profile: "eu-hybrid", roots: told, log: "log", witness: "witness" };
}

const HELD = pin("italia.example", ["first", 5], ["second", null]);

describe("roots follow only what was held", () => {
  it("the same, read anew", () => {
    expect(isSame(HELD, structuredClone(HELD))).toBe(true);
  });

  it.each([
    ["another community", pin("francia.example", ["first", 5], ["second", null])],
    ["as many others", pin("italia.example", ["first", 5], ["third", null])],
    ["others for longer", pin("italia.example", ["first", 6], ["second", null])],
    ["fewer", pin("italia.example", ["first", 5])],
    ["more", pin("italia.example", ["first", 5], ["second", null], ["third", null])],
    ["another order", pin("italia.example", ["second", null], ["first", 5])],
    ["another profile", { ...HELD, profile: "cnsa" }],
  ])("%s", (_, other) => {
    expect(isSame(HELD, other)).toBe(false);
    expect(isSame(other, HELD)).toBe(false);
  });
});
