/** Who is in a group: its leaves with names, and what may become of them from epoch to epoch. */

import type { LeafNode } from "ts-mls";
import { type Certificate, readCertificate } from "../../trust/certificate";
import { TrustError } from "../../trust/errors";
import type { Identity } from "../../trust/identity";
import { base64, type Octets, same } from "../../trust/octets";
import { chainOf } from "./authentication";
import { malformed } from "./errors";
import { rawKeyOf } from "./suites";
import type { Terms } from "./terms";

/** Devices of one person in a conversation. Our choice. */
export const MOST_DEVICES = 8;

/** A device in the group. */
export interface Member {
  identity: Identity;
  /** Index of its leaf: what SFrame's key identifiers name senders by. */
  leaf: number;
  certificate: Certificate;
}

/** The tree as ts-mls holds it. */
type Tree = readonly (
  | { nodeType: "leaf"; leaf: LeafNode }
  | { nodeType: "parent"; parent: unknown }
  | undefined
)[];

/** What changed between two epochs. */
export interface Changes {
  added: Member[];
  removed: Member[];
}

/** The members of a tree, by leaf; refused if they are not devices of the terms' people. */
export async function rosterOf(tree: Tree, terms: Terms): Promise<Member[]> {
  const members: Member[] = [];
  const keys = new Set<string>();
  for (const [index, node] of tree.entries()) {
    if (node?.nodeType !== "leaf") continue;
    members.push(await memberOf(node.leaf, index / 2));
    keys.add(base64(node.leaf.signaturePublicKey)).add(base64(node.leaf.hpkePublicKey));
  }
  const uris = new Set(members.map(({ identity }) => identity.uri));
  if (uris.size !== members.length || keys.size !== 2 * members.length) {
    throw new TrustError("identity", "The same device or key would be in the group twice.");
  }
  for (const { identity } of members) checkHolder(identity, terms);
  for (const holder of terms.people) {
    if (members.filter(({ identity }) => identity.holder === holder).length > MOST_DEVICES) {
      throw new TrustError("too-large", `A person has at most ${MOST_DEVICES} devices in a group.`);
    }
  }
  return members;
}

/** Refuses devices of others than the conversation's people. */
export function checkHolder(identity: Identity, terms: Terms): void {
  if (!terms.people.includes(identity.holder)) {
    throw new TrustError("identity", "Only devices of the conversation's people are members.");
  }
}

/** What changed; refused if a member has become another without having been removed. */
export function changesOf(
  before: readonly Member[],
  after: readonly Member[],
  removed: readonly number[],
): Changes {
  const stayed = before.filter(({ leaf }) => !removed.includes(leaf));
  for (const old of stayed) {
    const now = after.find(({ leaf }) => leaf === old.leaf);
    if (now === undefined || !same(now.certificate.der, old.certificate.der)) {
      throw new TrustError("identity", "A member would have become another one.");
    }
  }
  const known = new Set(stayed.map(({ leaf }) => leaf));
  return {
    added: after.filter(({ leaf }) => !known.has(leaf)),
    removed: before.filter(({ leaf }) => removed.includes(leaf)),
  };
}

/** A leaf with the name in its certificate. */
export async function memberOf(leaf: LeafNode, index: number): Promise<Member> {
  const [der] = chainOf(leaf.credential) as [Octets];
  const certificate = await readCertificate(der);
  const { identity } = certificate;
  if (identity === null) throw malformed("A member's certificate names nobody");
  if (!same(rawKeyOf(certificate.spki), leaf.signaturePublicKey)) {
    throw new TrustError("key", "A member's key is not the one in its certificate.");
  }
  return { identity, leaf: index, certificate };
}
