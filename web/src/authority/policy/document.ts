/** The policy as the authority and the edges read it (protocol/policy.py): nothing more, nothing less. */

import { PRECEDENCES, type Precedence, ROLES, type Role } from "../../api/authority";
import { array, boolean, type Check, expected, number, oneOf, string } from "../../api/validate";

export { PRECEDENCES, type Precedence, ROLES, type Role };

export const KINDS = ["authority", "office", "ship", "person", "auditor"] as const;
export type Kind = (typeof KINDS)[number];

/** Commands that take two persons (protocol/dangerous.py). */
export const COMMANDS = [
  "policy.set",
  "certificates.revoke",
  "passkey.recover",
  "issuer.adopt",
] as const;
export type CommandKind = (typeof COMMANDS)[number];

export const MOST_APPROVALS = 16;

export interface Grant {
  readonly roles: readonly Role[];
  readonly ceiling: Precedence;
  /** ISO 3166 places in order; none means everywhere. */
  readonly territory: readonly string[];
}

export interface Policy {
  readonly v: 1;
  readonly number: number;
  readonly community: string;
  readonly people: Readonly<Record<string, Grant>>;
  readonly approval: Readonly<Record<Kind, boolean>>;
  readonly approvers: Readonly<Record<string, number>>;
  readonly visibility: Readonly<Record<string, readonly Role[]>>;
}

/** An object with these fields and no other: what is not understood must not be consented to. */
export function exactly<T>(fields: { [K in keyof T]: Check<T[K]> }): Check<T> {
  return (value, where) => {
    const found = plain(value, where);
    for (const name of Object.keys(found)) {
      if (!Object.hasOwn(fields, name)) expected("a known field")(found[name], `${where}.${name}`);
    }
    const result = {} as T;
    for (const name of Object.keys(fields) as (keyof T & string)[]) {
      result[name] = fields[name](found[name], `${where}.${name}`);
    }
    return result;
  };
}

/** An object of any names with values of one shape. */
function table<T>(check: Check<T>): Check<Record<string, T>> {
  return (value, where) => {
    const found = plain(value, where);
    // From entries: a name such as __proto__ is a name like any other.
    return Object.fromEntries(
      Object.entries(found).map(([name, each]) => [name, check(each, `${where}.${name}`)]),
    );
  };
}

function plain(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return expected("an object")(value, where);
  return value as Record<string, unknown>;
}

const one: Check<1> = (value, where) => (value === 1 ? 1 : expected("1")(value, where));

const whole: Check<number> = (value, where) =>
  Number.isSafeInteger(value) ? number(value, where) : expected("a whole number")(value, where);

const grant = exactly<Grant>({
  roles: array(oneOf(...ROLES)),
  ceiling: oneOf(...PRECEDENCES),
  territory: array(string),
});

export const policyDocument = exactly<Policy>({
  v: one,
  number: whole,
  community: string,
  people: table(grant),
  approval: exactly<Record<Kind, boolean>>({
    authority: boolean,
    office: boolean,
    ship: boolean,
    person: boolean,
    auditor: boolean,
  }),
  approvers: table(whole),
  visibility: table(array(oneOf(...ROLES))),
});

/** How many must approve a command beside its proposer. */
export function approvalsFor(policy: Policy, kind: string): number {
  return Object.hasOwn(policy.approvers, kind) ? (policy.approvers[kind] ?? 1) : 1;
}

/** Who has a role, in alphabetical order. */
export function peopleWith(policy: Policy, role: Role): string[] {
  return Object.entries(policy.people)
    .filter(([, each]) => each.roles.includes(role))
    .map(([name]) => name)
    .sort();
}

/** What a person has; who is not named is a member and no more. */
export function grantOf(policy: Policy, person: string): Grant {
  const named = Object.hasOwn(policy.people, person) ? policy.people[person] : undefined;
  return named ?? { roles: [], ceiling: "routine", territory: [] };
}

/** Who may approve a kind of command (protocol/dangerous.py, rule_for). */
export function approverRoles(kind: CommandKind): Role[] {
  return kind === "issuer.adopt" ? ["custodian", "security-officer"] : ["security-officer"];
}

/** Who may propose it. */
export function proposerRoles(kind: CommandKind): Role[] {
  return kind === "issuer.adopt" ? ["custodian"] : ["security-officer"];
}
