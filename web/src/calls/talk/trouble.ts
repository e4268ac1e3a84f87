/** What goes wrong in a call at this end, by a code that the page says in the reader's language. */

import { type TrustCode, TrustError } from "../../trust/errors";

/** The other end was refused: somebody may stand between, or sit in its place. */
const SECURITY = [
  /** What was said of keys and media is not what the other end has said now. */
  "changed",
  /** Keys of others than the two devices that the call is between. */
  "strangers",
  /** Signed by nobody of this community. */
  "forged",
  /** Words or descriptions that cannot be what they should be. */
  "altered",
  "another log",
  "not logged",
  "taken back",
  "out of date",
] as const;
/** Nobody was refused: something is missing here. */
const OWN = ["browser", "no relay", "no edge", "microphone", "failed"] as const;

export const TROUBLES = [...SECURITY, ...OWN] as const;
export type Trouble = (typeof TROUBLES)[number];

export const isTrouble = (text: string): text is Trouble =>
  (TROUBLES as readonly string[]).includes(text);
/** Whether the call was refused for its security. */
export const isRefusal = (trouble: Trouble | null): boolean =>
  (SECURITY as readonly (string | null)[]).includes(trouble);

/** Something went wrong in a call; the message is for people who look closer. */
export class CallTrouble extends Error {
  override readonly name = "CallTrouble";

  constructor(
    readonly trouble: Trouble,
    message: string,
  ) {
    super(message);
  }
}

const OF_TRUST: Record<TrustCode, Trouble> = {
  unsupported: "browser",
  storage: "failed",
  "too-large": "altered",
  malformed: "altered",
  identity: "strangers",
  key: "strangers",
  "not-genuine": "forged",
  "not-in-force": "out of date",
  revoked: "taken back",
  "own-proposal": "failed",
  proof: "not logged",
  "log-key": "another log",
  evidence: "another log",
  busy: "failed",
};

export function troubleOf(problem: unknown): Trouble {
  if (problem instanceof CallTrouble) return problem.trouble;
  return problem instanceof TrustError ? OF_TRUST[problem.code] : "failed";
}

/** What two ends said of their media: whatever is wrong with a code over it, it is not that. */
export async function unchanged(check: Promise<void>): Promise<void> {
  try {
    await check;
  } catch (problem) {
    const why = problem instanceof Error ? problem.message : "It could not be checked.";
    throw new CallTrouble("changed", why);
  }
}
