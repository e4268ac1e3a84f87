/** Key packages (RFC 9420 section 10): how a device lets itself be added while it is away. */

import {
  encodeMlsMessage,
  generateKeyPackageWithKey,
  type KeyPackage,
  type PrivateKeyPackage,
} from "ts-mls";
import { makeKeyPackageRef, verifyKeyPackage } from "ts-mls/keyPackage.js";
import { TrustError } from "../../trust/errors";
import { hex, joined, type Octets } from "../../trust/octets";
import { malformed } from "./errors";
import { framed, unframed } from "./frames";
import { LAST_RESORT_EXTENSION } from "./numbers";
import { LONGEST_LIFE_S, type Party } from "./party";
import { type Member, memberOf } from "./roster";
import { capabilitiesOf, KEY_HANDLE, suiteName } from "./suites";
import type { KeptRecord } from "./vault";
import { wipe } from "./wiping";
import { messageOf } from "./wire";

/** Seconds for which packages are good: short for those used once. Our choice. */
const LIFE_S = 30 * 86_400;
/** Seconds by which two clocks may differ (`trust/certificates/dates`). */
const SKEW_S = 600;

/** A package of this device with its private keys. */
export interface OwnPackage {
  keyPackage: KeyPackage;
  privateKeys: PrivateKeyPackage;
  /** It may be used again: for when all others are spent. */
  lastResort: boolean;
  record: KeptRecord;
}

/** Makes a package and keeps its private keys; the octets are for whoever hands packages out. */
export async function makePackage(party: Party, lastResort: boolean): Promise<Octets> {
  const now = Math.floor(party.authentication.now());
  const life = lastResort ? LONGEST_LIFE_S - SKEW_S : LIFE_S;
  const lifetime = {
    notBefore: BigInt(now - SKEW_S),
    notAfter: BigInt(Math.floor(Math.min(now + life, party.notAfter))),
  };
  const { publicPackage, privatePackage } = await generateKeyPackageWithKey(
    party.credential,
    capabilitiesOf(party.profile),
    lifetime,
    lastResort ? [{ extensionType: LAST_RESORT_EXTENSION, extensionData: new Uint8Array() }] : [],
    { publicKey: party.publicKey, signKey: KEY_HANDLE },
    party.suite,
  );
  const octets = written(publicPackage);
  const name = hex(await makeKeyPackageRef(publicPackage, party.suite.hash));
  const { initPrivateKey, hpkePrivateKey } = privatePackage;
  const kept = framed(octets, initPrivateKey, hpkePrivateKey);
  await party.vault.write([{ kind: "package", name, revision: 0, octets: kept }]);
  for (const secret of [initPrivateKey, hpkePrivateKey, kept]) wipe(secret);
  return octets;
}

/** The kept package of this reference; null if there is none, or it was spent. */
export async function ownPackage(party: Party, reference: Uint8Array): Promise<OwnPackage | null> {
  const record = await party.vault.read("package", hex(reference));
  if (record === null) return null;
  const [octets, initPrivateKey, hpkePrivateKey] = unframed(record.octets, 3) as [
    Octets,
    Octets,
    Octets,
  ];
  const { keyPackage } = messageOf(octets, "mls_key_package");
  return {
    keyPackage,
    privateKeys: { initPrivateKey, hpkePrivateKey, signaturePrivateKey: KEY_HANDLE },
    lastResort: isLastResort(keyPackage),
    record,
  };
}

/** Removes packages that have expired; tells how many may still be used, the last resort aside. */
export async function tidyPackages(party: Party): Promise<number> {
  const records = await party.vault.readAll("package");
  const now = party.authentication.now();
  let good = 0;
  const expired: KeptRecord[] = [];
  for (const record of records) {
    const [octets = new Uint8Array()] = unframed(record.octets, 3);
    const { keyPackage } = messageOf(octets, "mls_key_package");
    if (!inForce(keyPackage, now)) expired.push(record);
    else if (!isLastResort(keyPackage)) good += 1;
  }
  if (expired.length > 0) await party.vault.write([], expired);
  return good;
}

/** Reads somebody's package, and who that is; refused unless it stands every test. */
export async function readPackage(
  party: Party,
  octets: Octets,
): Promise<{ keyPackage: KeyPackage; member: Member }> {
  const { keyPackage } = messageOf(octets, "mls_key_package");
  checkPackage(keyPackage, party);
  const { leafNode } = keyPackage;
  await party.authentication.peerOf(leafNode.credential, leafNode.signaturePublicKey);
  if (!(await verifyKeyPackage(keyPackage, party.suite.signature))) {
    throw new TrustError("not-genuine", "A key package was not signed by the key it is of.");
  }
  return { keyPackage, member: await memberOf(leafNode, -1) };
}

/** Refuses packages of another suite, another shape or another time. */
export function checkPackage(keyPackage: KeyPackage, party: Party): void {
  const { cipherSuite, leafNode, extensions } = keyPackage;
  if (cipherSuite !== suiteName(party.profile)) {
    throw new TrustError("key", "A key package is of another suite than this community's.");
  }
  const wanted = capabilitiesOf(party.profile);
  const able =
    sameList(leafNode.capabilities.versions, wanted.versions) &&
    sameList(leafNode.capabilities.ciphersuites, wanted.ciphersuites) &&
    sameList(leafNode.capabilities.extensions, wanted.extensions) &&
    sameList(leafNode.capabilities.proposals, wanted.proposals) &&
    sameList(leafNode.capabilities.credentials, wanted.credentials);
  const plain = extensions.length === 0 || isLastResort(keyPackage);
  if (!able || !plain || leafNode.extensions.length > 0) {
    throw malformed("A key package says other things than ours do");
  }
  const { notBefore, notAfter } = leafNode.lifetime;
  if (notAfter - notBefore > BigInt(LONGEST_LIFE_S)) {
    throw new TrustError("not-in-force", "A key package lives longer than any may.");
  }
  if (!inForce(keyPackage, party.authentication.now())) {
    throw new TrustError("not-in-force", "A key package has expired, or is of the future.");
  }
}

function written(keyPackage: KeyPackage): Octets {
  const wireformat = "mls_key_package" as const;
  return joined(encodeMlsMessage({ version: "mls10", wireformat, keyPackage }));
}

function isLastResort({ extensions }: KeyPackage): boolean {
  const [only] = extensions;
  const marked = only?.extensionType === LAST_RESORT_EXTENSION && only.extensionData.length === 0;
  return extensions.length === 1 && marked;
}

function inForce({ leafNode }: KeyPackage, now: number): boolean {
  const at = BigInt(Math.floor(now));
  return leafNode.lifetime.notBefore <= at && at < leafNode.lifetime.notAfter;
}

function sameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((each, index) => each === other[index]);
}
