/** What the page keeps on this device, each thing one sealed record of the vault. */

import { TrustError } from "../../trust/errors";
import type { Octets } from "../../trust/octets";
import type { RecordKind, Vault } from "../mls/vault";

const MOST_ATTEMPTS = 4;

/** How something is written down and read again; reading refuses what writing did not write. */
export interface Writing<T> {
  kind: RecordKind;
  name: string;
  write(value: T): Octets;
  read(octets: Octets): T;
}

/** One thing that is kept; changes follow each other, and another page's are not overwritten. */
export class Kept<T> {
  readonly #vault: Vault;
  readonly #writing: Writing<T>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(vault: Vault, writing: Writing<T>) {
    this.#vault = vault;
    this.#writing = writing;
  }

  /** What is kept; null where nothing is yet. */
  async read(): Promise<T | null> {
    const { kind, name, read } = this.#writing;
    const found = await this.#vault.read(kind, name);
    return found === null ? null : read(found.octets);
  }

  /** Changes it, by what lies there now, and returns what lies there then. */
  change(by: (value: T | null) => T): Promise<T> {
    const done = this.#last.then(() => this.#changed(by));
    this.#last = done.catch(() => {});
    return done;
  }

  /** Removes it, whatever lies there, also what cannot be read any more. */
  forget(): Promise<void> {
    const { kind, name } = this.#writing;
    const done = this.#last.then(() => this.#vault.write([], [{ kind, name }]));
    this.#last = done.catch(() => {});
    return done;
  }

  async #changed(by: (value: T | null) => T): Promise<T> {
    const { kind, name, read, write } = this.#writing;
    for (let attempt = 1; ; attempt++) {
      const found = await this.#vault.read(kind, name);
      const before = found === null ? null : read(found.octets);
      const after = by(before);
      if (after === before) return after;
      const revision = found?.revision ?? 0;
      try {
        await this.#vault.write([{ kind, name, revision, octets: write(after) }]);
        return after;
      } catch (problem) {
        const overtaken = problem instanceof TrustError && problem.code === "busy";
        if (!overtaken || attempt === MOST_ATTEMPTS) throw problem;
      }
    }
  }
}
