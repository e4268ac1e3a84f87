/** Under which addresses peers see a bearer come, and how many see each. */

import type { Bearer } from "./answers";

export interface SeenEgress {
  readonly address: string;
  readonly peers: number;
}

/** Most peers first, then by address; the newest alone where no peer is named with it. */
export function egressesOf(bearer: Pick<Bearer, "egress" | "egress_by_peer">): SeenEgress[] {
  const counted = new Map<string, number>();
  for (const address of Object.values(bearer.egress_by_peer)) {
    counted.set(address, (counted.get(address) ?? 0) + 1);
  }
  if (counted.size === 0 && bearer.egress !== null) counted.set(bearer.egress, 0);
  return [...counted]
    .map(([address, peers]) => ({ address, peers }))
    .sort((a, b) => b.peers - a.peers || (a.address < b.address ? -1 : 1));
}
