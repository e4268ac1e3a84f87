import { describe, expect, it } from "vitest";
import type { AuthorityState, Me, Role } from "../api/authority";
import { mayUse, offered, rolesFor } from "./authority";

const person = (...roles: Role[]): Me => ({
  person: "anna.rossi",
  display_name: "Anna Rossi",
  roles,
  ceiling: "routine",
  territory: [],
  device: null,
  fresh_until: 0,
  expires: 0,
  break_glass: false,
});
const state = (me: Me | null, first_run: boolean): AuthorityState => ({
  community: "italia",
  profile: "eu-hybrid",
  domain: "baluardo.localhost",
  rp_id: "baluardo.localhost",
  root: "",
  demonstration: false,
  people: [],
  first_run,
  break_glass: null,
  me,
});
const PAGES = [
  "/",
  "/start",
  "/directory",
  "/approvals",
  "/sites",
  "/me",
  "/sign-in",
  "/enrol",
].map((path) => ({ path, title: { it: path, en: path } }));
const paths = (from: AuthorityState | null | undefined) => offered(PAGES, from).map((p) => p.path);

describe("the navigation", () => {
  it("offers the pages of other parts to everybody", () => {
    expect(paths(undefined)).toEqual(["/"]);
    expect(paths(null)).toEqual(["/"]);
    expect(paths(state(null, true))).toEqual(["/"]);
  });
  it("offers a member what members may use", () => {
    expect(paths(state(person("member"), true))).toEqual(["/", "/directory"]);
  });
  it("offers the first steps to who takes them, until they are taken", () => {
    const officer = person("security-officer", "member");
    expect(paths(state(officer, true))).toContain("/start");
    expect(paths(state(officer, false))).not.toContain("/start");
  });
});

describe("mayUse", () => {
  it("opens a page by any one of its roles", () => {
    expect(mayUse("/sites", person("member"))).toBe(false);
    expect(mayUse("/sites", person("fleet-officer", "member"))).toBe(true);
    for (const role of rolesFor("/approvals"))
      expect(mayUse("/approvals", person(role))).toBe(true);
  });
  it("opens nothing of the authority to nobody", () => {
    expect(mayUse("/directory", null)).toBe(false);
    expect(mayUse("/", null)).toBe(true);
  });
});
