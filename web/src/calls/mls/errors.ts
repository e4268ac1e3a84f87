/** What of MLS is refused, in sentences: what happened, and that nothing was changed. */

import { TrustError } from "../../trust/errors";

/** Octets that are no message as it must be. */
export function malformed(what: string): TrustError {
  return new TrustError("malformed", `${what}. It was dropped, and nothing was changed.`);
}

/** A message that was opened before, or is one's own: nothing is lost by dropping it. */
export class Repeated extends TrustError {
  constructor() {
    super("not-genuine", "This message was read before: its key is spent. Nothing was changed.");
  }
}

/**
 * Does something with octets of others; whatever goes wrong within ts-mls is told as a refusal.
 *
 * Our own refusals pass as they are: they say more.
 */
export async function refusing<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (problem) {
    if (problem instanceof TrustError) throw problem;
    const why = problem instanceof Error ? problem.message : "unknown";
    throw new TrustError("not-genuine", `${what} was refused (${why}). Nothing was changed.`);
  }
}
