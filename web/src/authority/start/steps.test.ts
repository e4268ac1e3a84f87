import { expect, it } from "vitest";
import type { Person } from "../api";
import { officersAmong, progress } from "./steps";

const nothing = { signedIn: false, officers: null, sites: null, policy: null };

it("begins with signing in, and says nothing of what nobody can see yet", () => {
  expect(progress(nothing)).toEqual({
    ceremony: "done",
    signIn: "next",
    officer: "later",
    site: "later",
    policy: "later",
    backup: "outside",
  });
});

it("asks for the second officer before anything else", () => {
  const states = progress({ signedIn: true, officers: 1, sites: 0, policy: 1 });
  expect([states.officer, states.site, states.policy]).toEqual(["next", "later", "later"]);
});

it("goes past what was done out of order", () => {
  const states = progress({ signedIn: true, officers: 2, sites: 3, policy: 1 });
  expect([states.officer, states.site, states.policy]).toEqual(["done", "done", "next"]);
});

it("says of what a role cannot see that it cannot, and not that it is open", () => {
  const states = progress({ signedIn: true, officers: 2, sites: null, policy: 2 });
  expect(states.site).toBe("unseen");
  expect(Object.values(states)).not.toContain("next");
});

it("counts officers by their role in the policy", () => {
  const person = (roles: Person["roles"]) => ({ roles }) as Person;
  expect(
    officersAmong([person(["security-officer", "member"]), person(["member"]), person([])]),
  ).toBe(1);
});
