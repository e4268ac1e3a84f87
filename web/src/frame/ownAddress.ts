/** Where the pages of a state are: passkeys and sessions belong to names of its domain alone. */

import type { AuthorityState } from "../api/authority";
import { authority } from "./authority";

type Named = Pick<AuthorityState, "domain" | "pages">;

/** Tell whether somebody can sign in at this host (`origins_of` in doors/door.py). */
export const isWithin = (state: Named, hostname: string): boolean =>
  hostname === state.domain || hostname.endsWith(`.${state.domain}`);

/** The origin of the authority's own pages; null where it knows none that could be opened. */
export function ownOrigin(state: Named): string | null {
  try {
    const { protocol, origin, hostname } = new URL(state.pages ?? "");
    const web = protocol === "https:" || protocol === "http:";
    return web && isWithin(state, hostname) ? origin : null;
  } catch {
    return null;
  }
}

/** Where somebody goes to sign in, and comes back from to this very page.

From outside the state's domain it leads to the authority's own address. */
export function signInAddress(
  at: Pick<Location, "hostname" | "pathname" | "search">,
  state: Named | null | undefined = authority.value,
): string {
  const path = `/sign-in?next=${encodeURIComponent(at.pathname + at.search)}`;
  if (!state || isWithin(state, at.hostname)) return path;
  return `${ownOrigin(state) ?? ""}${path}`;
}
