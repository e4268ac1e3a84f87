/** The key of the signed-in person that this browser holds, and its renewal. */

import { LARGEST_CERTIFICATE } from "../../trust/certificate";
import { askRenewal } from "../../trust/commands";
import { type DeviceKey, held, install, load, waitingKey } from "../../trust/device";
import { envelopeToJson } from "../../trust/envelope";
import type { Identity } from "../../trust/identity";
import type { Profile } from "../../trust/mldsa";
import { ofBase64 } from "../../trust/octets";
import { renewDevice } from "../api";

/** What stands in this browser for a person of a community. */
export interface Here {
  device: DeviceKey | null;
  /** A first key whose certificate was not granted yet. */
  waiting: Identity | null;
}

/** Find the person's key here; the one that ends last where there are several. */
export async function findHere(community: string, person: string): Promise<Here> {
  const holder = `spiffe://${community}/person/${person}`;
  const kept = await held();
  const mine = kept.devices.filter((identity) => identity.holder === holder);
  const keys = (await Promise.all(mine.map(load))).filter((key) => key !== null);
  keys.sort((a, b) => b.chain[0].notAfter - a.chain[0].notAfter);
  const device = keys[0] ?? null;
  const waiting = kept.waiting.find((identity) => identity.holder === holder) ?? null;
  return { device, waiting: device ? null : waiting };
}

/** Make a new key, ask with the old one for its certificate, and put it in the old one's place. */
export async function renew(device: DeviceKey, profile: Profile): Promise<DeviceKey> {
  const next = await waitingKey(device.identity, profile);
  const envelope = await askRenewal(device, next);
  const { chain } = await renewDevice(envelopeToJson(envelope));
  return install(
    device.identity,
    chain.map((each) => ofBase64(each, LARGEST_CERTIFICATE)),
  );
}
