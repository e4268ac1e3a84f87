/** Conversations as the page shows them, made anew only where something has changed. */

import { joined, type Octets } from "../../trust/octets";
import { safetyNumber } from "../../trust/safetyNumber";
import type { Conversation } from "../mls/group";
import type { Room } from "./room";
import { type GroupKeys, type Thread, unreadIn } from "./thread";
import type { ConversationView } from "./view";

const MOST_NUMBERS = 64;

export class Shown {
  readonly #room: Room;
  #views = new WeakMap<Thread, ConversationView>();
  /** Safety numbers by the keys that they are of; empty while one is being made. */
  readonly #numbers = new Map<string, string>();
  #last: { of: readonly Thread[]; list: readonly ConversationView[] } = { of: [], list: [] };

  constructor(room: Room) {
    this.#room = room;
  }

  /** The newest first. */
  all(): readonly ConversationView[] {
    const every = [...this.#room.ledger.threads.values()];
    const threads = every.filter(({ entries }) => entries.length > 0);
    const known = this.#last;
    const unchanged =
      threads.length === known.of.length && threads.every((each, at) => each === known.of[at]);
    if (!unchanged) {
      const sorted = [...threads].sort((one, other) => other.touchedAt - one.touchedAt);
      this.#last = { of: threads, list: sorted.map((thread) => this.#viewOf(thread)) };
    }
    return this.#last.list;
  }

  of(person: string): ConversationView | null {
    const thread = this.#room.ledger.threads.get(person);
    if (thread === undefined) return null;
    if (thread.keys !== null && !this.#numbers.has(nameOf(thread.keys)))
      void this.#number(thread.keys);
    return this.#viewOf(thread);
  }

  #viewOf(thread: Thread): ConversationView {
    const known = this.#views.get(thread);
    if (known !== undefined) return known;
    const { person, entries, keys } = thread;
    const view: ConversationView = {
      person,
      entries,
      unread: unreadIn(thread),
      keys: keys && {
        profile: this.#room.party.profile,
        epoch: keys.epoch,
        members: keys.members.map(({ device }) => device.replace(/^person\//, "")),
        safetyNumber: this.#numbers.get(nameOf(keys)) ?? "",
      },
    };
    this.#views.set(thread, view);
    return view;
  }

  /**
   * Of the keys of all devices of either person: where each has one device, the number that their
   * calls have. Whoever slips a device in changes it.
   */
  async #number(keys: GroupKeys): Promise<void> {
    const name = nameOf(keys);
    if (this.#numbers.size >= MOST_NUMBERS) this.#numbers.clear();
    this.#numbers.set(name, "");
    try {
      const group = await this.#room.turn(() => this.#room.group(keys.group));
      if (group === null || Number(group.epoch) !== keys.epoch) return;
      const { community } = this.#room.party.identity;
      const [one, other] = group.terms.people.map((holder) => keysOfPerson(group, holder));
      if (!one?.length || !other?.length) return;
      this.#numbers.set(name, (await safetyNumber(one, other, community)).join(" "));
      this.#views = new WeakMap();
      this.#last = { of: [], list: [] };
      this.#room.show();
    } catch {
      this.#numbers.delete(name); // what is kept cannot be read just now
    }
  }
}

function keysOfPerson(group: Conversation, holder: string): Octets {
  const devices = group.members.filter(({ identity }) => identity.holder === holder);
  const sorted = [...devices].sort((one, other) =>
    one.identity.path < other.identity.path ? -1 : 1,
  );
  return joined(...sorted.map(({ certificate }) => certificate.spki));
}

const nameOf = ({ group, epoch }: GroupKeys): string => `${group}/${epoch}`;
