/**
 * Trees by which who invites keeps a parent's key that somebody who was removed knows (RFC 9420
 * section 7.9.2): below it stands a newcomer of whom the parent does not tell.
 */

import type { GroupContext, LeafNode, RatchetTree } from "ts-mls";
import { signLeafNodeCommit } from "ts-mls/leafNode.js";
import { calculateParentHash, verifyParentHashes } from "ts-mls/parentHash.js";
import { treeHashRoot } from "ts-mls/treeHash.js";
import { directPath, leafWidth, toLeafIndex, toNodeIndex } from "ts-mls/treemath.js";
import { createUpdatePath } from "ts-mls/updatePath.js";
import { describe, expect, it } from "vitest";
import { type StandardParty, standardParty } from "./standard.testing";
import { checkTree } from "./wholeTree";

const SUITE = "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519";
const FIRST = toLeafIndex(0);
const GROUP = new Uint8Array(32).fill(7);
const nobody = "No member has made a key of this tree";

const party = (name: number) =>
  standardParty(SUITE, Uint8Array.of(name), Math.floor(Date.now() / 1000));
const node = (leaf: LeafNode) => ({ nodeType: "leaf" as const, leaf });

async function contextOf(tree: RatchetTree, { suite }: StandardParty): Promise<GroupContext> {
  return {
    version: "mls10",
    cipherSuite: SUITE,
    groupId: GROUP,
    epoch: 1n,
    treeHash: await treeHashRoot(tree, suite.hash),
    confirmedTranscriptHash: new Uint8Array(),
    extensions: [],
  };
}

/** A full tree after a commit of its first leaf: all parents above that one are filled. */
async function committed(leaves: number): Promise<{ first: StandardParty; tree: RatchetTree }> {
  const bare: RatchetTree = new Array(2 * leaves - 1).fill(undefined);
  const first = await party(0);
  bare[0] = node(first.keyPackage.leafNode);
  for (let leaf = 1; leaf < leaves; leaf++) {
    bare[2 * leaf] = node((await party(leaf)).keyPackage.leafNode);
  }
  const { suite, keys } = first;
  const context = await contextOf(bare, first);
  const [tree] = await createUpdatePath(bare, FIRST, context, keys.signaturePrivateKey, suite);
  return { first, tree };
}

/** What the first leaf's own key can make good: all hashes on its path, and its signature. */
async function mended(tree: RatchetTree, { suite, keys }: StandardParty): Promise<RatchetTree> {
  const made = tree.slice();
  for (const at of directPath(toNodeIndex(0), leafWidth(tree.length)).reverse()) {
    const above = made[at];
    if (above?.nodeType !== "parent") continue;
    const [parentHash] = await calculateParentHash(made, at, suite.hash);
    made[at] = { nodeType: "parent", parent: { ...above.parent, parentHash } };
  }
  const own = made[0];
  if (own?.nodeType !== "leaf") throw new Error("no leaf");
  const [parentHash] = await calculateParentHash(made, toNodeIndex(0), suite.hash);
  const said = { leafNodeSource: "commit" as const, parentHash, groupId: GROUP, leafIndex: FIRST };
  const { signaturePrivateKey } = keys;
  made[0] = node(
    await signLeafNodeCommit({ ...own.leaf, ...said }, signaturePrivateKey, suite.signature),
  );
  return made;
}

function telling(tree: RatchetTree, at: number, unmergedLeaves: number[]): RatchetTree {
  const above = tree[at];
  if (above?.nodeType !== "parent") throw new Error("no parent");
  return tree.with(at, { nodeType: "parent", parent: { ...above.parent, unmergedLeaves } });
}

async function check(tree: RatchetTree, first: StandardParty): Promise<void> {
  await checkTree(tree, await contextOf(tree, first), first.suite, first.config);
}

/** The key at the top stays; who was in the replaced leaf knows it, who is there now does not. */
async function forged(leaves: number, blanked: number, replaced: number) {
  const { first, tree } = await committed(leaves);
  await check(tree, first);
  const newcomer = await party(leaves);
  const kept = tree.with(blanked, undefined);
  kept[2 * replaced] = node(newcomer.keyPackage.leafNode);
  return { first, kept };
}

describe.each([
  { leaves: 4, top: 3, blanked: 1, replaced: 1, unmerged: [1] },
  { leaves: 8, top: 7, blanked: 3, replaced: 2, unmerged: [2, 3] },
])("$leaves leaves, number $replaced replaced", ({ leaves, top, blanked, replaced, unmerged }) => {
  it("is refused where the top does not tell of the newcomer", async () => {
    const { first, kept } = await forged(leaves, blanked, replaced);
    const tree = await mended(kept, first);
    // Each parent's hash is told by one chain from below.
    expect(await verifyParentHashes(tree, first.suite.hash)).toBe(true);
    await expect(check(tree, first)).rejects.toThrow(nobody);
  });

  it("is whole where the top tells of all who do not know its key", async () => {
    const { first, kept } = await forged(leaves, blanked, replaced);
    await check(await mended(telling(kept, top, unmerged), first), first);
  });

  it("is refused where no leaf has made what is above it", async () => {
    const { first, tree } = await committed(leaves);
    const bare = tree.with(0, node(first.keyPackage.leafNode));
    await expect(check(bare, first)).rejects.toThrow(nobody);
  });
});

it("a parent whose key nobody below knows is refused", async () => {
  const { first, kept } = await forged(4, 1, 1);
  const tree = await mended(telling(kept, 3, [0, 1]), first);
  expect(await verifyParentHashes(tree, first.suite.hash)).toBe(true);
  await expect(check(tree, first)).rejects.toThrow(nobody);
});
