/** What written messages need of the way to the edge: a question with its answer, and the post. */

import type { Json, JsonObject } from "../../trust/strictJson";

/** Why the post office did not do something, as `protocol/mail_answers.py` has it. */
export const REFUSALS = [
  "unavailable",
  "denied",
  "malformed",
  "full",
  "stale",
  "unknown",
  "challenge",
] as const;
export type RefusalCode = (typeof REFUSALS)[number];

/** The post office said no, or cannot be reached. */
export class MailRefusal extends Error {
  override readonly name = "MailRefusal";

  constructor(
    readonly code: RefusalCode,
    sentence: string,
  ) {
    super(sentence);
  }
}

export interface MailDoor {
  /** Whether the edge believes this device now. */
  readonly isOpen: boolean;
  /**
   * Asks the post office, through the edge.
   *
   * MailRefusal if it says no; `unavailable` too where the connection is lost before the answer:
   * whatever is asked may be asked again. It is signed where it changes something, and `challenge`
   * is dealt with by the way itself.
   */
  ask(request: JsonObject): Promise<JsonObject>;
  /** What waits in the mailbox, the oldest first; the next comes once this was taken. */
  onPost: (items: readonly Json[], more: boolean) => void;
  /** `isOpen` has changed. */
  onOpen: () => void;
}
