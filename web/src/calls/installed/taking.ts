/** A newer list taken from this site's edge: judged, fetched and checked whole, then kept at once. */

import { TrustError } from "../../trust/errors";
import type { Profile } from "../../trust/mldsa";
import { hex, type Octets, sha384 } from "../../trust/octets";
import { MOST_TRUST_OCTETS, readTrust } from "../court/answers";
import { openCourt } from "../court/edgeCourt";
import { type Fetcher, fetched } from "../court/fetched";
import { heldCopy, takeCopy } from "./copyStore";
import { type Held, judge, LARGEST_BUNDLE, type Offered, readOffered } from "./judgement";
import { LARGEST_FILE, type PageFile } from "./pageList";

const LIST = "/api/calls/pages";
const PROFILES: readonly string[] = ["eu-hybrid", "cnsa"] satisfies Profile[];
/** Files that are fetched at a time. */
const AT_ONCE = 4;

const ownSite: Fetcher = (path, init) => fetch(path, init);

/** The list that this site hands out; null if nobody has signed its pages. */
export async function offeredList(): Promise<Offered | null> {
  const octets = await fetched(ownSite, LIST, LARGEST_BUNDLE);
  return octets.length === 0 ? null : readOffered(octets);
}

/** Whether what is offered is what is kept. */
export function isHeld({ digest }: Offered, held: Held | null): boolean {
  return digest === held?.digest;
}

/** Judges what is offered by the community's root, pinned at first sight, and the list held. */
export async function judgeOffered(offered: Offered, held: Held | null): Promise<void> {
  const told = readTrust(await fetched(ownSite, "/api/calls/trust", MOST_TRUST_OCTETS));
  if (!PROFILES.includes(told.profile)) {
    throw new TrustError("identity", "This site is of a profile that this page does not know.");
  }
  const court = await openCourt(told.profile as Profile);
  try {
    await judge(offered, held, court.trust(), court.now());
  } finally {
    court.close();
  }
}

/**
 * Takes a list that was judged, with all of its files.
 *
 * TrustError `not-genuine` for a file that is not what was signed, `proof` for one that does not
 * come: nothing was changed then.
 */
export async function takeOffered({ list, digest }: Offered, held: Held | null): Promise<Held> {
  const former = held ?? (await heldCopy());
  const kept = new Set(former?.list.files.map((file) => file.sha384));
  const missing = list.files.filter((file) => !kept.has(file.sha384));
  const fresh = new Map<string, Octets>();
  for (let at = 0; at < missing.length; at += AT_ONCE) {
    const some = missing.slice(at, at + AT_ONCE);
    for (const [file, octets] of await Promise.all(some.map(fetchedFile))) {
      fresh.set(file.sha384, octets);
    }
  }
  const next = { list, digest };
  try {
    await takeCopy(next, former, fresh);
  } catch (problem) {
    // Another page of this site may have taken the same list meanwhile.
    if ((await heldCopy())?.digest !== digest) throw problem;
  }
  return next;
}

/** Refuses what the edge has at a file's address if it is not what was signed. */
export async function fetchedFile(file: PageFile): Promise<[PageFile, Octets]> {
  const octets = await fetched(ownSite, file.path, LARGEST_FILE);
  if (octets.length !== file.size || hex(await sha384(octets)) !== file.sha384) {
    throw new TrustError(
      "not-genuine",
      `This site has another ${file.path} than the one that was signed: it was cut off or altered. ` +
        "It was not taken, and what is kept here stays.",
    );
  }
  return [file, octets];
}
