/** What the page knows: the fleet, what is chosen, and the track that is drawn. */

import { signal } from "@preact/signals";
import { ApiError, NOT_YET } from "../api/client";
import { type DraftAsked, type Draft as DraftPlan, planDraft } from "../api/fleet";
import type { Corners } from "../flatMap/drawing";
import { askedOf, type Draft, FIRST } from "./draft";
import type { FleetMap } from "./fleetMap";
import { Latest } from "./latest";

const PREPARING_MS = 2_000;
const INCOMPLETE_MS = 6_000;

export const chosen = signal<string | null>(null);
export const map = signal<FleetMap | null>(null);
/** Whether presses on the map set points. */
export const drawing = signal(false);
export const points = signal<Corners>([]);
export const draft = signal<Draft>(FIRST);
/** Sky time of the last answer, POSIX seconds. */
export const skyNow = signal<number | null>(null);

export const planned = signal<DraftPlan | null>(null);
export const planProblem = signal<unknown>(null);
export const preparing = signal(false);

let again: ReturnType<typeof setTimeout> | undefined;

const questions = new Latest<DraftAsked, DraftPlan>(
  planDraft,
  (_, answer) => {
    if (points.value.length === 0) return;
    planned.value = answer;
    planProblem.value = null;
    preparing.value = false;
    if (!answer.complete) later(INCOMPLETE_MS);
  },
  (_, error) => {
    preparing.value = error instanceof ApiError && error.status === NOT_YET;
    planProblem.value = preparing.value ? null : error;
    if (preparing.value) later(PREPARING_MS);
  },
);

function later(ms: number): void {
  clearTimeout(again);
  again = setTimeout(askForPlan, ms);
}

/** Ask what the track is worth as it is drawn now. */
export function askForPlan(): void {
  clearTimeout(again);
  const now = skyNow.peek();
  const asked = now === null ? null : askedOf(draft.peek(), points.peek(), now);
  if (asked) {
    questions.put(asked);
    return;
  }
  questions.forget();
  if (points.peek().length === 0) planned.value = null;
  planProblem.value = null;
  preparing.value = false;
}

export function setPoints(next: Corners): void {
  points.value = next;
  askForPlan();
}

export function setDraft(next: Draft): void {
  draft.value = next;
  askForPlan();
}
