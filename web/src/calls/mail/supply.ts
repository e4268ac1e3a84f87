/** Key packages of this device at the post office, so that others can add it while it is away. */

import type { Octets } from "../../trust/octets";
import { makePackage, tidyPackages } from "../mls/packages";
import type { Room } from "./room";

/** One-time packages that should lie there. Our choice, half of what it takes. */
const WANTED = 16;
/** In one request: eight of the larger profile are some 320 KiB. */
const AT_ONCE = 8;
/** Own packages that nobody has used yet: who claims all of them gets the last resort then. */
const MOST_UNUSED = 256;
/** Milliseconds after which the last resort is another one. Our choice. */
const LAST_RESORT_MS = 7 * 86_400_000;
const NONE: Octets = new Uint8Array();

/** Publishes what is missing; MailRefusal if that cannot be now. */
export async function publishMissing(room: Room, upTo = WANTED): Promise<void> {
  const { asks, party, ledger } = room;
  let unused = await tidyPackages(party);
  let held = await asks.publish([], NONE);
  const age = room.now() - ledger.desk.lastResortAt;
  // Where nothing lies any more, the last resort may be gone as well.
  if (held === 0 || age > LAST_RESORT_MS || age < 0) {
    held = await asks.publish([], await makePackage(party, true));
    const at = room.now();
    await room.turn(() => room.write(room.ledger.draft().lastResort(at)));
  }
  while (held < upTo && unused < MOST_UNUSED) {
    const packages: Octets[] = [];
    const wanted = Math.min(AT_ONCE, upTo - held, MOST_UNUSED - unused);
    for (let each = 0; each < wanted; each++) packages.push(await makePackage(party, false));
    const before = held;
    held = await asks.publish(packages, NONE);
    unused += packages.length;
    if (held <= before) return;
  }
}
