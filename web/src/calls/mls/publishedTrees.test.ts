/**
 * Trees and the paths through them as the working group's vectors have them; each file of vectors
 * names its source. Their suite is one of RFC 9420: in ours a tree is made in the same way, from the
 * suite's own hash and HPKE.
 *
 * tree-operations.json is not here: no copy of it could be had. Groups that OpenMLS and ours change
 * by turns do what it tests (`differential.test.ts`).
 */

import type { CiphersuiteName, GroupContext, RatchetTree } from "ts-mls";
import { decryptWithLabel } from "ts-mls/crypto/hpke.js";
import { deriveSecret } from "ts-mls/crypto/kdf.js";
import { encodeGroupContext } from "ts-mls/groupContext.js";
import { verifyParentHashes } from "ts-mls/parentHash.js";
import { getCommitSecret, pathToRoot } from "ts-mls/pathSecrets.js";
import { toPrivateKeyPath } from "ts-mls/privateKeyPath.js";
import {
  decodeRatchetTree,
  encodeRatchetTree,
  getHpkePublicKey,
  resolution,
} from "ts-mls/ratchetTree.js";
import { treeHash, treeHashRoot } from "ts-mls/treeHash.js";
import {
  left,
  nodeWidth,
  parent,
  right,
  root,
  sibling,
  toLeafIndex,
  toNodeIndex,
} from "ts-mls/treemath.js";
import {
  applyUpdatePath,
  createUpdatePath,
  decodeUpdatePath,
  encodeUpdatePath,
  firstMatchAncestor,
  type UpdatePath,
} from "ts-mls/updatePath.js";
import { describe, expect, it } from "vitest";
import { hex } from "../../trust/octets";
import { config, of, suiteNamed } from "./published.testing";
import kem from "./published.treekem.testing.json";
import trees from "./published.trees.testing.json";
import { checkTree } from "./wholeTree";

function treeOf(text: string): RatchetTree {
  const tree = decodeRatchetTree(of(text), 0)?.[0];
  if (tree === undefined) throw new Error("this is no tree");
  expect(hex(encodeRatchetTree(tree))).toBe(text);
  return tree;
}

describe("tree-math.json (as copied at c076374b0c69)", () => {
  // The trees of 1, 2, 4, 8 and 16 leaves; where a node has none, null.
  const LEFT = [null, 0, null, 1, null, 4, null, 3, null, 8, null, 9, null, 12, null, 7].concat([
    null,
    16,
    null,
    17,
    null,
    20,
    null,
    19,
    null,
    24,
    null,
    25,
    null,
    28,
    null,
  ]);
  const RIGHT = [
    null,
    2,
    null,
    5,
    null,
    6,
    null,
    11,
    null,
    10,
    null,
    13,
    null,
    14,
    null,
    23,
  ].concat([null, 18, null, 21, null, 22, null, 27, null, 26, null, 29, null, 30, null]);
  const PARENT = [1, 3, 1, 7, 5, 3, 5, 15, 9, 11, 9, 7, 13, 11, 13, null].concat([
    17, 19, 17, 23, 21, 19, 21, 15, 25, 27, 25, 23, 29, 27, 29,
  ]);
  const SIBLING = [2, 5, 0, 11, 6, 1, 4, 23, 10, 13, 8, 3, 14, 9, 12, null].concat([
    18, 21, 16, 27, 22, 17, 20, 7, 26, 29, 24, 19, 30, 25, 28,
  ]);
  const had = (find: () => number) => {
    try {
      return find();
    } catch {
      return null;
    }
  };

  it.each([
    [1, 1, 0],
    [2, 3, 1],
    [4, 7, 3],
    [8, 15, 7],
    [16, 31, 15],
  ])("%i leaves", (leaves, nodes, top) => {
    expect(nodeWidth(leaves)).toBe(nodes);
    expect(root(leaves)).toBe(top);
    for (let at = 0; at < nodes; at++) {
      const node = toNodeIndex(at);
      expect(had(() => left(node))).toBe(LEFT[at]);
      expect(had(() => right(node))).toBe(RIGHT[at]);
      // The last file says what is above any node but the top of a smaller tree.
      expect(had(() => parent(node, leaves))).toBe(at === top ? null : PARENT[at]);
      expect(had(() => sibling(node, leaves))).toBe(at === top ? null : SIBLING[at]);
    }
  });
});

