/** One conversation's way to the post office: what it waits for, in memory only. */

import type { Standing } from "./asks";

/** What the post office last said of a conversation. */
export interface Look {
  standing: Standing;
  /** Of both people (`person/anna.rossi/phone`). */
  devices: readonly string[];
  /** POSIX milliseconds. */
  at: number;
}

export class Course {
  readonly person: string;
  /** Null before the first look of this session, and where what came may have changed it. */
  look: Look | null = null;
  /** Devices whose package cannot be had, or was refused, since the last look. */
  readonly passed = new Set<string>();
  /** A group that stands and whose welcome has not come, and since when. */
  awaited: { group: string; since: number } | null = null;
  /** Since when a commit is missing here, or one's own was too late. */
  behindSince: number | null = null;
  /** Devices are to be looked at though nothing waits to be sent. */
  due = false;
  /** Refusals in a row. */
  refused = 0;
  /** Times in a row that the post office could not be asked. */
  delays = 0;
  /** When receipts that gather are sent, POSIX milliseconds. */
  receiptsAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #again = false;

  constructor(person: string) {
    this.person = person;
  }

  /** Runs steps until there is nothing to do or something has to be waited for. */
  wake(step: (course: Course) => Promise<number | null>): void {
    clearTimeout(this.#timer);
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    void this.#run(step);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#again = false;
  }

  async #run(step: (course: Course) => Promise<number | null>): Promise<void> {
    let waitMs: number | null = 0;
    while (waitMs === 0 || this.#again) {
      this.#again = false;
      waitMs = await step(this);
    }
    this.#running = false;
    if (waitMs !== null) this.#timer = setTimeout(() => this.wake(step), waitMs);
  }
}
