import { expect, it } from "vitest";
import { ROLES } from "../../api/authority";
import { rolesFor } from "../../frame/authority";
import { decides, READERS, SEERS } from "./deciders";

it.each([
  ["office/roma", ["security-officer", "operator"]],
  ["ship/bergamini", ["security-officer", "operator", "fleet-officer"]],
  ["person/anna.rossi/phone", ["security-officer", "communications-officer"]],
  ["auditor/camera", ["security-officer"]],
  ["authority/service", []],
  ["castle/elsinore", []],
])("%s is let in by %j alone", (identity, wanted) => {
  const able = ROLES.filter((role) => decides(identity, [role]));
  expect(able.sort()).toEqual([...wanted].sort());
});

it("whoever decides is shown requests, and an auditor decides none", () => {
  const deciding = ROLES.filter(
    (role) => decides("ship/a", [role]) || decides("person/a/b", [role]),
  );
  for (const role of deciding) expect(SEERS).toContain(role);
  expect(SEERS.filter((role) => !deciding.includes(role))).toEqual(["auditor"]);
  expect(READERS).not.toContain("operator");
});

it("the page is for whoever is shown requests or commands", () => {
  expect([...rolesFor("/approvals")].sort()).toEqual([...new Set([...SEERS, ...READERS])].sort());
});
