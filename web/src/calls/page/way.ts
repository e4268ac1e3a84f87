import type { Bearer, SiteNetwork, Tunnel } from "../../network/answers";

/** The tunnel to a site, and the bearer that it is on; null where there is none. */
export function wayTo(
  network: Pick<SiteNetwork, "tunnels" | "bearers">,
  site: string,
): { tunnel: Tunnel; bearer: Bearer | null } | null {
  const tunnel = network.tunnels.find(({ peer }) => peer === site || peer.endsWith(`/${site}`));
  if (tunnel === undefined) return null;
  return { tunnel, bearer: network.bearers.find(({ name }) => name === tunnel.active) ?? null };
}
