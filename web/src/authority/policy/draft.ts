/** A policy that somebody is drafting, and what forbids to propose it. */

import { differences } from "./difference";
import {
  approvalsFor,
  approverRoles,
  COMMANDS,
  type CommandKind,
  type Grant,
  grantOf,
  isWarning,
  type Kind,
  MOST_APPROVALS,
  type Policy,
  peopleWith,
  proposerRoles,
  type Role,
} from "./document";
import { DEFAULTS, type Network, sameNetwork } from "./network";

/** The next policy, equal to the one in force but for its number. */
export function nextOf(inForce: Policy): Policy {
  return { ...inForce, number: inForce.number + 1 };
}

/** The draft with this grant for a person, in its one written form; null takes the person out. */
export function withGrant(draft: Policy, person: string, grant: Grant | null): Policy {
  const people = Object.entries(draft.people).filter(([name]) => name !== person);
  if (grant) people.push([person, written(grant)]);
  return { ...draft, people: Object.fromEntries(people) };
}

/** Roles and places in alphabetical order, each once; to be a member needs no grant. */
export function written(grant: Grant): Grant {
  const roles = [...new Set(grant.roles)].filter((role) => role !== "member").sort();
  return { roles, ceiling: grant.ceiling, territory: [...new Set(grant.territory)].sort() };
}

export function withApproval(draft: Policy, kind: Kind, needed: boolean): Policy {
  return { ...draft, approval: { ...draft.approval, [kind]: needed } };
}

export function withApprovers(draft: Policy, kind: CommandKind, count: number): Policy {
  return { ...draft, approvers: { ...draft.approvers, [kind]: count } };
}

/** In the policy's table of who sees what: all platforms that are not named, and one by its name. */
export const PLATFORMS = "platforms";
export const PLATFORM = "platform.";
export const isPlatform = (kind: string): boolean =>
  kind === PLATFORMS || kind.startsWith(PLATFORM);
/** Who sees platforms of which the policy says nothing, see `protocol/policy.py`. */
export const FLEET_READERS: readonly Role[] = [
  "auditor",
  "fleet-officer",
  "operator",
  "security-officer",
];

/** The draft in which these roles see numbers of a kind, or a platform; none: what is usual. */
export function withVisibility(draft: Policy, kind: string, roles: readonly Role[]): Policy {
  const others = Object.entries(draft.visibility).filter(([name]) => name !== kind);
  if (roles.length > 0) others.push([kind, [...new Set(roles)].sort()]);
  return { ...draft, visibility: Object.fromEntries(others) };
}

/** The draft that says this of tunnels; the defaults are not written. */
export function withNetwork(draft: Policy, network: Network): Policy {
  const { network: _, ...others } = draft;
  return sameNetwork(network, DEFAULTS) ? others : { ...others, network };
}

/** Places as people type them: separated by commas or spaces, any capitals. */
export function places(typed: string): string[] {
  const found = typed.split(/[\s,;]+/).filter(Boolean);
  return [...new Set(found.map((each) => each.toUpperCase()))].sort();
}

/** Those that are no country (IT) and no subdivision (IT-RM) of ISO 3166. */
export function noPlaces(found: readonly string[]): string[] {
  return found.filter((place) => !/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/.test(place));
}

export const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

export type Problem =
  | { readonly kind: "unchanged" }
  | { readonly kind: "officers"; readonly officers: number; readonly needed: number }
  | { readonly kind: "count"; readonly command: string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "place"; readonly name: string; readonly place: string }
  | { readonly kind: "overtaken"; readonly number: number };

/** What forbids to propose the draft; empty if nothing does. */
export function problems(draft: Policy, inForce: Policy): Problem[] {
  const found: Problem[] = [];
  if (draft.number !== inForce.number + 1) {
    found.push({ kind: "overtaken", number: inForce.number });
  }
  if (differences(inForce, draft).length === 0) found.push({ kind: "unchanged" });
  for (const [name, grant] of Object.entries(draft.people)) {
    if (!NAME.test(name)) found.push({ kind: "name", name });
    for (const place of noPlaces(grant.territory)) found.push({ kind: "place", name, place });
  }
  for (const [command, count] of Object.entries(draft.approvers)) {
    if (!Number.isInteger(count) || count < 1 || count > MOST_APPROVALS)
      found.push({ kind: "count", command });
  }
  const officers = peopleWith(draft, "security-officer").length;
  const needed = Math.max(2, 1 + approvalsFor(draft, "policy.set"));
  if (officers < needed) found.push({ kind: "officers", officers, needed });
  return found;
}

/** What the draft does that its author may not have meant: said, not forbidden. */
export type Caution =
  | { readonly kind: "self"; readonly lost: readonly Role[] }
  | { readonly kind: "alone"; readonly role: Role; readonly count: number }
  | {
      readonly kind: "dead";
      readonly command: CommandKind;
      readonly able: number;
      readonly needed: number;
    };

export function cautions(draft: Policy, inForce: Policy, me: string): Caution[] {
  const found: Caution[] = [];
  const kept = grantOf(draft, me).roles;
  const lost = grantOf(inForce, me).roles.filter((role) => !kept.includes(role));
  if (lost.length > 0) found.push({ kind: "self", lost });
  for (const command of COMMANDS) {
    if (command === "policy.set") continue;
    // As the authority judges (protocol/dangerous.py): a country may have nobody who warns.
    if (isWarning(command) && !Object.hasOwn(draft.approvers, command)) continue;
    const proposers = new Set(proposerRoles(command).flatMap((role) => peopleWith(draft, role)));
    const approvers = new Set(approverRoles(command).flatMap((role) => peopleWith(draft, role)));
    const needed = approvalsFor(draft, command);
    // Best case: somebody proposes who is then not among those that approve.
    const able = Math.max(
      0,
      ...[...proposers].map((each) => approvers.size - (approvers.has(each) ? 1 : 0)),
    );
    if (proposers.size === 0 || able < needed) found.push({ kind: "dead", command, able, needed });
  }
  const spare = peopleWith(draft, "security-officer").length;
  if (spare === Math.max(2, 1 + approvalsFor(draft, "policy.set"))) {
    found.push({ kind: "alone", role: "security-officer", count: spare });
  }
  return found;
}
