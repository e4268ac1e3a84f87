/** What the page knows about paths: who serves each site, cells, rain, the selected site's slots. */

import { effect, type Signal, signal } from "@preact/signals";
import {
  type Cells,
  getCells,
  getLoads,
  getRain,
  getServing,
  getSitePaths,
  type Loads,
  type Rain,
  type Serving,
  type SitePaths,
} from "../api/paths";
import { skyTime } from "../frame/state";
import { selectedSite, sky } from "./state";

export const SLOT_SECONDS = 15;
/** Slots begin at second 12, 27, 42 and 57 of every minute, as on the server. */
const SLOT_PHASE_SECONDS = 12;

/** The slot that contains a time (POSIX seconds). */
export function slotAt(timeS: number): number {
  return Math.floor((timeS - SLOT_PHASE_SECONDS) / SLOT_SECONDS);
}

/** First moment of a slot. */
export function slotStart(slot: number): number {
  return slot * SLOT_SECONDS + SLOT_PHASE_SECONDS;
}

export const serving = signal<Serving | null>(null);
export const sitePaths = signal<SitePaths | null>(null);
/** Why the paths of the selected site could not be had; null when they could. */
export const sitePathsFailure = signal<unknown>(null);

export const cellsShown = signal(false);
export const cells = signal<{ digest: string; cells: Cells } | null>(null);
export const loads = signal<Loads | null>(null);
export const cellsFailure = signal<unknown>(null);

export const rainShown = signal(false);
export const rain = signal<Rain | null>(null);
export const rainFailure = signal<unknown>(null);

/** The picture's time, twice a second at most: at fast paces the picture has another each time. */
export const calmTime = signal<number | null>(null);

const BEAT_MS = 1_000;
const CALM_MS = 500;

/** Keeps one signal at the answer of the slot that is shown; one question at a time. */
class Kept<T extends { readonly slot: number }> {
  #turn = 0;
  #asking = false;

  constructor(
    readonly answer: Signal<T | null>,
    readonly failure: Signal<unknown> | null,
    readonly ask: () => Promise<T> | null,
    readonly whole: (answer: T) => boolean = () => true,
  ) {}

  /** Forget, and take nothing of what is still on its way. */
  reset(): void {
    this.#turn += 1;
    this.#asking = false;
    this.answer.value = null;
    if (this.failure) this.failure.value = null;
  }

  async beat(): Promise<void> {
    const known = this.answer.peek();
    const now = skyTime.peek();
    const fresh = known && now !== null && known.slot === slotAt(now) && this.whole(known);
    if (this.#asking || fresh) return;
    const asked = this.ask();
    if (!asked) return;
    const mine = this.#turn;
    this.#asking = true;
    try {
      const answer = await asked;
      if (mine !== this.#turn) return;
      this.answer.value = answer;
      if (this.failure) this.failure.value = null;
    } catch (error) {
      if (mine === this.#turn && this.failure) this.failure.value = error;
    } finally {
      if (mine === this.#turn) this.#asking = false;
    }
  }
}

async function loadsWithCells(): Promise<Loads> {
  const answer = await getLoads();
  if (cells.peek()?.digest !== answer.cells) {
    cells.value = { digest: answer.cells, cells: await getCells(answer.cells) };
  }
  return answer;
}

/** Ask once a slot for what is shown, for as long as the page lives. */
export function keepPaths(): void {
  const ofSite = new Kept(
    sitePaths,
    sitePathsFailure,
    () => {
      const site = selectedSite.peek();
      return site && getSitePaths(site.id);
    },
    ({ complete }) => complete,
  );
  const all = [
    ofSite,
    new Kept(serving, null, getServing),
    new Kept(loads, cellsFailure, () => (cellsShown.peek() ? loadsWithCells() : null)),
    new Kept(rain, rainFailure, () => (rainShown.peek() ? getRain() : null)),
  ];
  const beat = () => {
    if (document.hidden || !sky.peek()) return;
    for (const kept of all) void kept.beat();
  };
  // Another catalogue: every answer was about the one before.
  effect(() => {
    if (!sky.value) return;
    for (const kept of all) kept.reset();
    beat();
  });
  let before: string | undefined;
  effect(() => {
    const id = selectedSite.value?.id;
    if (id === before) return;
    before = id;
    ofSite.reset();
    beat();
  });
  effect(() => {
    if (cellsShown.value || rainShown.value) beat();
  });
  setInterval(beat, BEAT_MS);
  setInterval(() => {
    calmTime.value = skyTime.peek();
  }, CALM_MS);
}
