/** What changes from one policy to another, thing by thing. */

import { approvalsFor, type Grant, KINDS, networkOf, type Policy, type Role } from "./document";
import { FIELDS, type Network, sameField } from "./network";

export type Sign = "added" | "removed" | "changed";

export type Change =
  | {
      readonly what: "person";
      readonly sign: Sign;
      readonly name: string;
      readonly before: Grant | null;
      readonly after: Grant | null;
    }
  | {
      readonly what: "approval";
      readonly sign: Sign;
      readonly name: string;
      readonly after: boolean;
    }
  | {
      readonly what: "approvers";
      readonly sign: Sign;
      readonly name: string;
      readonly before: number;
      readonly after: number;
    }
  | {
      readonly what: "visibility";
      readonly sign: Sign;
      readonly name: string;
      readonly before: readonly Role[];
      readonly after: readonly Role[];
    }
  | {
      readonly what: "network";
      readonly sign: Sign;
      readonly name: keyof Network;
      readonly before: Network;
      readonly after: Network;
    }
  | {
      readonly what: "community";
      readonly sign: Sign;
      readonly name: string;
      readonly before: string;
    };

/** Every change from `before` to `after`: people first, each table in alphabetical order. */
export function differences(before: Policy, after: Policy): Change[] {
  const changes: Change[] = [];
  if (before.community !== after.community) {
    changes.push({
      what: "community",
      sign: "changed",
      name: after.community,
      before: before.community,
    });
  }
  for (const name of names(before.people, after.people)) {
    const [old, now] = [own(before.people, name), own(after.people, name)];
    if (old && now && sameGrant(old, now)) continue;
    changes.push({ what: "person", sign: sign(old, now), name, before: old, after: now });
  }
  for (const kind of KINDS) {
    if (before.approval[kind] !== after.approval[kind]) {
      changes.push({
        what: "approval",
        sign: "changed",
        name: kind,
        after: after.approval[kind],
      });
    }
  }
  for (const name of names(before.approvers, after.approvers)) {
    // Not to be named and to be named with one mean the same.
    const [old, now] = [approvalsFor(before, name), approvalsFor(after, name)];
    if (old !== now) {
      changes.push({ what: "approvers", sign: "changed", name, before: old, after: now });
    }
  }
  for (const name of names(before.visibility, after.visibility)) {
    const [old, now] = [own(before.visibility, name) ?? [], own(after.visibility, name) ?? []];
    if (!sameList(old, now)) {
      changes.push({ what: "visibility", sign: "changed", name, before: old, after: now });
    }
  }
  const [old, now] = [networkOf(before), networkOf(after)];
  for (const name of FIELDS) {
    if (!sameField(old, now, name)) {
      changes.push({ what: "network", sign: "changed", name, before: old, after: now });
    }
  }
  return changes;
}

export interface GrantChange {
  readonly gained: readonly Role[];
  readonly lost: readonly Role[];
  readonly ceiling: { readonly before: string; readonly after: string } | null;
  readonly territory: {
    readonly before: readonly string[];
    readonly after: readonly string[];
  } | null;
}

/** What changes for one person whose grant changes. */
export function grantChange(before: Grant, after: Grant): GrantChange {
  return {
    gained: told(after.roles).filter((role) => !before.roles.includes(role)),
    lost: told(before.roles).filter((role) => !after.roles.includes(role)),
    ceiling:
      before.ceiling === after.ceiling ? null : { before: before.ceiling, after: after.ceiling },
    territory: sameList(before.territory, after.territory)
      ? null
      : { before: before.territory, after: after.territory },
  };
}

/** Everybody is a member, named as one or not. */
const told = (roles: readonly Role[]) => roles.filter((role) => role !== "member");

function sameGrant(one: Grant, other: Grant): boolean {
  return (
    one.ceiling === other.ceiling &&
    sameList(told(one.roles), told(other.roles)) &&
    sameList(one.territory, other.territory)
  );
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((each, index) => each === other[index]);
}

function names(one: object, other: object): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
}

function own<T>(from: Readonly<Record<string, T>>, name: string): T | null {
  return Object.hasOwn(from, name) ? (from[name] ?? null) : null;
}

function sign(before: Grant | null, after: Grant | null): Sign {
  return before === null ? "added" : after === null ? "removed" : "changed";
}
