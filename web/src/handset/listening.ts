/** The handset behind the page: opened by its link, then asking what is on the air. */

import { signal } from "@preact/signals";
import { ApiError } from "../api/client";
import { Speaker } from "../frame/attentionTone";
import { store, stored } from "../frame/stored";
import { type Alert, hear, type Inbox, inboxOf } from "./inbox";
import { getAir, type Handset, openHandset } from "./shapes";

const EVERY_MS = 2_000;
const NO_HANDSET = 401;

/** `none`: this browser is no handset. */
export type Condition = "opening" | "none" | "refused" | "listening" | "off";

export const condition = signal<Condition>("opening");
/** Why a link was refused. */
export const refusal = signal<unknown>(null);
export const handset = signal<Handset | null>(null);
export const inbox = signal<Inbox>([]);
/** What fills the screen until it was read, the newest first. */
export const shown = signal<readonly Alert[]>([]);
/** null until somebody has switched it on. */
export const speaker = signal<Speaker | null>(null);
/** The authority's clock, POSIX s. */
export const now = signal(Date.now() / 1000);

let kept = "";
let asking = false;

/** Become the handset of the link, if the page was opened by one; then listen. */
export async function start(): Promise<void> {
  const secret = location.hash.slice(1);
  if (secret !== "") {
    // It is good for one browser, and stays neither in the address nor in the history.
    history.replaceState(null, "", location.pathname);
    try {
      await openHandset(secret);
    } catch (problem) {
      refusal.value = problem;
      condition.value = "refused";
      return;
    }
  }
  await listen();
  setInterval(() => void listen(), EVERY_MS);
}

export function switchOn(): void {
  speaker.value ??= new Speaker();
  if (shown.value.length > 0) speaker.value.sound();
}

/** The message on the screen was read. */
export function read(): void {
  speaker.value?.silence();
  shown.value = shown.value.slice(1);
}

export function showAgain(alert: Alert): void {
  shown.value = [alert];
}

async function listen(): Promise<void> {
  // An answer that is late must not be overtaken by the next.
  if (asking) return;
  asking = true;
  try {
    const air = await getAir();
    if (handset.value === null) load(air.handset);
    handset.value = air.handset;
    now.value = air.now;
    condition.value = "listening";
    const heard = hear(inbox.value, air.messages, air.now);
    if (JSON.stringify(heard.inbox) !== JSON.stringify(inbox.value)) {
      inbox.value = heard.inbox;
      store(kept, JSON.stringify(heard.inbox));
    }
    if (heard.fresh.length > 0) {
      shown.value = [...heard.fresh, ...shown.value];
      speaker.value?.sound();
    }
  } catch (problem) {
    condition.value = problem instanceof ApiError && problem.status === NO_HANDSET ? "none" : "off";
  } finally {
    asking = false;
  }
}

/** What this handset received before the page was loaded again. */
function load(of: Handset): void {
  kept = `handset.${of.name}.${of.lat_deg}.${of.lon_deg}`;
  inbox.value = inboxOf(stored(kept));
}
