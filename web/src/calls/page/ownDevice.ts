/** Which device this browser is: of the keys that it holds, the one that rings here. */

import { MEMBER_ALGORITHM, type Profile } from "../../trust/algorithms";
import { type DeviceKey, held, load } from "../../trust/device";
import { TrustError } from "../../trust/errors";
import type { Identity } from "../../trust/identity";

/** What stands in this browser. */
export interface OwnDevices {
  /** Of people, the one that ends last first. */
  keys: DeviceKey[];
  /** Keys without a certificate yet. */
  waiting: Identity[];
}

export async function ownDevices(): Promise<OwnDevices> {
  const kept = await held();
  const persons = kept.devices.filter(({ kind }) => kind === "person");
  const keys = (await Promise.all(persons.map(load))).filter((key) => key !== null);
  keys.sort((a, b) => b.chain[0].notAfter - a.chain[0].notAfter);
  return { keys, waiting: kept.waiting };
}

/**
 * The key to ring by: the one chosen here before, else the only one, else the signed-in person's.
 *
 * null where somebody has to choose, and where there is none.
 */
export function keyToRing(
  keys: readonly DeviceKey[],
  chosen: string | null,
  person: string | null,
): DeviceKey | null {
  const before = keys.find(({ identity }) => identity.uri === chosen);
  if (before) return before;
  const people = new Set(keys.map(({ identity }) => identity.holder));
  if (people.size === 1) return keys[0] ?? null;
  return keys.find(({ identity }) => identity.name === person) ?? null;
}

/** The profile whose members have keys like this one. */
export function profileOf({ signer }: DeviceKey): Profile {
  const found = (Object.keys(MEMBER_ALGORITHM) as Profile[]).find(
    (profile) => MEMBER_ALGORITHM[profile] === signer.algorithm,
  );
  if (found === undefined) throw new TrustError("key", "This key is of no profile's members.");
  return found;
}
