/** Which lines to draw for what is selected. */

import type { Serving } from "../api/paths";
import type { HopKind, Route, SatelliteAnswer, SiteAnswer } from "../api/sky";
import { sphereOf, type Vec3 } from "./geometry";
import type { Line } from "./lineLayer";
import type { MapColours } from "./palette";

/** Where a satellite is in the picture now, by catalogue number; null if it is not drawn. */
export type Whereabouts = (catalogueNumber: number) => Vec3 | null;

/** Sight lines to more satellites than this hide what they should show. */
const MOST_SIGHT_LINES = 60;

export function siteLines(answer: SiteAnswer, where: Whereabouts, colours: MapColours): Line[] {
  const from = sphereOf(answer.lat_deg, answer.lon_deg, answer.height_m / 1000);
  const lines: Line[] = [];
  for (const { number } of answer.satellites.slice(0, MOST_SIGHT_LINES)) {
    const to = where(number);
    if (to) lines.push({ from, to, colour: colours.sight, opacity: 0.28, width: 1 });
  }
  if (answer.alternative) lines.push(...routeLines(answer.alternative, where, colours, true));
  if (answer.route) lines.push(...routeLines(answer.route, where, colours, false));
  return lines;
}

/** Slots by which an answer may be off: at fast paces there is none for every slot. */
const NEAR_SLOTS = 2;

/**
 * From every site to the satellite that serves it in the slot of the picture; `placeOf` says where
 * sites are. The selected one's line is wide. Of very many sites only the first have theirs.
 */
export function servingLines(
  answer: Serving | null,
  slot: number,
  selected: string | undefined,
  placeOf: (site: string) => Vec3 | null,
  where: Whereabouts,
  colours: MapColours,
): Line[] {
  if (!answer || Math.abs(answer.slot - slot) > NEAR_SLOTS) return [];
  const drawn = answer.sites.filter(
    ({ site }, index) => index < MOST_SIGHT_LINES || site === selected,
  );
  return drawn.flatMap(({ site, satellite }) => {
    const from = placeOf(site);
    const to = satellite === null ? null : where(satellite);
    if (!from || !to) return [];
    const picked = site === selected;
    return [
      {
        from,
        to,
        colour: colours.serving,
        opacity: picked ? 1 : 0.7,
        width: picked ? 3.4 : 1.6,
      },
    ];
  });
}

/** The hops of a route; satellites are where the picture has them, not where the answer had. */
export function routeLines(
  route: Route,
  where: Whereabouts,
  colours: MapColours,
  alternative: boolean,
): Line[] {
  const ends = hopEnds(route, where);
  let along = 0;
  return route.hops.map((hop, index) => {
    const [from, to] = ends[index] as [Vec3, Vec3];
    const start = along;
    along += Math.hypot(to[0] - from[0], to[1] - from[1], to[2] - from[2]);
    return {
      from,
      to,
      colour: colours.hops[hop.kind],
      opacity: alternative ? 0.75 : 1,
      width: alternative ? 1.6 : 3.2,
      dash: alternative ? 1 : 0,
      bent: hop.kind === "fibre",
      along: [start, along],
    };
  });
}

/** Both ends of each hop. A route climbs to its first satellite and follows its list from there. */
export function hopEnds(route: Route, where: Whereabouts): [Vec3, Vec3][] {
  let reached = -1;
  return route.hops.map((hop) => {
    const [start, end] = hop.path.map(([lon, lat, height]) => sphereOf(lat, lon, height)) as [
      Vec3,
      Vec3,
    ];
    const here = moving(route, reached, where) ?? start;
    if (climbs(hop.kind)) {
      reached += 1;
      const there = moving(route, reached, where) ?? end;
      return [hop.kind === "uplink" ? start : here, there];
    }
    return [hop.kind === "downlink" ? here : start, end];
  });
}

const climbs = (kind: HopKind) => kind === "uplink" || kind === "laser";

function moving(route: Route, index: number, where: Whereabouts): Vec3 | null {
  const catalogueNumber = route.satellites[index];
  return catalogueNumber === undefined ? null : where(catalogueNumber);
}

export function satelliteLines(
  answer: SatelliteAnswer,
  where: Whereabouts,
  colours: MapColours,
): Line[] {
  const from = where(answer.number);
  if (!from) return [];
  return answer.lasers.flatMap(({ number }) => {
    const to = where(number);
    return to ? [{ from, to, colour: colours.hops.laser, opacity: 0.95, width: 2.2 }] : [];
  });
}

/** From a satellite straight down to the ground: where it stands. */
export function plumbLine(place: Vec3, colours: MapColours): Line {
  const radius = Math.hypot(...place);
  const foot: Vec3 = [place[0] / radius, place[1] / radius, place[2] / radius];
  return { from: place, to: foot, colour: colours.picked, opacity: 0.5, width: 1.2 };
}
