/**
 * Entering a group by a welcome, step by step as RFC 9420 section 12.4.3.1 has it.
 *
 * The steps are ts-mls'; `joinGroup`, which would take them all, refuses good trees (`wholeTree.ts`).
 */

import type {
  CiphersuiteImpl,
  ClientConfig,
  ClientState,
  GroupInfo,
  KeyPackage,
  PrivateKeyPackage,
  RatchetTree,
  Welcome,
} from "ts-mls";
import { deriveSecret } from "ts-mls/crypto/kdf.js";
import { extensionsSupportedByCapabilities } from "ts-mls/extension.js";
import {
  ratchetTreeFromExtension,
  verifyGroupInfoConfirmationTag,
  verifyGroupInfoSignature,
} from "ts-mls/groupInfo.js";
import type { GroupSecrets } from "ts-mls/groupSecrets.js";
import { makeKeyPackageRef } from "ts-mls/keyPackage.js";
import { deriveKeySchedule } from "ts-mls/keySchedule.js";
import { pathToRoot } from "ts-mls/pathSecrets.js";
import { findLeafIndex, getHpkePublicKey } from "ts-mls/ratchetTree.js";
import { createSecretTree } from "ts-mls/secretTree.js";
import { type LeafIndex, leafToNodeIndex, leafWidth, toLeafIndex } from "ts-mls/treemath.js";
import { firstCommonAncestor } from "ts-mls/updatePath.js";
import { decryptGroupInfo, decryptGroupSecrets } from "ts-mls/welcome.js";
import { same } from "../../trust/octets";
import { malformed } from "./errors";
import { checkTree } from "./wholeTree";
import { wipe } from "./wiping";

/**
 * What a welcome says to the holder of one key package; nothing of it is judged.
 *
 * Its secrets are overwritten by `entered`, or by `forgotten` where it is not entered.
 */
export interface OpenedWelcome {
  info: GroupInfo;
  tree: RatchetTree;
  secrets: GroupSecrets;
}

/** Opens a welcome. TrustError `malformed` if it is for another package, or has not what ours have. */
export async function openedWelcome(
  suite: CiphersuiteImpl,
  welcome: Welcome,
  keyPackage: KeyPackage,
  initPrivateKey: Uint8Array,
): Promise<OpenedWelcome> {
  const key = await suite.hpke.importPrivateKey(initPrivateKey.slice());
  const reference = await makeKeyPackageRef(keyPackage, suite.hash);
  const secrets = await decryptGroupSecrets(key, reference, welcome, suite.hpke);
  if (secrets === undefined) throw malformed("This is no welcome");
  try {
    if (secrets.psks.length > 0) throw malformed("This is no welcome");
    const none = new Uint8Array(suite.kdf.size);
    const info = await decryptGroupInfo(welcome, secrets.joinerSecret, none, suite);
    const tree = info && ratchetTreeFromExtension(info);
    if (tree === undefined || info === undefined) throw malformed("This is no welcome");
    return { info, tree, secrets };
  } catch (problem) {
    forgotten(secrets);
    throw problem;
  }
}

/** Overwrites the secrets of a welcome. */
export function forgotten({ joinerSecret, pathSecret }: GroupSecrets): void {
  wipe(joinerSecret);
  if (pathSecret !== undefined) wipe(pathSecret);
}

/**
 * The group of an opened welcome, once all of it stands every test.
 *
 * Throws what ts-mls refuses, and TrustError `malformed`. What only this needed is overwritten,
 * whether the group is entered or not.
 */
export async function entered(
  suite: CiphersuiteImpl,
  opened: OpenedWelcome,
  keyPackage: KeyPackage,
  keys: PrivateKeyPackage,
  config: ClientConfig,
): Promise<ClientState> {
  try {
    return await judged(suite, opened, keyPackage, keys, config);
  } finally {
    forgotten(opened.secrets);
  }
}

