/** What the page shows of written messages, and what it asks for. */

/** How far an own text has come. */
export type TextState = "waiting" | "sent" | "delivered" | "read" | "failed";

export interface WrittenText {
  kind: "text";
  /** 16 octets, small hexadecimal digits; drawn by who wrote it. */
  id: string;
  /** Whether a device of this person wrote it, this one or another. */
  mine: boolean;
  /** The device that wrote it (`phone`). */
  device: string;
  /** When it was written by the writer's clock, ms since 1970. */
  at: number;
  text: string;
  /** Of one's own; the other's are "delivered" until they were read here, then "read". */
  state: TextState;
  /** Why it failed; empty otherwise. */
  problem: string;
}

/** Something about keys or devices that both should see. */
export interface KeyChange {
  kind: "change";
  id: string;
  at: number;
  /** Whose (`anna.rossi`). */
  person: string;
  device: string;
  what: "added" | "removed" | "new keys" | "began anew";
}

export type Entry = WrittenText | KeyChange;

export interface ConversationView {
  /** `anna.rossi` */
  person: string;
  /** Oldest first, by arrival here. */
  entries: readonly Entry[];
  /** Texts of the other that were not read on any device of this person. */
  unread: number;
  /** Null before the first text has been written or has come. */
  keys: {
    profile: string;
    epoch: number;
    /** `anna.rossi/phone`, this device too. */
    members: readonly string[];
    /** Of the two keys, as a call has it; by it two people verify each other by voice. */
    safetyNumber: string;
  } | null;
}

/** Written messages of one device. */
export interface Letters {
  /** By the last entry, newest first. */
  readonly conversations: readonly ConversationView[];
  /** Why nothing leaves now ("the authority is out of reach"); empty when all is well. */
  readonly problem: string;
  of(person: string): ConversationView | null;
  /**
   * Keeps the text and sends it as soon as that is possible; returns its id.
   *
   * `lost` is called if it could not be kept, which shows a moment later: then it is nowhere here.
   */
  send(person: string, text: string, lost?: () => void): string;
  /** What is shown on the screen was read: all texts of this person so far. */
  read(person: string): void;
  /** Tries a failed text again. */
  again(person: string, id: string): void;
  /** Removes what this device keeps of a conversation; the other's stays. */
  erase(person: string): void;
}
