/** What tells of a text that has come: read out, a soft tone, the browser's own notification. */

import { effect, signal, untracked } from "@preact/signals";
import type { ConversationView } from "../mail/view";
import { type Arrived, arrivedSince, type Known, knownOf } from "./arrivals";
import { calledName, notificationsAllowed, ringer } from "./attention";
import { beside, writeTo } from "./beside";
import { notify, silent, textTone, volume } from "./choices";
import { shown } from "./desk";
import { preview } from "./entries";
import { TONES } from "./tones";
import { t } from "./words";

/** Many texts at once are one sound. */
const APART_MS = 2_000;

/** What is read out; each with an id of its own, so that the same words are said twice. */
export const saidOfTexts = signal<{ id: string; text: string } | null>(null);

const told = new Map<string, Notification>();
let known: Known | null = null;
let soundedAt = Number.NEGATIVE_INFINITY;

/** Whether somebody has a conversation before their eyes. */
export const isLookedAt = (person: string): boolean =>
  beside.peek().show === "thread" &&
  (beside.peek() as { person: string }).person === person &&
  document.visibilityState === "visible" &&
  document.hasFocus();

/** Begins to tell of texts; once a page. */
export function textAttention(): void {
  effect(() => {
    const { letters, conversations } = shown.value;
    if (letters !== null) untracked(() => look(conversations));
  });
}

function look(conversations: readonly ConversationView[]): void {
  for (const [person, notification] of told) {
    if (conversations.some((each) => each.person === person && each.unread > 0)) continue;
    notification.close();
    told.delete(person);
  }
  // What lay here when the page was opened stands in the title and in the list.
  const arrived = known === null ? [] : arrivedSince(known, conversations);
  known = knownOf(conversations);
  if (arrived.length === 0) return;
  const last = arrived.at(-1)?.texts.at(-1);
  saidOfTexts.value = { id: last?.id ?? "", text: arrived.map(said).join(" ") };
  sound(arrived);
  for (const { person } of arrived) tellOutside(person);
}

function said({ person, texts }: Arrived): string {
  const w = t.value.texts;
  const [only] = texts;
  const name = calledName(person);
  return texts.length === 1 && only
    ? w.came(name, preview(only.text))
    : w.several(name, String(texts.length));
}

function sound(arrived: readonly Arrived[]): void {
  const unseen = arrived.some(({ person }) => !isLookedAt(person));
  const talking = shown.value.talks.some(({ state }) => state === "talking");
  const now = performance.now();
  if (!unseen || talking || !textTone.value || now - soundedAt < APART_MS) return;
  soundedAt = now;
  ringer.brief(TONES.text, volume.value, silent.value);
}

/** Who has written, and not what: others may see that screen. */
function tellOutside(person: string): void {
  if (!notify.value || !document.hidden || notificationsAllowed() !== "granted") return;
  try {
    const notification = new Notification(t.value.texts.wrote(calledName(person)), {
      tag: `text ${person}`,
      silent: true,
    });
    notification.onclick = () => {
      window.focus();
      writeTo(person);
    };
    told.set(person, notification);
  } catch {
    // Some browsers permit it to service workers only: title and tone remain.
  }
}
