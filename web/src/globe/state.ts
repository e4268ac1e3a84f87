/** What the globe page knows: the sky, what is selected, and the server's answers about it. */

import { computed, signal } from "@preact/signals";
import { ApiError, MisunderstoodError, NOT_YET } from "../api/client";
import {
  getSatellite,
  getSite,
  type SatelliteAnswer,
  type Site,
  type SiteAnswer,
  type Sky,
} from "../api/sky";
import { words } from "../frame/language";
import { theme } from "../frame/theme";
import { type ColourBy, generationLegend, type LegendFamily, shellLegend } from "./palette";

export type Selection = { kind: "site"; id: string } | { kind: "satellite"; number: number };

export const sky = signal<Sky | null>(null);
export const colourBy = signal<ColourBy>("shell");
export const satellitesVisible = signal(true);
export const selection = signal<Selection | null>(null);
export const siteAnswer = signal<SiteAnswer | null>(null);
export const satelliteAnswer = signal<SatelliteAnswer | null>(null);
/** Why the last question failed; null when it did not. */
export const failure = signal<unknown>(null);

export const selectedSite = computed<Site | null>(() => {
  const selected = selection.value;
  if (selected?.kind !== "site") return null;
  return sky.value?.sites.find((site) => site.id === selected.id) ?? null;
});

/** Index by catalogue number. */
export const indexOf = computed(() => {
  const indices = new Map<number, number>();
  sky.value?.satellites.numbers.forEach((number, index) => {
    indices.set(number, index);
  });
  return indices;
});

export const legend = computed<LegendFamily[]>(() => {
  const t = words.value;
  if (!sky.value) return [];
  return colourBy.value === "shell"
    ? shellLegend(sky.value, theme.value, { none: t.noShell })
    : generationLegend(sky.value, theme.value, generationName);
});

/** What a generation is called in the reader's language. */
export function generationName(id: number, name: string): string {
  const t = words.value;
  return id === 0 ? t.unknown : t.generationName(name);
}

const REFRESH_MS = 1_000;
let asking = 0;

/** Select a site or a satellite (or nothing) and keep asking about it while it is selected. */
export function select(next: Selection | null): void {
  selection.value = next;
  siteAnswer.value = null;
  satelliteAnswer.value = null;
  failure.value = null;
  void keepAsking(++asking);
}

/** A sentence about what went wrong, and its language where that is not the page's. */
export function sentenceOf(error: unknown): { text: string; lang?: "en" } {
  const t = words.value;
  if (error instanceof MisunderstoodError) return { text: t.misunderstood };
  if (!(error instanceof ApiError) || error.status === 0) return { text: t.unreachable };
  if (error.status === 404) return { text: t.notInUse };
  if (error.status === NOT_YET) return { text: t.pathsPreparing };
  // The server explains itself in English.
  return error.message ? { text: error.message, lang: "en" } : { text: t.refused };
}

async function keepAsking(mine: number): Promise<void> {
  while (mine === asking && selection.value) {
    if (!document.hidden) {
      const selected = selection.value;
      try {
        if (selected.kind === "site") {
          const answer = await getSite(selected.id);
          if (mine === asking) siteAnswer.value = answer;
        } else {
          const answer = await getSatellite(selected.number);
          if (mine === asking) satelliteAnswer.value = answer;
        }
        if (mine === asking) failure.value = null;
      } catch (error) {
        if (mine === asking) failure.value = error;
      }
    }
    await new Promise((done) => setTimeout(done, REFRESH_MS));
  }
}
