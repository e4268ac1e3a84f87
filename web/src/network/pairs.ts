/** Who sees whom: the sites as rows and columns, each row what one site's edge says of its peers. */

import type { Network, Site, SiteNetwork, Tunnel } from "./answers";

/** WireGuard uses no key longer than this (REJECT-AFTER-TIME). */
export const KEY_LIMIT_S = 180;
/** From here on an edge that has traffic raises an alarm. */
export const KEY_ALARM_S = 150;

/** What a site's edge said, if it said something that this page knows. */
export const toldBy = (site: Site): SiteNetwork | null =>
  site.network === "misunderstood" ? null : site.network;

/** Identities by site, kept while a site is silent; one never heard is known by its name. */
export function identitiesOf(
  network: Network,
  known: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const named = new Set(
    network.sites.flatMap((site) => toldBy(site)?.tunnels.map((each) => each.peer) ?? []),
  );
  const found = new Map<string, string>();
  for (const site of network.sites) {
    const identity =
      toldBy(site)?.site ??
      known.get(site.id) ??
      [...named].find((peer) => peer.split("/").at(-1) === site.id);
    if (identity !== undefined) found.set(site.id, identity);
  }
  return found;
}

export type Cell =
  | { readonly what: "self" | "silent" | "none" }
  | { readonly what: "tunnel"; readonly tunnel: Tunnel };

export interface Row {
  readonly site: Site;
  readonly cells: readonly Cell[];
}

/** One row for each site, one cell for each other one. */
export function rowsOf(network: Network, identities: ReadonlyMap<string, string>): Row[] {
  return network.sites.map((site) => {
    const told = toldBy(site);
    const tunnels = new Map(told?.tunnels.map((each) => [each.peer, each]));
    const cells = network.sites.map((other): Cell => {
      if (other.id === site.id) return { what: "self" };
      if (told === null) return { what: "silent" };
      const tunnel = tunnels.get(identities.get(other.id) ?? "");
      return tunnel ? { what: "tunnel", tunnel } : { what: "none" };
    });
    return { site, cells };
  });
}

/** Pairs of sites that know each other, those open at both ends, and the oldest key in use. */
export function summaryOf(rows: readonly Row[]): {
  open: number;
  pairs: number;
  oldestS: number | null;
} {
  let open = 0;
  let pairs = 0;
  let oldestS: number | null = null;
  rows.forEach((row, at) => {
    row.cells.forEach((cell, to) => {
      const back = rows[to]?.cells[at];
      const ends = [cell, back].filter((end) => end?.what === "tunnel");
      if (to > at && ends.length > 0) {
        pairs += 1;
        if (ends.length === 2 && ends.every(isOpen)) open += 1;
      }
      if (isOpen(cell) && cell.what === "tunnel" && cell.tunnel.key_age_s !== null) {
        oldestS = Math.max(oldestS ?? 0, cell.tunnel.key_age_s);
      }
    });
  });
  return { open, pairs, oldestS };
}

const isOpen = (cell: Cell | undefined): boolean => cell?.what === "tunnel" && cell.tunnel.open;

/** What is said of a key's age: in use, near its limit, past it (it waits for traffic). */
export type KeyStage = "young" | "old" | "over";

export function stageOf(ageS: number): KeyStage {
  if (ageS > KEY_LIMIT_S) return "over";
  return ageS >= KEY_ALARM_S ? "old" : "young";
}

/** Whether traffic passes, and if not, whether that is as it should be. */
export type Condition = "open" | "resting" | "opening" | "shut";

export function conditionOf(tunnel: Tunnel): Condition {
  if (tunnel.open) return "open";
  if (tunnel.problem !== "") return "shut";
  // Keys change under traffic only: one that nobody needed has grown too old.
  return tunnel.key_age_s !== null && tunnel.key_age_s > KEY_ALARM_S ? "resting" : "opening";
}
