/** Items that wait for a commit: how many there may be, and whose leaves where there are too many. */

import type { Item } from "./items";

/** Items of one conversation. Our choice. */
export const MOST_EARLY = 64;
const MOST_EARLY_OCTETS = 2 << 20;
/** Of all conversations together. Our choice: four that are full, or many that wait for little. */
export const MOST_EARLY_OF_ALL = 256;
const MOST_OCTETS_OF_ALL = 4 << 20;

interface Share {
  person: string;
  count: number;
  octets: number;
}

/**
 * What of these items stays, the oldest first; `personOf` tells with whom a group is.
 *
 * Within a conversation its oldest leaves. Where all together are too many, the oldest of the
 * conversation that has most leaves: who fills one pushes nothing out of another that has less.
 */
export function withinBounds(
  items: readonly Item[],
  personOf: (group: string) => string,
): readonly Item[] {
  const kept = [...items];
  for (let full = fullest(kept, personOf); full !== null; full = fullest(kept, personOf)) {
    const person = full;
    kept.splice(
      kept.findIndex(({ group }) => personOf(group) === person),
      1,
    );
  }
  return kept;
}

/** The conversation whose oldest item is to leave; null where all is within bounds. */
function fullest(items: readonly Item[], personOf: (group: string) => string): string | null {
  const shares = new Map<string, Share>();
  let octets = 0;
  for (const item of items) {
    const person = personOf(item.group);
    const share = shares.get(person) ?? { person, count: 0, octets: 0 };
    share.count += 1;
    share.octets += item.octets.length;
    octets += item.octets.length;
    shares.set(person, share);
  }
  const over = (share: Share) => share.count > MOST_EARLY || share.octets > MOST_EARLY_OCTETS;
  const every = [...shares.values()];
  const one = every.find(over);
  if (one !== undefined) return one.person;
  if (items.length > MOST_EARLY_OF_ALL) return most(every, "count");
  return octets > MOST_OCTETS_OF_ALL ? most(every, "octets") : null;
}

function most(shares: readonly Share[], of: "count" | "octets"): string {
  return shares.reduce((one, other) => (other[of] > one[of] ? other : one)).person;
}
