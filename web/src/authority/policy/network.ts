/** What the policy says of tunnels (protocol/network_policy.py), as it is read, written and typed. */

import { array, boolean, type Check, expected, number, oneOf, string } from "../../api/validate";
import { exactly, plain, table } from "./exact";

export const TOPOLOGIES = ["mesh", "hub"] as const;
export type Topology = (typeof TOPOLOGIES)[number];

/** Where a site's traffic may come down; any gateway where none is named. */
export interface LandingRule {
  readonly gateways: readonly string[];
  readonly countries_forbidden: readonly string[];
}

export interface Network {
  readonly topology: Topology;
  readonly hubs: readonly string[];
  readonly landing: Readonly<Record<string, LandingRule>>;
  readonly plain_export: readonly string[];
  readonly two_layers: boolean;
  readonly full_round_hours: number;
  readonly networks: Readonly<Record<string, readonly string[]>>;
}

export const MOST_HOURS = 168;

/** What holds where a policy says nothing of tunnels. */
export const DEFAULTS: Network = {
  topology: "mesh",
  hubs: [],
  landing: {},
  plain_export: [],
  two_layers: false,
  full_round_hours: 24,
  networks: {},
};

const hours: Check<number> = (value, where) =>
  Number.isSafeInteger(value) ? number(value, where) : expected("a whole number")(value, where);

const fields = exactly<Network>({
  topology: oneOf(...TOPOLOGIES),
  hubs: array(string),
  landing: table(
    exactly<LandingRule>({ gateways: array(string), countries_forbidden: array(string) }),
  ),
  plain_export: array(string),
  two_layers: boolean,
  full_round_hours: hours,
  networks: table(array(string)),
});

export const networkDocument: Check<Network> = (value, where) => fields(plain(value, where), where);

export function sameNetwork(one: Network, other: Network): boolean {
  return FIELDS.every((name) => sameField(one, other, name));
}

/** The fields in the order in which people read them. */
export const FIELDS = [
  "topology",
  "hubs",
  "landing",
  "plain_export",
  "two_layers",
  "full_round_hours",
  "networks",
] as const satisfies readonly (keyof Network)[];

export function sameField(one: Network, other: Network, name: keyof Network): boolean {
  return JSON.stringify(ordered(one[name])) === JSON.stringify(ordered(other[name]));
}

function ordered(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, inner]) => [name, ordered(inner)]);
}

const SITE = /^(office|ship)\/[a-z0-9][a-z0-9._-]{0,62}$/;
const COUNTRY = /^-[A-Z]{2}$/;
const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;
const IPV6 = /^[0-9a-f:]{2,39}\/(\d{1,3})$/;
const LONGEST_GATEWAY = 80;

/** Sites as people type them, in the order that a policy has. */
export function sitesOf(typed: string): string[] {
  return sorted(typed.split(/[\s,;]+/).filter(Boolean));
}

/** Those that are no path of a site. */
export function noSites(found: readonly string[]): string[] {
  return found.filter((each) => !SITE.test(each));
}

/** Lines of `SITE: ENTRY, ENTRY` by site; null for the first line that is none, with that line. */
function linesOf(typed: string): { found: Map<string, string[]>; wrong: string | null } {
  const found = new Map<string, string[]>();
  for (const line of typed.split("\n").filter((each) => each.trim())) {
    const at = line.indexOf(":");
    const site = line.slice(0, at).trim();
    const entries = line
      .slice(at + 1)
      .split(",")
      .map((each) => each.trim())
      .filter(Boolean);
    if (at < 0 || !SITE.test(site) || found.has(site) || entries.length === 0)
      return { found, wrong: line };
    found.set(site, entries);
  }
  return { found, wrong: null };
}

/** What was read of lines that people typed, or the first that cannot be understood. */
export type Lines<T> = { readonly value: Record<string, T> } | { readonly wrong: string };

/** `ship/bergamini: Marsala, Foggia, -FR`: gateways by name, a forbidden country after a minus. */
export function landingOf(typed: string): Lines<LandingRule> {
  const { found, wrong } = linesOf(typed);
  if (wrong !== null) return { wrong };
  for (const [site, entries] of found) {
    const odd = entries.find(
      (each) => each.length > LONGEST_GATEWAY || /^-(?![A-Z]{2}$)/.test(each),
    );
    if (odd) return { wrong: `${site}: ${odd}` };
  }
  const rules = [...found].map(([site, entries]): [string, LandingRule] => [
    site,
    {
      gateways: sorted(entries.filter((each) => !COUNTRY.test(each))),
      countries_forbidden: sorted(
        entries.filter((each) => COUNTRY.test(each)).map((each) => each.slice(1)),
      ),
    },
  ]);
  return { value: Object.fromEntries(rules) };
}

/** `office/rome: 10.20.0.0/16, fd12:3456:7::/48`. */
export function networksOf(typed: string): Lines<string[]> {
  const { found, wrong } = linesOf(typed);
  if (wrong !== null) return { wrong };
  for (const [site, entries] of found) {
    const odd = entries.find((each) => !isNetwork(each));
    if (odd) return { wrong: `${site}: ${odd}` };
  }
  return {
    value: Object.fromEntries([...found].map(([site, entries]) => [site, inOrder(entries)])),
  };
}

export function landingTyped(landing: Network["landing"]): string {
  return lines(landing, ({ gateways, countries_forbidden }) => [
    ...gateways,
    ...countries_forbidden.map((each) => `-${each}`),
  ]);
}

export function networksTyped(networks: Network["networks"]): string {
  return lines(networks, (held) => held);
}

function lines<T>(held: Readonly<Record<string, T>>, entries: (each: T) => readonly string[]) {
  return Object.entries(held)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([site, each]) => `${site}: ${entries(each).join(", ")}`)
    .join("\n");
}

/** The authority judges networks in full; this tells what is mistyped. */
function isNetwork(text: string): boolean {
  const four = IPV4.exec(text);
  if (four) {
    const [, a, b, c, d, length] = four.map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const address = ((a * 256 + b) * 256 + c) * 256 + d;
    return Math.max(a, b, c, d) < 256 && length <= 32 && address % 2 ** (32 - length) === 0;
  }
  const six = IPV6.exec(text);
  return six !== null && text.includes(":") && Number(six[1]) <= 128;
}

/** Fourth version first, each by its address. */
function inOrder(networks: readonly string[]): string[] {
  const key = (text: string) => {
    const four = IPV4.exec(text);
    return four
      ? four
          .slice(1)
          .map((each) => each.padStart(3, "0"))
          .join(".")
      : `z${text}`;
  };
  return [...new Set(networks)].sort((one, other) => (key(one) < key(other) ? -1 : 1));
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
