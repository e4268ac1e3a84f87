import { expect, it } from "vitest";
import { REASONS } from "../approvals/bodies";
import { holdersOf, noHolders, reasonsFor } from "./holders";

it("holders are read as people type them, in the order that a command has", () => {
  const found = holdersOf("ship/doria, person/anna.rossi\n office/roma;ship/doria");
  expect(found).toEqual(["office/roma", "person/anna.rossi", "ship/doria"]);
  expect(noHolders(found)).toEqual([]);
  expect(noHolders(["person/anna.rossi/phone", "robot/x", "ship/", "Ship/doria"])).toHaveLength(4);
});

it("one person revokes what their role may, and no authority", () => {
  expect(reasonsFor("ship/doria", ["security-officer"], REASONS)).toEqual(REASONS);
  expect(reasonsFor("person/anna.rossi", ["security-officer"], REASONS)).toEqual(REASONS);
  const quiet = ["superseded", "cessationOfOperation"];
  expect(reasonsFor("office/roma", ["operator"], REASONS)).toEqual(quiet);
  expect(reasonsFor("ship/doria", ["fleet-officer"], REASONS)).toEqual(quiet);
  expect(reasonsFor("office/roma", ["fleet-officer"], REASONS)).toEqual([]);
  expect(reasonsFor("person/anna.rossi", ["operator"], REASONS)).toEqual([]);
  expect(reasonsFor("ship/doria", ["auditor", "member"], REASONS)).toEqual([]);
  expect(reasonsFor("authority/one", ["security-officer"], REASONS)).toEqual([]);
});
