/**
 * The order of commits, a member's half: one orderer per group names one commit for each epoch.
 *
 * A commit counts only when the orderer has named it, one's own too. Of two commits for the same
 * epoch one wins; whoever made the other makes it again. Who cannot reach the orderer waits: what is
 * said in the present epoch goes on.
 */

import { TrustError } from "../../trust/errors";
import type { Identity } from "../../trust/identity";
import { hex, type Octets, sha256 } from "../../trust/octets";
import { malformed } from "./errors";

/** Commits of the present epoch that wait to be named. Our choice. */
const MOST_HELD = 8;
/** Epochs of which it is remembered what was named. Our choice. */
const MOST_NAMED = 32;

/** The orderer's word. Who said it, a signature or an authenticated channel has shown the caller. */
export interface Notice {
  orderer: Identity;
  /** The group's identifier, small hexadecimal digits. */
  group: string;
  /** The epoch that the commit ends. */
  epoch: bigint;
  /** SHA-256 of the commit's message, small hexadecimal digits. */
  commit: string;
}

/** Which commit ended which epoch. */
export interface Named {
  epoch: bigint;
  commit: string;
}

/** What a notice asks for. */
export type Asked =
  /** It was followed before, or is too old to tell. */
  | "past"
  /** Notices of earlier epochs are missing. */
  | "ahead"
  /** It names what ends the present epoch. */
  | "now";

/** What a member knows of the order. */
export interface Order {
  group: string;
  epoch: bigint;
  orderer: Identity;
  named: readonly Named[];
}

/** By which a commit is named. */
export async function nameOf(commit: Octets): Promise<string> {
  return hex(await sha256(commit));
}

/** What to do with a notice; refused if it is of another group, of another orderer, or a second word. */
export function askedBy(notice: Notice, order: Order): Asked {
  if (notice.group !== order.group) throw malformed("This notice is of another conversation");
  if (notice.epoch > order.epoch) return "ahead";
  if (notice.epoch < order.epoch) {
    const followed = order.named.find(({ epoch }) => epoch === notice.epoch);
    if (followed !== undefined && followed.commit !== notice.commit) {
      throw new TrustError(
        "not-genuine",
        "Two commits were named for one epoch: the first was kept. Keep both notices as evidence.",
      );
    }
    return "past";
  }
  if (notice.orderer.uri !== order.orderer.uri) {
    throw new TrustError(
      "identity",
      "Somebody else than the conversation's orderer named a commit.",
    );
  }
  return "now";
}

/** What was named, and now this too. */
export function followed(named: readonly Named[], now: Named): Named[] {
  return [...named, now].slice(-MOST_NAMED);
}

/** The commits that wait, and this one too; the oldest goes where there are too many. */
export async function holding(held: readonly Octets[], commit: Octets): Promise<Octets[]> {
  const name = await nameOf(commit);
  for (const each of held) if ((await nameOf(each)) === name) return [...held];
  return [...held, commit].slice(-MOST_HELD);
}

/** The commit of this name among those given; null if it is not there. */
export async function named(commits: readonly Octets[], name: string): Promise<Octets | null> {
  for (const each of commits) if ((await nameOf(each)) === name) return each;
  return null;
}
