/** How a call bears the loss of its way: it waits, looks for another one once, and gives it up. */

/** Milliseconds without a way after which another one is looked for. Our choice. */
export const RESTART_MS = 5_000;
/** Milliseconds after that in which it must be found. Our choice. */
export const GIVE_UP_MS = 10_000;

export class Outage {
  readonly #restart: () => void;
  readonly #lost: (lost: boolean) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #since: "connected" | "waiting" | "restarted" | "lost" = "connected";

  /** `restart` is called once in each outage, `lost` when nothing came of it, and when it did late. */
  constructor(restart: () => void, lost: (lost: boolean) => void) {
    this.#restart = restart;
    this.#lost = lost;
  }

  /** Takes how the connection stands now. */
  see(state: RTCPeerConnectionState): void {
    if (state === "connected") {
      clearTimeout(this.#timer);
      if (this.#since === "lost") this.#lost(false);
      this.#since = "connected";
    } else if (this.#since === "connected" && (state === "disconnected" || state === "failed")) {
      this.#since = "waiting";
      this.#timer = setTimeout(() => this.#again(), RESTART_MS);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #again(): void {
    this.#since = "restarted";
    this.#timer = setTimeout(() => {
      this.#since = "lost";
      this.#lost(true);
    }, GIVE_UP_MS);
    this.#restart();
  }
}
