/** Groups of ours together with OpenMLS: reading what it writes, and that all agree. */

import { CipherSuite } from "@wireapp/core-crypto/browser";
import { type CiphersuiteName, decodeMlsMessage, encodeMlsMessage, type KeyPackage } from "ts-mls";
import { decodeKeyPackage, encodeKeyPackage } from "ts-mls/keyPackage.js";
import { expect } from "vitest";
import { hex, joined, type Octets } from "../../trust/octets";
import { newName, ORACLE_LABEL, type OracleMember } from "./oracle.testing";
import { type StandardMember, standardParty } from "./standard.testing";

export const SUITES: [CiphersuiteName, CipherSuite][] = [
  [
    "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
    CipherSuite.Mls128Dhkemx25519Aes128gcmSha256Ed25519,
  ],
  ["MLS_256_DHKEMP521_AES256GCM_SHA512_P521", CipherSuite.Mls256Dhkemp521Aes256gcmSha512P521],
];
const now = Math.floor(Date.now() / 1000);

/** Reads a key package of OpenMLS. */
export function packageOf(octets: Octets): KeyPackage {
  const keyPackage = decodeKeyPackage(octets.slice(), 0)?.[0];
  if (keyPackage === undefined) throw new Error("this is no key package");
  // What OpenMLS writes is what we would write.
  expect(hex(encodeKeyPackage(keyPackage))).toBe(hex(octets));
  return keyPackage;
}

/** Reads a commit of either. */
export function commitOf(octets: Octets) {
  const read = decodeMlsMessage(octets.slice(), 0)?.[0];
  if (read?.wireformat !== "mls_public_message") throw new Error("this is no public message");
  expect(hex(encodeMlsMessage(read))).toBe(hex(octets));
  return read;
}

/** A device of ours that can join or found a group. */
export async function party(suite: CiphersuiteName, device: number) {
  const id = newName(device);
  return { id, ...(await standardParty(suite, joined(id.copyBytes()), now)) };
}

/** All are in the same epoch, with the same secret and the same members. */
export async function agree(ours: StandardMember[], theirs: OracleMember[]): Promise<void> {
  const [first] = ours;
  if (first === undefined) throw new Error("nobody");
  const secret = hex(await first.exported(ORACLE_LABEL, 48));
  const names = first.members.map(hex).sort();
  for (const member of ours) {
    expect(member.epoch).toBe(first.epoch);
    expect(hex(await member.exported(ORACLE_LABEL, 48))).toBe(secret);
    expect(member.members.map(hex).sort()).toEqual(names);
  }
  for (const member of theirs) {
    expect(await member.epoch()).toBe(first.epoch);
    expect(hex(await member.exported(48))).toBe(secret);
    expect((await member.members()).map(hex).sort()).toEqual(names);
  }
}
