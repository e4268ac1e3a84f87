/** What the person chose of sound and keys, kept in this browser. */

import { effect, signal } from "@preact/signals";
import { store, stored } from "../../frame/stored";

const LARGEST_ID = 256;
const DEFAULT_VOLUME = 0.7;

/** The browser's id of a device; empty for the system's own. */
const idKept = (key: string) => {
  const kept = stored(key) ?? "";
  return signal(kept.length <= LARGEST_ID ? kept : "");
};

export const microphoneId = idKept("calls.microphone");
export const loudspeakerId = idKept("calls.loudspeaker");
/** From 0 to 1. */
export const volume = signal(volumeOf(stored("calls.volume")));
export const silent = signal(stored("calls.silent") === "yes");
export const keysOn = signal(stored("calls.keys") !== "no");
/** Whether the person asked for notifications; the browser has to permit them too. */
export const notify = signal(stored("calls.notify") === "yes");
/** Whether a text that comes is heard. */
export const textTone = signal(stored("calls.textTone") !== "no");

effect(() => store("calls.microphone", microphoneId.value));
effect(() => store("calls.loudspeaker", loudspeakerId.value));
effect(() => store("calls.volume", String(volume.value)));
effect(() => store("calls.silent", silent.value ? "yes" : "no"));
effect(() => store("calls.keys", keysOn.value ? "yes" : "no"));
effect(() => store("calls.notify", notify.value ? "yes" : "no"));
effect(() => store("calls.textTone", textTone.value ? "yes" : "no"));

function volumeOf(kept: string | null): number {
  const value = Number(kept ?? Number.NaN);
  return kept !== null && value >= 0 && value <= 1 ? value : DEFAULT_VOLUME;
}
