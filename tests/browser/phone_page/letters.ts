/** Written messages as a test tells them; what the page asks for is noted, and shown where it must. */

import type {
  ConversationView,
  Entry,
  KeyChange,
  Letters,
  WrittenText,
} from "../../../web/src/calls/mail/view";

/** What a test may say of an entry; the rest is as of an ordinary text of the other. */
export type ToldEntry = Partial<Omit<WrittenText, "kind">> | (Partial<KeyChange> & { kind: "change" });

const KEYS: ConversationView["keys"] = {
  profile: "eu-hybrid",
  epoch: 3,
  members: ["anna.rossi/laptop", "anna.rossi/tablet", "bruno.verdi/phone"],
  safetyNumber: "04821 77310 19264 50087 66120 93345 27718 40951",
};

export class ToldLetters implements Letters {
  problem = "";
  readonly #conversations = new Map<string, ConversationView>();
  readonly #changed: () => void;
  readonly #asked: unknown[][];
  #drawn = 0;

  constructor(changed: () => void, asked: unknown[][]) {
    this.#changed = changed;
    this.#asked = asked;
  }

  get conversations(): readonly ConversationView[] {
    const last = ({ entries }: ConversationView) => entries.at(-1)?.at ?? 0;
    return [...this.#conversations.values()].sort((a, b) => last(b) - last(a));
  }

  of(person: string): ConversationView | null {
    return this.#conversations.get(person) ?? null;
  }

  send(person: string, text: string): string {
    this.#asked.push(["send", person, text]);
    const id = this.#id();
    this.add(person, [{ id, mine: true, device: "laptop", text, state: "waiting" }]);
    return id;
  }

  read(person: string): void {
    this.#asked.push(["read", person]);
    this.#change(person, (entry) =>
      entry.kind === "text" && !entry.mine ? { ...entry, state: "read" } : entry,
    );
  }

  again(person: string, id: string): void {
    this.#asked.push(["again", person, id]);
    this.state(person, id, "waiting");
  }

  erase(person: string): void {
    this.#asked.push(["erase", person]);
    this.#conversations.delete(person);
    this.#changed();
  }

  /** Puts these entries at the end of a conversation. */
  add(person: string, told: readonly ToldEntry[]): void {
    const before = this.#conversations.get(person);
    const entries = [...(before?.entries ?? []), ...told.map((each) => this.#entryOf(person, each))];
    this.#put({ person, entries, unread: 0, keys: before?.keys ?? KEYS });
  }

  /** Says how far an own text has come. */
  state(person: string, id: string, state: WrittenText["state"], problem = ""): void {
    this.#change(person, (entry) =>
      entry.kind === "text" && entry.id === id ? { ...entry, state, problem } : entry,
    );
  }

  trouble(problem: string): void {
    this.problem = problem;
    this.#changed();
  }

  #change(person: string, by: (entry: Entry) => Entry): void {
    const before = this.#conversations.get(person);
    if (before) this.#put({ ...before, entries: before.entries.map(by) });
  }

  #put(view: ConversationView): void {
    const unread = view.entries.filter(
      (entry) => entry.kind === "text" && !entry.mine && entry.state !== "read",
    ).length;
    this.#conversations.set(view.person, { ...view, unread });
    this.#changed();
  }

  #entryOf(person: string, told: ToldEntry): Entry {
    const common = { id: this.#id(), at: Date.now(), device: "phone" };
    if ("kind" in told) return { ...common, person, what: "added", ...told };
    return {
      ...common,
      kind: "text",
      mine: false,
      text: "",
      state: told.mine ? "read" : "delivered",
      problem: "",
      ...told,
    };
  }

  #id(): string {
    this.#drawn++;
    return this.#drawn.toString(16).padStart(32, "0");
  }
}