describe("tree-validation.json", () => {
  const cases = trees.vectors.map((vector) => ({
    ...vector,
    leaves: (vector.treeHashes.length + 1) / 2,
  }));

  async function checked(tree: RatchetTree, groupId: string) {
    const suite = await suiteNamed(trees.suite);
    const context: GroupContext = {
      version: "mls10",
      cipherSuite: suite.name,
      groupId: of(groupId),
      epoch: 0n,
      treeHash: await treeHashRoot(tree, suite.hash),
      confirmedTranscriptHash: new Uint8Array(),
      extensions: [],
    };
    await checkTree(tree, context, suite, await config());
  }

  it.each(cases)("$leaves leaves: hashes, resolutions, whole", async (vector) => {
    const { hash } = await suiteNamed(trees.suite);
    const tree = treeOf(vector.tree);
    expect(tree).toHaveLength(vector.treeHashes.length);
    for (const [at, expected] of vector.treeHashes.entries()) {
      const node = toNodeIndex(at);
      expect(hex(await treeHash(tree, node, hash)), `${at}`).toBe(expected);
      expect(resolution(tree, node), `${at}`).toEqual(vector.resolutions[at]);
    }
    expect(await verifyParentHashes(tree, hash)).toBe(true);
    await checked(tree, vector.groupId);
  });

  it("refuses them in another group, and with any key of theirs changed", async () => {
    const [vector] = cases;
    if (vector === undefined) throw new Error("no vector");
    const tree = treeOf(vector.tree);
    await expect(checked(tree, `00${vector.groupId.slice(2)}`)).rejects.toThrow();
    for (const at of tree.keys()) {
      const other = treeOf(vector.tree);
      const node = other[at];
      if (node === undefined) continue;
      const key = getHpkePublicKey(node);
      key[0] = (key[0] ?? 0) ^ 1;
      await expect(checked(other, vector.groupId), `${at}`).rejects.toThrow();
    }
  });

  it.each([
    ["of a blank leaf", 3, [3]],
    ["of a leaf that is not below it", 1, [2]],
    ["of a leaf beyond the tree", 3, [4]],
    ["twice of one leaf", 3, [0, 0]],
    ["in another order", 3, [2, 0]],
    ["that a parent between does not tell", 3, [0]],
  ])("refuses news %s", async (_, at, unmerged) => {
    const [vector] = cases;
    const tree = treeOf(vector?.tree ?? "");
    const node = tree[at];
    if (node?.nodeType !== "parent") throw new Error("no parent");
    tree[at] = { nodeType: "parent", parent: { ...node.parent, unmergedLeaves: unmerged } };
    await expect(checked(tree, vector?.groupId ?? "")).rejects.toThrow("This tree is not sound");
  });
});

