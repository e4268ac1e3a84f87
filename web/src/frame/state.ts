/** What the frame of every page shows: the console's parts, the sky's clock, the connection. */

import { computed, signal } from "@preact/signals";
import { type ConsoleInfo, getConsole, type StatusItem } from "../api/console";
import { type Catalogue, type Clock, getClock } from "../api/sky";

export type Connection =
  | { state: "connecting" }
  | { state: "connected" }
  | { state: "waiting"; retryInS: number; why: "lost" | "silent" | "full" | "misunderstood" };

export const consoleInfo = signal<ConsoleInfo | null>(null);
export const connection = signal<Connection>({ state: "connecting" });
export const catalogue = signal<Catalogue | null>(null);
export const clock = signal<Clock | null>(null);
/** Sky time to show, whole seconds: of the picture where there is one, else of the clock. */
export const skyTime = signal<number | null>(null);
export const notices = computed<StatusItem[]>(
  () => consoleInfo.value?.status.filter((item) => item.level !== "ok") ?? [],
);

const REFRESH_MS = 10_000;

/** Keep the console's description fresh for as long as the page lives. */
export function refreshConsole(): void {
  const ask = async () => {
    if (document.hidden) return;
    try {
      consoleInfo.value = await getConsole();
    } catch {
      // The connection says so; the last description stays.
    }
  };
  void ask();
  setInterval(ask, REFRESH_MS);
  // A page that is looked at again shows what is, not what was.
  document.addEventListener("visibilitychange", () => void ask());
}

/** Ask for the clock; a failure leaves the last one. */
export async function refreshClock(): Promise<void> {
  try {
    clock.value = await getClock();
  } catch {
    // As above.
  }
}
