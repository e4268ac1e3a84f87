/** The policy as the authority and the edges read it (protocol/policy.py): nothing more, nothing less. */

import { PRECEDENCES, type Precedence, ROLES, type Role } from "../../api/authority";
import { array, boolean, type Check, expected, number, oneOf, string } from "../../api/validate";
import { exactly, plain, table } from "./exact";
import { DEFAULTS, type Network, networkDocument } from "./network";

export { exactly, PRECEDENCES, type Precedence, ROLES, type Role };

export const KINDS = ["authority", "office", "ship", "person", "auditor"] as const;
export type Kind = (typeof KINDS)[number];

/** Commands that take two persons (protocol/dangerous.py). */
export const COMMANDS = [
  "policy.set",
  "certificates.revoke",
  "passkey.recover",
  "issuer.adopt",
  "warning.release",
  "warning.preauthorise",
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
  /** Not there where it says nothing else than the defaults. */
  readonly network?: Network;
}

const one: Check<1> = (value, where) => (value === 1 ? 1 : expected("1")(value, where));

const whole: Check<number> = (value, where) =>
  Number.isSafeInteger(value) ? number(value, where) : expected("a whole number")(value, where);

const grant = exactly<Grant>({
  roles: array(oneOf(...ROLES)),
  ceiling: oneOf(...PRECEDENCES),
  territory: array(string),
});

const withoutNetwork = exactly<Omit<Policy, "network">>({
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

export const policyDocument: Check<Policy> = (value, where) => {
  const { network, ...rest } = plain(value, where);
  const policy = withoutNetwork(rest, where);
  if (network === undefined) return policy;
  return { ...policy, network: networkDocument(network, `${where}.network`) };
};

/** What a policy says of tunnels. */
export function networkOf(policy: Policy): Network {
  return policy.network ?? DEFAULTS;
}

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

/** Whether a command warns the population: those who do that answer it, and a state may have none. */
export const isWarning = (kind: CommandKind): boolean => kind.startsWith("warning.");

/** Who may approve a kind of command (protocol/dangerous.py, rule_for). */
export function approverRoles(kind: CommandKind): Role[] {
  if (isWarning(kind)) return ["civil-protection-officer"];
  return kind === "issuer.adopt" ? ["custodian", "security-officer"] : ["security-officer"];
}

/** Who may propose it. */
export function proposerRoles(kind: CommandKind): Role[] {
  if (isWarning(kind)) return ["civil-protection-officer"];
  return kind === "issuer.adopt" ? ["custodian"] : ["security-officer"];
}