describe("treekem.json", () => {
  const contextOf = (hashAfter: Uint8Array, epoch: bigint): GroupContext => ({
    version: "mls10",
    cipherSuite: kem.suite as CiphersuiteName,
    groupId: of(kem.groupId),
    epoch,
    treeHash: hashAfter,
    confirmedTranscriptHash: of(kem.confirmedTranscriptHash),
    extensions: [],
  });

  /** What one leaf gets out of a path that another has sent: the path's secret and the commit's. */
  async function followed(
    before: RatchetTree,
    after: RatchetTree,
    path: UpdatePath,
    from: number,
    leaf: number,
  ) {
    const suite = await suiteNamed(kem.suite);
    const own = kem.leaves[leaf];
    if (own === undefined) throw new Error("no such leaf");
    const [one, other] = [toLeafIndex(leaf), toLeafIndex(from)];
    const match = firstMatchAncestor(before, one, other, path);
    const privateKeys: Record<number, Uint8Array> = { [2 * leaf]: of(own.encryptionPriv) };
    for (const { node, secret } of own.pathSecrets) {
      const made = await toPrivateKeyPath({ [node]: of(secret) }, leaf, suite);
      Object.assign(privateKeys, made.privateKeys);
    }
    const place = match.resolution.findIndex((node) => node in privateKeys);
    const key = privateKeys[match.resolution[place] as number];
    const sealed = match.updateNode?.encryptedPathSecret[place];
    if (key === undefined || sealed === undefined) throw new Error("nothing for this leaf");
    const context = contextOf(await treeHashRoot(after, suite.hash), BigInt(kem.epoch));
    const secret = await decryptWithLabel(
      await suite.hpke.importPrivateKey(key),
      "UpdatePathNode",
      encodeGroupContext(context),
      sealed.kemOutput,
      sealed.ciphertext,
      suite.hpke,
    );
    const commit = await getCommitSecret(after, match.nodeIndex, secret, suite.kdf);
    const known = await toPrivateKeyPath(
      await pathToRoot(after, match.nodeIndex, secret, suite.kdf),
      leaf,
      suite,
    );
    return {
      secret: hex(secret),
      commit: hex(commit),
      keys: Object.keys(known.privateKeys).length,
    };
  }

  it("the members' secrets are of the tree's keys", async () => {
    const suite = await suiteNamed(kem.suite);
    const tree = treeOf(kem.tree);
    for (const { pathSecrets } of kem.leaves) {
      for (const { node, secret } of pathSecrets) {
        const { publicKey } = await suite.hpke.deriveKeyPair(
          await deriveSecret(of(secret), "node", suite.kdf),
        );
        const there = tree[node];
        if (there === undefined) throw new Error("a blank node has no secret");
        expect(hex(await suite.hpke.exportPublicKey(publicKey))).toBe(hex(getHpkePublicKey(there)));
      }
    }
  });

  it.each(kem.paths)("the path of $sender is followed by all others", async (vector) => {
    const { hash } = await suiteNamed(kem.suite);
    const tree = treeOf(kem.tree);
    const path = decodeUpdatePath(of(vector.updatePath), 0)?.[0];
    if (path === undefined) throw new Error("no path");
    expect(hex(encodeUpdatePath(path))).toBe(vector.updatePath);
    const after = await applyUpdatePath(tree, toLeafIndex(vector.sender), path, hash);
    expect(await verifyParentHashes(after, hash)).toBe(true);
    expect(hex(await treeHashRoot(after, hash))).toBe(vector.treeHashAfter);
    for (const { index } of kem.leaves) {
      if (index === vector.sender) continue;
      const made = await followed(tree, after, path, vector.sender, index);
      expect(made).toMatchObject({
        secret: vector.pathSecrets[index],
        commit: vector.commitSecret,
      });
    }
  });

  it.each(kem.leaves)("a path that $index makes is followed by all others", async (own) => {
    const suite = await suiteNamed(kem.suite);
    const tree = treeOf(kem.tree);
    const before = contextOf(await treeHashRoot(tree, suite.hash), BigInt(kem.epoch) - 1n);
    const sender = toLeafIndex(own.index);
    const [made, path, pathSecrets] = await createUpdatePath(
      tree.slice(),
      sender,
      before,
      of(own.signaturePriv),
      suite,
    );
    const after = await applyUpdatePath(tree, sender, path, suite.hash);
    expect(hex(encodeRatchetTree(after))).toBe(hex(encodeRatchetTree(made)));
    expect(await verifyParentHashes(after, suite.hash)).toBe(true);
    const last = pathSecrets.at(-1);
    if (last === undefined) throw new Error("no path");
    const commit = hex(await deriveSecret(last.secret, "path", suite.kdf));
    for (const { index } of kem.leaves) {
      if (index === own.index) continue;
      expect((await followed(tree, after, path, own.index, index)).commit).toBe(commit);
    }
  });
});