async function judged(
  suite: CiphersuiteImpl,
  { info, tree, secrets }: OpenedWelcome,
  keyPackage: KeyPackage,
  keys: PrivateKeyPackage,
  config: ClientConfig,
): Promise<ClientState> {
  const { groupContext } = info;
  const { capabilities } = keyPackage.leafNode;
  if (!extensionsSupportedByCapabilities(groupContext.extensions, capabilities)) {
    throw malformed("This group asks for what this device cannot do");
  }
  if (groupContext.cipherSuite !== keyPackage.cipherSuite || groupContext.version !== "mls10") {
    throw malformed("This group is of another suite than the package it was joined by");
  }
  const signer = tree[leafToNodeIndex(toLeafIndex(info.signer))];
  if (signer?.nodeType !== "leaf") throw malformed("This welcome is of nobody in the group");
  const { credential, signaturePublicKey } = signer.leaf;
  if (!(await config.authService.validateCredential(credential, signaturePublicKey))) {
    throw malformed("This welcome is of nobody in the group");
  }
  if (!(await verifyGroupInfoSignature(info, signaturePublicKey, suite.signature))) {
    throw malformed("This welcome was signed by somebody else than it says");
  }
  await checkTree(tree, groupContext, suite, config);
  const own = findLeafIndex(tree, keyPackage.leafNode);
  if (own === undefined) throw malformed("This device is not in the group that it was asked into");
  const none = new Uint8Array(suite.kdf.size);
  if (!(await verifyGroupInfoConfirmationTag(info, secrets.joinerSecret, none, suite))) {
    throw malformed("This welcome does not confirm its group");
  }
  const above = await keysAbove(suite, tree, own, toLeafIndex(info.signer), secrets.pathSecret);
  const privateKeys = { ...above, [leafToNodeIndex(own)]: keys.hpkePrivateKey };
  const { kdf } = suite;
  const [keySchedule, encryptionSecret] = await deriveKeySchedule(
    secrets.joinerSecret,
    none,
    groupContext,
    kdf,
  );
  const secretTree = await createSecretTree(leafWidth(tree.length), encryptionSecret, kdf);
  wipe(encryptionSecret);
  return {
    groupContext,
    ratchetTree: tree,
    privatePath: { leafIndex: own, privateKeys },
    signaturePrivateKey: keys.signaturePrivateKey,
    confirmationTag: info.confirmationTag,
    unappliedProposals: {},
    keySchedule,
    secretTree,
    historicalReceiverData: new Map(),
    groupActiveState: { kind: "active" },
    clientConfig: config,
  };
}

/**
 * Private keys of the nodes that are above both this leaf and the inviting one; none without a secret.
 *
 * TrustError `malformed` if they are not those of the tree's public keys: a newcomer with other keys
 * could follow nobody. Nor may a node be blank. `pathToRoot` leaves blank ones out but for its two
 * ends, and those a commit with a path has filled: with a newcomer both halves of the tree have leaves.
 */
async function keysAbove(
  suite: CiphersuiteImpl,
  tree: RatchetTree,
  own: LeafIndex,
  inviting: LeafIndex,
  pathSecret: Uint8Array | undefined,
): Promise<Record<number, Uint8Array>> {
  const keys: Record<number, Uint8Array> = {};
  if (pathSecret === undefined) return keys;
  const meeting = firstCommonAncestor(tree, own, inviting);
  const path = await pathToRoot(tree, meeting, pathSecret, suite.kdf);
  try {
    for (const [at, secret] of Object.entries(path)) {
      const { publicKey, privateKey } = await nodeKeys(suite, secret);
      keys[Number(at)] = privateKey;
      const node = tree[Number(at)];
      if (node === undefined || !same(publicKey, getHpkePublicKey(node))) {
        throw malformed("This welcome brings keys that are not those of its group");
      }
    }
    return keys;
  } catch (problem) {
    for (const key of Object.values(keys)) wipe(key);
    throw problem;
  } finally {
    for (const secret of Object.values(path)) wipe(secret);
  }
}

/** A node's keys, of its path secret (section 7.4). */
async function nodeKeys({ hpke, kdf }: CiphersuiteImpl, pathSecret: Uint8Array) {
  const seed = await deriveSecret(pathSecret, "node", kdf);
  const pair = await hpke.deriveKeyPair(seed);
  const publicKey = await hpke.exportPublicKey(pair.publicKey);
  const exported = await hpke.exportPrivateKey(pair.privateKey);
  // Of ML-KEM the seed itself is exported: only a copy outlives it.
  const privateKey = exported.slice();
  for (const spent of [exported, seed]) wipe(spent);
  return { publicKey, privateKey };
}
