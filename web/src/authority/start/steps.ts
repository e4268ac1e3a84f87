/** How far a new state has come, from what its lists say. */

import type { Person } from "../api";

export const STEPS = ["ceremony", "signIn", "officer", "site", "policy", "backup"] as const;
export type StepName = (typeof STEPS)[number];

/** "unseen": this role cannot see it; "outside": nothing a page could see. */
export type StepState = "done" | "next" | "later" | "unseen" | "outside";

export interface Known {
  signedIn: boolean;
  /** null where the role cannot see it. */
  officers: number | null;
  sites: number | null;
  policy: number | null;
}

/** Officers who can act together: enrolled, and in the policy. */
export const officersAmong = (people: readonly Person[]) =>
  people.filter((person) => person.roles.includes("security-officer")).length;

/** Each step's state: the first that is open comes next, those behind it later. */
export function progress(known: Known): Record<StepName, StepState> {
  const seen = (value: number | null, enough: number) => (value === null ? null : value >= enough);
  const done: Record<StepName, boolean | null> = {
    ceremony: true,
    signIn: known.signedIn,
    officer: seen(known.officers, 2),
    site: seen(known.sites, 1),
    policy: seen(known.policy, 2),
    backup: null,
  };
  const next = STEPS.find((step) => done[step] === false);
  const states = {} as Record<StepName, StepState>;
  for (const step of STEPS) {
    if (step === "backup") states[step] = "outside";
    else if (done[step] === null) states[step] = known.signedIn ? "unseen" : "later";
    else if (done[step]) states[step] = "done";
    else states[step] = step === next ? "next" : "later";
  }
  return states;
}
