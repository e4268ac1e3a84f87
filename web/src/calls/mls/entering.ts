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
import { mergePrivateKeyPaths, toPrivateKeyPath } from "ts-mls/privateKeyPath.js";
import { findLeafIndex } from "ts-mls/ratchetTree.js";
import { createSecretTree } from "ts-mls/secretTree.js";
import { leafToNodeIndex, leafWidth, toLeafIndex } from "ts-mls/treemath.js";
import { firstCommonAncestor } from "ts-mls/updatePath.js";
import { decryptGroupInfo, decryptGroupSecrets } from "ts-mls/welcome.js";
import { malformed } from "./errors";
import { checkTree } from "./wholeTree";
import { wipe } from "./wiping";

/** What a welcome says to the holder of one key package; nothing of it is judged. */
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
  if (secrets === undefined || secrets.psks.length > 0) throw malformed("This is no welcome");
  const none = new Uint8Array(suite.kdf.size);
  const info = await decryptGroupInfo(welcome, secrets.joinerSecret, none, suite);
  const tree = info && ratchetTreeFromExtension(info);
  if (tree === undefined || info === undefined) throw malformed("This is no welcome");
  return { info, tree, secrets };
}

/**
 * The group of an opened welcome, once all of it stands every test.
 *
 * Throws what ts-mls refuses, and TrustError `malformed`. What only this needed is overwritten.
 */
export async function entered(
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
  let privatePath = {
    leafIndex: own as number,
    privateKeys: { [leafToNodeIndex(own)]: keys.hpkePrivateKey },
  };
  if (secrets.pathSecret !== undefined) {
    const meeting = firstCommonAncestor(tree, own, toLeafIndex(info.signer));
    const path = await pathToRoot(tree, meeting, secrets.pathSecret, suite.kdf);
    privatePath = mergePrivateKeyPaths(await toPrivateKeyPath(path, own, suite), privatePath);
    for (const secret of Object.values(path)) wipe(secret);
  }
  const { kdf } = suite;
  const [keySchedule, encryptionSecret] = await deriveKeySchedule(
    secrets.joinerSecret,
    none,
    groupContext,
    kdf,
  );
  const secretTree = await createSecretTree(leafWidth(tree.length), encryptionSecret, kdf);
  wipe(encryptionSecret);
  wipe(secrets.joinerSecret);
  return {
    groupContext,
    ratchetTree: tree,
    privatePath,
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
