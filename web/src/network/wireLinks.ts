/** The wire's links as people look for them: those of sites, those between landings, idle ones. */

import type { WireLink } from "./answers";

export interface End {
  readonly kind: "site" | "landing" | "exchange";
  /** A site's id, a landing's name; empty for the exchange. */
  readonly name: string;
  readonly bearer: string;
}
export interface Ends {
  readonly from: End;
  readonly to: End;
}

/** `rome.sky`, `landing.milan` or `exchange`. */
export function endOf(port: string): End {
  const dot = port.indexOf(".");
  if (dot < 0) {
    return port === "exchange"
      ? { kind: "exchange", name: "", bearer: "" }
      : { kind: "site", name: port, bearer: "" };
  }
  const [first, rest] = [port.slice(0, dot), port.slice(dot + 1)];
  return first === "landing"
    ? { kind: "landing", name: rest, bearer: "" }
    : { kind: "site", name: first, bearer: rest };
}

/** Where a link begins and ends; null where its name says neither. */
export function endsOf(link: WireLink): Ends | null {
  const [from, to, ...more] = link.name.split(">");
  if (!from || !to || more.length > 0) return null;
  return { from: endOf(from), to: endOf(to) };
}

export const droppedOn = (link: WireLink): number =>
  Object.values(link.drops).reduce((sum, number) => sum + number, 0);

/** Nothing ever went over it. */
const isIdle = (link: WireLink): boolean =>
  link.packets === 0 && link.waiting === 0 && droppedOn(link) === 0;

export interface Grouped {
  readonly sites: WireLink[];
  readonly landings: WireLink[];
  readonly idle: WireLink[];
}

/** By site in the order of `ids`, both directions of a bearer together. */
export function grouped(links: readonly WireLink[], ids: readonly string[] = []): Grouped {
  const found: Grouped = { sites: [], landings: [], idle: [] };
  for (const link of links) {
    const ends = endsOf(link);
    const ofSite = ends === null || ends.from.kind === "site" || ends.to.kind === "site";
    if (isIdle(link)) found.idle.push(link);
    else if (ofSite) found.sites.push(link);
    else found.landings.push(link);
  }
  const places = new Map(found.sites.map((link) => [link, placeOf(link, ids)]));
  const place = (link: WireLink) => places.get(link) ?? "";
  found.sites.sort((a, b) => (place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0));
  return found;
}

/** By site and bearer, up before down. */
function placeOf(link: WireLink, ids: readonly string[]): string {
  const ends = endsOf(link);
  if (ends === null) return `~${link.name}`;
  const up = ends.from.kind === "site";
  const own = up ? ends.from : ends.to;
  const place = ids.indexOf(own.name);
  const at = String(place < 0 ? ids.length : place).padStart(6, "0");
  return `${at}\n${own.name}\n${own.bearer}\n${up ? 0 : 1}`;
}
