/** Groups begin in two ways: one is made, or one is joined by a welcome (RFC 9420 section 12.4.3.1). */

import { type ClientState, createGroup, generateKeyPackageWithKey, type Welcome } from "ts-mls";
import { TrustError } from "../../trust/errors";
import { hex } from "../../trust/octets";
import { entered, forgotten, openedWelcome } from "./entering";
import { malformed } from "./errors";
import { GROUP_ID_OCTETS } from "./numbers";
import { type OwnPackage, ownPackage } from "./packages";
import type { Party } from "./party";
import { type Member, MOST_DEVICES, rosterOf } from "./roster";
import { keptOfOctets } from "./state";
import { capabilitiesOf, KEY_HANDLE, suiteName } from "./suites";
import { extensionsOf, PEOPLE, type Terms, termsOfGroup } from "./terms";

/** Nodes of a tree: twice as many leaves as there may be members, as removals leave gaps. */
const MOST_NODES = 4 * PEOPLE * MOST_DEVICES;

/** A group of this device alone. */
export async function founded(party: Party, terms: Terms): Promise<ClientState> {
  const now = BigInt(Math.floor(party.authentication.now()));
  // The founder's leaf is one of a key package that nobody else ever sees.
  const own = await generateKeyPackageWithKey(
    party.credential,
    capabilitiesOf(party.profile),
    { notBefore: now, notAfter: BigInt(Math.floor(party.notAfter)) },
    [],
    { publicKey: party.publicKey, signKey: KEY_HANDLE },
    party.suite,
  );
  return createGroup(
    crypto.getRandomValues(new Uint8Array(GROUP_ID_OCTETS)),
    own.publicPackage,
    own.privatePackage,
    extensionsOf(terms),
    party.suite,
    party.config,
  );
}

/** A group that another device has added this one to, who that was, and by which package. */
export interface Joined {
  state: ClientState;
  by: Member;
  used: OwnPackage;
}

/** Joins by a welcome; refused unless every member of the group stands every test. */
export async function joined(party: Party, welcome: Welcome): Promise<Joined> {
  if (welcome.cipherSuite !== suiteName(party.profile)) {
    throw new TrustError("key", "This welcome is of another suite than this community's.");
  }
  if (welcome.secrets.length > PEOPLE * MOST_DEVICES) {
    throw new TrustError("too-large", "This welcome is for more devices than a group may have.");
  }
  const used = await packageOf(party, welcome);
  const { keyPackage, privateKeys } = used;
  const { initPrivateKey } = privateKeys;
  const opened = await openedWelcome(party.suite, welcome, keyPackage, initPrivateKey);
  try {
    // Before more is made of a tree that is larger than any of ours.
    if (opened.tree.length > MOST_NODES) {
      throw new TrustError("too-large", "This welcome is into a group larger than any of ours.");
    }
    await rosterOf(opened.tree, termsOfGroup(opened.info.groupContext));
  } catch (problem) {
    forgotten(opened.secrets);
    throw problem;
  }
  const { signer } = opened.info;
  const state = await entered(party.suite, opened, keyPackage, privateKeys, party.config);
  const members = await rosterOf(state.ratchetTree, termsOfGroup(state.groupContext));
  const by = members.find(({ leaf }) => leaf === signer);
  if (by === undefined) throw malformed("This welcome is of nobody in the group");
  if (state.groupContext.groupId.length !== GROUP_ID_OCTETS) {
    throw malformed("This group is named as none of ours is");
  }
  return { state, by, used };
}

/** The revision of an older membership that a welcome takes the place of; 0 where there is none. */
export async function revisionBelow(party: Party, { groupContext }: ClientState): Promise<number> {
  const record = await party.vault.read("conversation", hex(groupContext.groupId));
  if (record === null) return 0;
  const { state } = keptOfOctets(record.octets, party.config);
  if (state.groupContext.epoch >= groupContext.epoch) {
    throw malformed("This welcome is into a conversation that this device is in already");
  }
  return record.revision;
}

async function packageOf(party: Party, welcome: Welcome): Promise<OwnPackage> {
  for (const { newMember } of welcome.secrets) {
    const found = await ownPackage(party, newMember);
    if (found !== null) return found;
  }
  throw new TrustError(
    "key",
    "This welcome is for no key package of this device, or one was spent.",
  );
}
