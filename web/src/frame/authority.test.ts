import { describe, expect, it } from "vitest";
import type { AuthorityState, Me, Role } from "../api/authority";
import { homeOf, mayUse, offered, rolesFor } from "./authority";

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
  pages: "http://authority.baluardo.localhost:8490",
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
const paths = (from: AuthorityState | null | undefined, begun = false) =>
  offered(PAGES, from, begun).map((p) => p.path);

describe("the navigation", () => {
  it("offers the pages of other parts to everybody", () => {
    expect(paths(undefined)).toEqual(["/"]);
    expect(paths(null)).toEqual(["/"]);
    expect(paths(state(null, true))).toEqual(["/"]);
  });
  it("offers a member what members may use", () => {
    expect(paths(state(person("member"), true))).toEqual(["/", "/directory"]);
  });
  it("offers the first steps to a security officer until a policy of one's own is in force", () => {
    const officer = person("security-officer", "member");
    expect(paths(state(officer, true))).toContain("/start");
    expect(paths(state(officer, false))).toContain("/start");
    expect(paths(state(officer, false), true)).not.toContain("/start");
  });
  it("offers them to an operator until the first site is there", () => {
    expect(paths(state(person("operator"), true))).toContain("/start");
    expect(paths(state(person("operator"), false))).not.toContain("/start");
  });
});

it("a console begins at its globe, an authority alone at what one may see", () => {
  const alone = PAGES.filter(({ path }) => path !== "/");
  expect(homeOf(undefined, null)).toBe("/");
  expect(homeOf(PAGES, person("member"))).toBe("/");
  expect(homeOf(alone, null)).toBe("/sign-in");
  expect(homeOf(alone, person("member"))).toBe("/directory");
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
