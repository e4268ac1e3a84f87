import type { Bearer, ServingSatellite, SiteNetwork, Tunnel } from "../../network/answers";

/** The tunnel to a site, and the bearer that it is on; null where there is none. */
export function wayTo(
  network: Pick<SiteNetwork, "tunnels" | "bearers">,
  site: string,
): { tunnel: Tunnel; bearer: Bearer | null } | null {
  const tunnel = network.tunnels.find(({ peer }) => peer === site || peer.endsWith(`/${site}`));
  if (tunnel === undefined) return null;
  return { tunnel, bearer: network.bearers.find(({ name }) => name === tunnel.active) ?? null };
}

/** What is known of the satellite that serves a bearer now. */
export type Serving =
  | { kind: "serves"; name: string; slot: number }
  /** Observed: nothing serves in this slot. */
  | { kind: "none" }
  /** Somebody tells, but not of this moment. */
  | { kind: "unknown" }
  /** Nobody tells. */
  | { kind: "untold" };

/** The satellite of now by an answer that came so many seconds ago: gone with its slot. */
export function servingNow(told: ServingSatellite, ageS: number): Serving {
  if (!told.told) return { kind: "untold" };
  if (told.slot === null || told.left_s === null || ageS >= told.left_s) return { kind: "unknown" };
  return told.name === null
    ? { kind: "none" }
    : { kind: "serves", name: told.name, slot: told.slot };
}
