/** What receiving and sending of written messages share: one device, what it keeps, and its turns. */

import { TrustError } from "../../trust/errors";
import type { Court } from "../mls/authentication";
import { Conversation } from "../mls/group";
import type { Party } from "../mls/party";
import type { Asks } from "./asks";
import type { Draft, Ledger } from "./ledger";
import { Patience } from "./patience";

/** Groups whose keys are held in memory. Our choice. */
const MOST_OPEN = 32;
/** When another page of this device has written meanwhile. */
const MOST_ATTEMPTS = 4;
const MOST_TOLD = 256;

export class Room {
  readonly party: Party;
  readonly court: Court;
  readonly ledger: Ledger;
  readonly asks: Asks;
  readonly patience = new Patience();
  readonly #changed: () => void;
  readonly #problem: (sentence: string) => void;
  readonly #open = new Map<string, Conversation>();
  readonly #told = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    party: Party,
    court: Court,
    ledger: Ledger,
    asks: Asks,
    changed: () => void,
    problem: (sentence: string) => void,
  ) {
    this.party = party;
    this.court = court;
    this.ledger = ledger;
    this.asks = asks;
    this.#changed = changed;
    this.#problem = problem;
  }

  /** Milliseconds of this device's clock. */
  now(): number {
    return Math.floor(this.court.now() * 1_000);
  }

  /** One thing after the other; once more where another page of this device was quicker. */
  turn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await act();
        } catch (problem) {
          // Whatever is in memory may not be what lies there: nothing of it is built on.
          this.#open.clear();
          const busy = problem instanceof TrustError && problem.code === "busy";
          if (!busy || attempt === MOST_ATTEMPTS) throw problem;
          await this.ledger.renew();
        }
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** A group whose keys are here; null if they are not. Within a turn only. */
  async group(id: string): Promise<Conversation | null> {
    const known = this.#open.get(id);
    if (known !== undefined && !known.ended) return known;
    const loaded = await Conversation.load(this.party, id);
    if (loaded !== null) this.hold(loaded);
    return loaded;
  }

  /** A group that was made or joined. */
  hold(group: Conversation): void {
    this.#open.delete(group.id);
    this.#open.set(group.id, group);
    for (const id of this.#open.keys()) {
      if (this.#open.size <= MOST_OPEN) break;
      this.#open.delete(id);
    }
  }

  /** Writes changes that no group's keys go with. */
  async write(draft: Draft): Promise<void> {
    await this.ledger.write(draft);
    this.show();
  }

  /** Changes were written beside a group's keys. */
  count(draft: Draft): void {
    draft.count();
    this.show();
  }

  show(): void {
    this.#changed();
  }

  /** Tells a person of something that was refused; each sentence once. */
  tell(sentence: string): void {
    if (this.#told.has(sentence)) return;
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.add(sentence);
    this.#problem(sentence);
  }

  /** The person at the other end of a group, by the holder's URI of its terms. */
  otherOf(group: Conversation): string {
    const { holder, community } = this.party.identity;
    const [other = ""] = group.terms.people.filter((uri) => uri !== holder);
    return other.replace(`spiffe://${community}/person/`, "");
  }
}

/** Whether a device could not keep something: what was to be done is done again later. */
export function isOfStore(problem: unknown): boolean {
  return problem instanceof TrustError && (problem.code === "storage" || problem.code === "busy");
}
