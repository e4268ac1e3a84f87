import { effect } from "@preact/signals";
import { type Bounds, moved, withCorner } from "../flatMap/drawing";
import { MapFrame } from "../flatMap/MapFrame";
import { type Theme, theme } from "../frame/theme";
import { fetchLand } from "../globe/land";
import type { ForeignAlert } from "./foreignShapes";
import { areasOf, boundsOf, foreignAreas } from "./mapShapes";
import { SituationMap } from "./situationMap";
import {
  cells,
  chosen,
  colours,
  corners,
  deskState,
  drawn,
  foreign,
  map,
  place,
  placing,
  warnings,
} from "./state";
import { t } from "./words";

/** Where a desk begins to look, degrees: its country, and else Europe. */
const COUNTRIES: Record<string, Bounds> = { IT: [6, 35.4, 19, 47.4] };
const EUROPE: Bounds = [-11, 34, 32, 62];

/** The situation map, with its buttons; everything on it also stands in words beside it. */
export function MapPanel() {
  const w = t.value;
  const here = placing.value === "corners" ? w.cornerHere : w.placeHere;
  return (
    <MapFrame
      class="desk-map"
      label={w.map}
      words={{ ...w, whole: w.wholeCountry, here: placing.value ? here : null }}
      ready={map.value !== null}
      open={openMap}
      onZoom={(steps) => map.value?.zoomBy(steps)}
      onWhole={() => map.value?.look(home())}
      onHere={() => {
        const at = map.value?.centre();
        if (at) press(at);
      }}
    >
      <Key />
    </MapFrame>
  );
}

function Key() {
  const w = t.value;
  return (
    <ul class="flat-map-key" aria-label={w.key}>
      {(deskState.value?.channels ?? []).map(({ id }) => (
        <li key={id}>
          <span
            class="key-area"
            aria-hidden="true"
            style={{ "--key": colours.value[id] } as never}
          />{" "}
          {w.channels[id]}
        </li>
      ))}
      <li>
        <span class="key-cell" aria-hidden="true" /> {w.keyCell}
      </li>
      <li>
        <span class="key-cell key-lit" aria-hidden="true" /> {w.keyLit}
      </li>
    </ul>
  );
}

/** Of nobody's channel. */
const FOREIGN: Record<Theme, string> = { light: "#40566f", dark: "#c9d6e6" };
const outlinesOf = (alert: ForeignAlert | null) =>
  (alert?.areas ?? []).flatMap(({ outline }) => (outline ? [outline] : []));

const home = (): Bounds => COUNTRIES[deskState.value?.country ?? ""] ?? EUROPE;

function press(at: readonly [number, number]): void {
  if (placing.value === "corners") corners.value = withCorner(corners.value, at);
  else if (placing.value) place.value = at;
}

async function openMap(container: HTMLElement): Promise<() => void> {
  const land = await fetchLand();
  const shown = new SituationMap(container, land, theme.peek(), home(), t.peek().map, {
    placed: press,
    moved: (index, at) => {
      if (placing.value === "corners") corners.value = moved(corners.value, index, at);
      else place.value = at;
    },
    chosen: (id) => {
      chosen.value = id;
    },
  });
  const stops = [
    effect(() => {
      shown.theme = theme.value;
    }),
    effect(() => {
      shown.label = placing.value ? t.value.mapPlacing : t.value.map;
    }),
    effect(() => {
      const ours = areasOf(warnings.value, chosen.value, colours.value);
      const theirs = foreignAreas(outlinesOf(foreign.value), FOREIGN[theme.value]);
      shown.show("areas", { ...ours, features: [...ours.features, ...theirs.features] });
    }),
    effect(() => {
      const bounds = boundsOf(outlinesOf(foreign.value));
      if (bounds) shown.look(bounds);
    }),
    effect(() => shown.show("cells", cells.value)),
    effect(() => shown.show("drawn", drawn.value)),
    effect(() => {
      shown.placing = placing.value !== null;
    }),
    effect(() => {
      const warning = warnings.peek().find(({ id }) => id === chosen.value);
      const bounds = warning ? boundsOf([warning.area.outline]) : null;
      if (bounds) shown.look(bounds);
    }),
  ];
  map.value = shown;
  return () => {
    for (const stop of stops) stop();
    map.value = null;
    shown.close();
  };
}
