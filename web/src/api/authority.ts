import { get, getUnknown } from "./client";
import { array, boolean, type Check, nullable, number, object, oneOf, string } from "./validate";

/** What a person may be trusted with (`protocol/roles.py`). Everybody enrolled is at least a member. */
export const ROLES = [
  "operator",
  "security-officer",
  "custodian",
  "communications-officer",
  "civil-protection-officer",
  "fleet-officer",
  "auditor",
  "member",
] as const;
export type Role = (typeof ROLES)[number];
export const role: Check<Role> = oneOf(...ROLES);

/** How urgent a person's calls may be, lowest first (RFC 4412, namespace dsn). */
export const PRECEDENCES = ["routine", "priority", "immediate", "flash", "flash-override"] as const;
export type Precedence = (typeof PRECEDENCES)[number];
export const precedence: Check<Precedence> = oneOf(...PRECEDENCES);

/** The signed-in person. Times are POSIX seconds. */
export interface Me {
  person: string;
  display_name: string;
  roles: Role[];
  ceiling: Precedence;
  territory: string[];
  device: string | null;
  fresh_until: number;
  expires: number;
  break_glass: boolean;
}
export const meShape = object<Me>({
  person: string,
  display_name: string,
  roles: array(role),
  ceiling: precedence,
  territory: array(string),
  device: nullable(string),
  fresh_until: number,
  expires: number,
  break_glass: boolean,
});

/** Somebody whom a demonstration state lets a visitor be. */
export interface DemonstrationPerson {
  person: string;
  display_name: string;
  roles: Role[];
}
const demonstrationPerson = object<DemonstrationPerson>({
  person: string,
  display_name: string,
  roles: array(role),
});

/** What anybody may know of the authority, and who is asking. */
export interface AuthorityState {
  community: string;
  profile: string;
  domain: string;
  rp_id: string;
  /** The authority's own address; null where it does not know one. */
  pages: string | null;
  root: string;
  demonstration: boolean;
  people: DemonstrationPerson[];
  first_run: boolean;
  break_glass: { by: string; until: number } | null;
  me: Me | null;
}

const orNone: Check<DemonstrationPerson[]> = (value, where) =>
  nullable(array(demonstrationPerson))(value, where) ?? [];

export const authorityStateShape = object<AuthorityState>({
  community: string,
  profile: string,
  domain: string,
  rp_id: string,
  pages: nullable(string),
  root: string,
  demonstration: boolean,
  people: orNone,
  first_run: boolean,
  break_glass: nullable(object<{ by: string; until: number }>({ by: string, until: number })),
  me: nullable(meShape),
});

const STATE = "/api/authority/state";
/** The authority behind this console; a 404 says that there is none. */
export const getAuthorityState = () => get(STATE, authorityStateShape);
/** Number of the policy in force, for who is signed in. */
export const getPolicyNumberInForce = async () =>
  (await get("/api/authority/policy", object<{ number: number }>({ number }))).number;
/** What anybody may know of it, without asking as the person who is signed in. */
export const getPublicState = () => getUnknown(STATE, authorityStateShape);
