/** What a browser takes on a site's word at first sight, and holds the site to afterwards. */

import { keep } from "../../trust/database";
import { same } from "../../trust/octets";
import type { ToldRoot } from "./answers";

/** By what others are judged, as first told here. */
export interface Pin {
  community: string;
  profile: string;
  /** Later ones follow from these (`succession`). */
  roots: readonly ToldRoot[];
  /** Verifier keys. */
  log: string;
  witness: string;
}

/** Where a browser keeps it. */
export interface Pins {
  /** What is held; what is given, from now on, where nothing was. */
  first(pin: Pin): Promise<Pin>;
  /** Keeps roots that have followed, if what was held is what they followed from. */
  follow(held: Pin, roots: readonly ToldRoot[]): Promise<void>;
}

/** Each site is an origin of its own, with a database of its own: one record is enough. */
const NAME = "court";

type PinRecord = Pin & { name: typeof NAME };

/** The browser's own database (`trust/database`, store `pins`). */
export const databasePins: Pins = {
  first: (pin) =>
    keep(["pins"], "readwrite", async (stores) => {
      const held = await stores.get<PinRecord>("pins", NAME);
      if (held !== undefined) return held;
      await stores.put("pins", { ...pin, name: NAME } satisfies PinRecord);
      return pin;
    }),
  follow: (held, roots) =>
    keep(["pins"], "readwrite", async (stores) => {
      const now = await stores.get<PinRecord>("pins", NAME);
      // Another page may have been faster: what it kept follows as well.
      if (now === undefined || !isSame(now, held)) return;
      await stores.put("pins", { ...now, roots } satisfies PinRecord);
    }),
};

/** Whether two are of one community and hold the same roots, each for as long. */
export function isSame(one: Pin, other: Pin): boolean {
  return (
    one.community === other.community &&
    one.profile === other.profile &&
    one.roots.length === other.roots.length &&
    one.roots.every(({ der, until }, at) => {
      const root = other.roots[at];
      return root !== undefined && root.until === until && same(root.der, der);
    })
  );
}

/** Lets go of everything pinned here, after a person has decided that the site was replaced. */
export async function forgetPins(): Promise<void> {
  await keep(["pins"], "readwrite", (stores) => stores.remove("pins", NAME));
}
