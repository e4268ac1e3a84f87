/**
 * The tree that a welcome brings, as RFC 9420 section 12.4.3.1 has it checked.
 *
 * Leaves are judged by ts-mls. Its rule for unmerged leaves is not that of the RFC: it wants all
 * parents above such a leaf to list the same leaves, and so refuses good trees (a leaf added on the
 * left and another on the right, each below a parent of its own), and it takes leaves from elsewhere.
 * Its rule for parents leaves the last condition of section 7.9.2 out.
 */

import type { CiphersuiteImpl, ClientConfig, GroupContext, RatchetTree } from "ts-mls";
import { validateRatchetTree } from "ts-mls/clientState.js";
import { calculateParentHash } from "ts-mls/parentHash.js";
import { getHpkePublicKey, resolution } from "ts-mls/ratchetTree.js";
import { treeHashRoot } from "ts-mls/treeHash.js";
import {
  directPath,
  leafToNodeIndex,
  leafWidth,
  left,
  type NodeIndex,
  right,
  toLeafIndex,
  toNodeIndex,
} from "ts-mls/treemath.js";
import { hex, same } from "../../trust/octets";
import { malformed } from "./errors";

/** Refuses a tree that is not whole, not of this group, or has a member who may not be in it. */
export async function checkTree(
  tree: RatchetTree,
  context: GroupContext,
  suite: CiphersuiteImpl,
  { lifetimeConfig, authService }: ClientConfig,
): Promise<void> {
  const keys = new Set<string>();
  for (const [at, node] of tree.entries()) {
    if (node === undefined) continue;
    if ((node.nodeType === "leaf") !== (at % 2 === 0)) throw malformed("This tree is not sound");
    keys.add(hex(getHpkePublicKey(node)));
    if (node.nodeType === "parent") checkUnmerged(tree, at, node.parent.unmergedLeaves);
  }
  if (keys.size !== tree.filter((node) => node !== undefined).length) {
    throw malformed("Two places of this tree have one key");
  }
  // What ts-mls says of the leaves alone: signatures, credentials, capabilities, lifetimes.
  const leaves = tree.map((node) => (node?.nodeType === "leaf" ? node : undefined));
  const hash = await treeHashRoot(leaves, suite.hash);
  const refusal = await validateRatchetTree(
    leaves,
    context,
    lifetimeConfig,
    authService,
    hash,
    suite,
  );
  if (refusal !== undefined) throw refusal;
  await checkMakers(tree, suite);
  if (!same(await treeHashRoot(tree, suite.hash), context.treeHash)) {
    throw malformed("This tree is of another group");
  }
}

/** Leaves that do not know a parent's key stand below it, and are told by every parent between. */
function checkUnmerged(tree: RatchetTree, at: number, unmerged: readonly number[]): void {
  const width = leafWidth(tree.length);
  for (const [place, leaf] of unmerged.entries()) {
    if (place > 0 && leaf <= (unmerged[place - 1] ?? 0)) throw malformed("This tree is not sound");
    const node = leafToNodeIndex(toLeafIndex(leaf));
    if (leaf >= width || tree[node] === undefined) throw malformed("This tree is not sound");
    const above = directPath(node, width);
    const here = above.indexOf(toNodeIndex(at));
    if (here < 0) throw malformed("This tree is not sound");
    for (const between of above.slice(0, here)) {
      const parent = tree[between];
      if (parent?.nodeType === "parent" && !parent.parent.unmergedLeaves.includes(leaf)) {
        throw malformed("This tree is not sound");
      }
    }
  }
}

/** Each parent was made at one time with one node below it, and so on down to a leaf (section 7.9.2). */
async function checkMakers(tree: RatchetTree, suite: CiphersuiteImpl): Promise<void> {
  for (const [at, node] of tree.entries()) {
    if (node?.nodeType !== "parent") continue;
    const parent = toNodeIndex(at);
    const { unmergedLeaves } = node.parent;
    let makers = 0;
    for (const child of [left(parent), right(parent)]) {
      if (await madeFrom(tree, parent, child, unmergedLeaves, suite)) makers += 1;
    }
    if (makers !== 1) throw malformed("No member has made a key of this tree");
  }
}

/**
 * Whether a parent was made with the one node below this child that stands for all its leaves.
 *
 * Leaves told as unmerged aside (`checkUnmerged` has seen them) there may be no second node: its
 * holders would not know the parent's key, and somebody who was removed may.
 */
async function madeFrom(
  tree: RatchetTree,
  parent: NodeIndex,
  child: NodeIndex,
  unmergedLeaves: readonly number[],
  { hash }: CiphersuiteImpl,
): Promise<boolean> {
  const unmerged = new Set(unmergedLeaves.map((leaf) => leafToNodeIndex(toLeafIndex(leaf))));
  const [made, ...others] = resolution(tree, child).filter((node) => !unmerged.has(node));
  if (made === undefined || others.length > 0) return false;
  const claimed = claimedHash(tree[made]);
  if (claimed === undefined) return false;
  const [expected, above] = await calculateParentHash(tree, made, hash);
  return above === parent && same(claimed, expected);
}

/** What a node says of the parent that was made with it; only committing makes any. */
function claimedHash(node: RatchetTree[number]): Uint8Array | undefined {
  if (node?.nodeType === "parent") return node.parent.parentHash;
  return node?.leaf.leafNodeSource === "commit" ? node.leaf.parentHash : undefined;
}
