/** Compares the key at the other end of each call with the one of the last call with that device. */

import { signal } from "@preact/signals";
import type { Vault } from "../mls/vault";
import type { TalkView } from "../talk/talkView";
import { Kept } from "./kept";
import {
  type KeyNews,
  type KnownKey,
  newsOfKey,
  readKnown,
  withKey,
  writeKnown,
} from "./knownKeys";

/** Kept beside the list of calls, in the same way. */
const WRITING = { kind: "history", name: "keys", write: writeKnown, read: readKnown } as const;

export class KeyWatch {
  /** Signals: whoever shows a call is told of its news. */
  readonly #news = signal<ReadonlyMap<string, KeyNews | null>>(new Map());
  readonly #kept: Kept<readonly KnownKey[]>;
  readonly #noted = new Set<string>();
  readonly #problem: (problem: unknown) => void;
  #known: readonly KnownKey[] = [];

  private constructor(vault: Vault, problem: (problem: unknown) => void) {
    this.#kept = new Kept(vault, WRITING);
    this.#problem = problem;
  }

  /** What cannot be read is told by `problem`; then every key is as if it came for the first time. */
  static async open(vault: Vault, problem: (problem: unknown) => void): Promise<KeyWatch> {
    const made = new KeyWatch(vault, problem);
    try {
      made.#known = (await made.#kept.read()) ?? [];
    } catch (damage) {
      problem(damage);
    }
    return made;
  }

  /**
   * Judges the keys of these calls, each once; a key is remembered when somebody has talked with it.
   *
   * Not before: who only lets it ring could make a key of their own the known one.
   */
  look(talks: readonly TalkView[]): void {
    const fresh = new Map<string, KeyNews | null>();
    for (const talk of talks) {
      const key = keyOf(talk);
      if (key === null) continue;
      const { device, print } = key;
      const id = idOf(talk, key);
      const known = this.#news.peek();
      if (!known.has(id)) fresh.set(id, newsOfKey(this.#known, device, print));
      if (!hasAnswered(talk, device) || this.#noted.has(id)) continue;
      this.#noted.add(id);
      this.#remember({ device, print, at: Math.max(0, Math.floor(talk.answeredAt ?? 0)) });
    }
    if (fresh.size > 0) this.#news.value = new Map([...this.#news.peek(), ...fresh]);
  }

  /** What is to be said of the key at the other end of a call; null for nothing. */
  newsOf(talk: TalkView): KeyNews | null {
    const key = keyOf(talk);
    return key === null ? null : (this.#news.value.get(idOf(talk, key)) ?? null);
  }

  async forget(): Promise<void> {
    await this.#kept.forget();
    this.#known = [];
  }

  #remember(key: KnownKey): void {
    this.#known = withKey(this.#known, key);
    this.#kept.change((before) => withKey(before ?? [], key)).catch(this.#problem);
  }
}

type Key = Pick<KnownKey, "device" | "print">;

function keyOf({ security }: TalkView): Key | null {
  if (security.state !== "secured") return null;
  return { device: security.peer.identity.path, print: security.keyPrint };
}

const idOf = ({ call }: TalkView, { device, print }: Key): string => `${call} ${device} ${print}`;

/** Keys are ready with the first device that rings; another one may be who answers. */
function hasAnswered(talk: TalkView, device: string): boolean {
  return talk.answeredAt !== null && `person/${talk.person}/${talk.device}` === device;
}
