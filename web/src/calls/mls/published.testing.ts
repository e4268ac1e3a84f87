/** What files of the working group's vectors are read with. */

import {
  type CiphersuiteImpl,
  type CiphersuiteName,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
} from "ts-mls";
import { type Octets, ofHex } from "../../trust/octets";
import { configOf } from "./party";
import { placeOf } from "./places.testing";

/** Octets of a vector. */
export const of = (text: string): Octets => ofHex(text, text.length / 2);
/** A suite of RFC 9420. */
export const suiteNamed = (name: string): Promise<CiphersuiteImpl> =>
  getCiphersuiteImpl(getCiphersuiteFromName(name as CiphersuiteName));

/** As our groups are configured, but for whom they let in and when: the vectors are of 2023. */
export async function config() {
  const { party } = await placeOf("annaPhone");
  const ours = configOf(party.authentication);
  return {
    ...ours,
    authService: { validateCredential: async () => true },
    lifetimeConfig: { ...ours.lifetimeConfig, validateLifetimeOnReceive: false },
  };
}
