/** What the parts of the desk share: the setting of the desk, the draft, and what the map shows. */

import { computed, signal } from "@preact/signals";
import type { FeatureCollection } from "geojson";
import type { Corner, Corners } from "../flatMap/drawing";
import { theme } from "../frame/theme";
import type { Draft } from "./draft";
import type { ForeignAlert } from "./foreignShapes";
import { drawnShapes, NOTHING } from "./mapShapes";
import type { Channel, Desk, Reach, Warning } from "./shapes";
import type { SituationMap } from "./situationMap";

export const deskState = signal<Desk | null>(null);
export const draft = signal<Draft | null>(null);
export const warnings = signal<readonly Warning[]>([]);
/** The warning that is looked at. */
export const chosen = signal<string | null>(null);
/** The alert of somebody else that is looked at. */
export const foreign = signal<ForeignAlert | null>(null);
export const reach = signal<Reach | null>(null);
/** Cells on the map: of the area that is written about, or of the warning that is looked at. */
export const cells = signal<FeatureCollection>(NOTHING);

/** What a press on the map means now. */
export const placing = signal<"corners" | "circle" | "handset" | null>(null);
export const corners = signal<Corners>([]);
/** The place that was pressed for a circle or a handset. */
export const place = signal<Corner | null>(null);
export const drawn = computed(() =>
  placing.value === "corners" || placing.value === null
    ? drawnShapes(corners.value)
    : drawnShapes(place.value ? [place.value] : []),
);

export const map = signal<SituationMap | null>(null);

const FALLBACK: Record<Channel, { light: string; dark: string }> = {
  public: { light: "#b42a1b", dark: "#ff8373" },
  exercise: { light: "#5b3fa8", dark: "#b59cff" },
  test: { light: "#0b6b63", dark: "#4fd0c2" },
};

/** The colour of each channel, as the country's profile has it. */
export const colours = computed<Record<Channel, string>>(() => {
  const found = { ...FALLBACK };
  for (const { id, colour } of deskState.value?.channels ?? []) found[id] = colour;
  const by = theme.value;
  return { public: found.public[by], exercise: found.exercise[by], test: found.test[by] };
});
