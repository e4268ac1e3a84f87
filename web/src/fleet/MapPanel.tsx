import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Fleet, Platform } from "../api/fleet";
import { type Corner, moved, withCorner } from "../flatMap/drawing";
import { MapFrame } from "../flatMap/MapFrame";
import { inLanguage } from "../frame/language";
import { type Theme, theme } from "../frame/theme";
import { fetchLand } from "../globe/land";
import { plain } from "../network/figures";
import { FleetMap } from "./fleetMap";
import { courses, drawnTrack, ellipses, places } from "./shapes";
import { chosen, drawing, map, points, setPoints } from "./state";
import { picture, STATE_COLOURS } from "./symbols";
import { t } from "./words";

const COURSE_S = 2 * 3600;

/** The fleet's map, with its buttons; everything on it also stands in words beside it. */
export function MapPanel(props: { fleet: Fleet }) {
  const w = t.value;
  useShown(props.fleet);
  return (
    <MapFrame
      class="fleet-map"
      label={w.title}
      words={{ ...w, whole: w.wholeFleet, here: drawing.value ? w.pointHere : null }}
      ready={map.value !== null}
      open={openMap}
      onZoom={(steps) => map.value?.zoomBy(steps)}
      onWhole={() => map.value?.look(placesOf(props.fleet.platforms))}
      onHere={() => {
        const at = map.value?.centre();
        if (at) setPoints(withCorner(points.value, at));
      }}
    >
      <Key />
    </MapFrame>
  );
}

function Key() {
  const w = t.value;
  const colours = STATE_COLOURS[theme.value];
  return (
    <ul class="flat-map-key" aria-label={w.key}>
      {(["held", "stopped", "free"] as const).map((state) => (
        <li key={state}>
          <svg viewBox="0 0 10 10" aria-hidden="true">
            <circle cx="5" cy="5" r="4" fill={colours[state]} />
          </svg>
          {w.landing}: {w.states[state].name}
        </li>
      ))}
      <li>
        <svg viewBox="0 0 22 10" class="key-wide" aria-hidden="true">
          <path class="key-course" d="M0 5H22" />
        </svg>
        {w.keyCourse}
      </li>
      <li>
        <svg viewBox="0 0 22 10" class="key-wide" aria-hidden="true">
          <ellipse class="key-ellipse" cx="11" cy="5" rx="9" ry="4" />
        </svg>
        {w.keyEllipse}
      </li>
      {points.value.length > 0 ? (
        <li>
          <svg viewBox="0 0 22 10" class="key-wide" aria-hidden="true">
            <path class="key-track" d="M0 5H22" />
          </svg>
          {w.keyTrack}
        </li>
      ) : null}
    </ul>
  );
}

/** Where a fleet is and goes: what the whole map has to show. */
const placesOf = (platforms: readonly Platform[]): Corner[] =>
  platforms.flatMap(({ lon_deg, lat_deg, ahead }): Corner[] => [
    [lon_deg, lat_deg],
    ...ahead.slice(0, COURSE_S / 300).map(([lon, lat]): Corner => [lon, lat]),
  ]);

/** Put what the last answer says on the map. */
function useShown(fleet: Fleet): void {
  const looked = useRef(false);
  const [at, lit, w] = [map.value, theme.value, t.value];
  const pictures = useRef(new Map<string, string>());
  useEffect(() => {
    pictures.current.clear();
    looked.current = false;
  }, [at]);
  useEffect(() => {
    if (!at) return;
    for (const each of fleet.platforms) {
      const state = each.landing.state ?? "unknown";
      const of = {
        sidc: each.sidc,
        name: plain(inLanguage(each.name)),
        state: each.landing.state ? w.states[each.landing.state].name : w.unknownYet,
        colour: STATE_COLOURS[lit][state],
        chosen: chosen.value === each.id,
      };
      const key = JSON.stringify([of, lit]);
      if (pictures.current.get(each.id) === key) continue;
      const drawn = picture(of, lit, devicePixelRatio);
      if (drawn) at.setPicture(each.id, drawn);
      pictures.current.set(each.id, key);
    }
    at.show("courses", courses(fleet.platforms, COURSE_S));
    at.show("ellipses", ellipses(fleet.platforms));
    at.show("places", places(fleet.platforms));
    if (looked.current) return;
    looked.current = true;
    at.look(placesOf(fleet.platforms));
  }, [at, fleet, lit, w, chosen.value]);
}

async function openMap(container: HTMLElement): Promise<() => void> {
  const land = await fetchLand();
  const shown = new FleetMap(container, land, theme.peek(), t.peek().map, {
    placed: (at) => setPoints(withCorner(points.value, at)),
    moved: (index, at) => setPoints(moved(points.value, index, at)),
    chosen: (id) => {
      chosen.value = id;
      document.getElementById(`platform-${id}`)?.scrollIntoView({ block: "nearest" });
    },
  });
  const stops = [
    effect(() => {
      const wanted: Theme = theme.value;
      shown.theme = wanted;
    }),
    effect(() => {
      shown.label = drawing.value ? t.value.mapDrawing : t.value.map;
    }),
    effect(() => {
      shown.placing = drawing.value;
    }),
    effect(() => shown.show("track", drawnTrack(points.value))),
  ];
  map.value = shown;
  return () => {
    for (const stop of stops) stop();
    map.value = null;
    shown.close();
  };
}
