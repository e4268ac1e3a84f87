/** Public warnings on every page: which hold, which were read here, and whether one is new. */

import { signal } from "@preact/signals";
import { getWarningsInForce, type WarningInForce } from "../api/warnings";
import { Speaker } from "./attentionTone";
import { store, stored } from "./stored";

const EVERY_MS = 4_000;
const READ = "warnings.read";
const HEARD = "warnings.heard";
/** Identifiers that a browser remembers. */
const MOST_KEPT = 200;

export const inForce = signal<readonly WarningInForce[]>([]);
/** Those that somebody has folded up here, by identifier. */
export const readHere = signal<ReadonlySet<string>>(kept(READ));

let speaker: Speaker | null = null;
let following = false;
let asking = false;

/** Ask for as long as the page lives; a `loud` page sounds for what is new, also unseen. */
export function followWarnings(loud: boolean): void {
  if (following) return;
  following = true;
  const ask = async () => {
    // An answer that is late must not be overtaken by the next.
    if (asking || (document.hidden && !loud)) return;
    asking = true;
    try {
      take(await getWarningsInForce(), loud);
    } catch {
      // The connection says so; what was told last stays until it ends.
      inForce.value = standing(inForce.value, Date.now() / 1000);
    } finally {
      asking = false;
    }
  };
  void ask();
  setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", () => void ask());
}

/** Fold a warning up, or unfold it; either ends the tone. */
export function setRead(identifier: string, read: boolean): void {
  const next = new Set(readHere.value);
  if (read) next.add(identifier);
  else next.delete(identifier);
  readHere.value = next;
  store(READ, JSON.stringify([...next].slice(-MOST_KEPT)));
  speaker?.silence();
}

/** What still holds of what was told. */
export const standing = (told: readonly WarningInForce[], now: number) =>
  told.some((each) => each.until <= now) ? told.filter((each) => each.until > now) : told;

/** Which are to sound: never heard here, neither a cancel nor a test of engineers. */
export const sounding = (told: readonly WarningInForce[], heard: ReadonlySet<string>) =>
  told.filter((each) => !heard.has(each.identifier) && !each.cancel && each.channel !== "test");

function take(told: readonly WarningInForce[], loud: boolean): void {
  if (JSON.stringify(told) !== JSON.stringify(inForce.value)) inForce.value = told;
  if (!loud) return;
  // Kept across pages and reloads: a tone is for what is new.
  const heard = kept(HEARD);
  const fresh = sounding(told, heard);
  if (fresh.length === 0) return;
  const all = [...heard, ...fresh.map((each) => each.identifier)];
  store(HEARD, JSON.stringify(all.slice(-MOST_KEPT)));
  speaker ??= new Speaker();
  speaker.sound();
}

function kept(name: string): Set<string> {
  try {
    const told: unknown = JSON.parse(stored(name) ?? "[]");
    return new Set(Array.isArray(told) ? told.filter((each) => typeof each === "string") : []);
  } catch {
    return new Set();
  }
}
