/**
 * Sealed messages of every kind as the working group's vectors have them: commits too, which OpenMLS
 * takes in the open only (`interop.test.ts`).
 */

import {
  type CiphersuiteImpl,
  decodeMlsMessage,
  encodeMlsMessage,
  type GroupContext,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  type RatchetTree,
} from "ts-mls";
import { encodeCommit } from "ts-mls/commit.js";
import { protectApplicationData, unprotectPrivateMessage } from "ts-mls/messageProtection.js";
import { unprotectPublicMessage } from "ts-mls/messageProtectionPublic.js";
import { encodeProposal } from "ts-mls/proposal.js";
import { createSecretTree } from "ts-mls/secretTree.js";
import { describe, expect, it } from "vitest";
import { hex, joined, type Octets, ofHex } from "../../trust/octets";
import { configOf } from "./party";
import { placeOf } from "./places.testing";
// github.com/mlswg/mls-implementations, test-vectors/message-protection.json (f25fcc5de7fc), suite 5,
// whose AEAD, KDF and hash are those of ours.
import vector from "./protection.testing.json";
import { messageOf } from "./wire";

const SUITE = "MLS_256_DHKEMP521_AES256GCM_SHA512_P521";
/** There are two members, and the second one says everything. */
const SENDER = 1;

const of = (text: string): Octets => ofHex(text, text.length / 2);

interface Place {
  suite: CiphersuiteImpl;
  context: GroupContext;
  tree: RatchetTree;
}

async function place(): Promise<Place> {
  const context: GroupContext = {
    version: "mls10",
    cipherSuite: SUITE,
    groupId: of(vector.groupId),
    epoch: BigInt(vector.epoch),
    treeHash: of(vector.treeHash),
    confirmedTranscriptHash: of(vector.confirmedTranscriptHash),
    extensions: [],
  };
  const leaf = { nodeType: "leaf", leaf: { signaturePublicKey: of(vector.signaturePub) } };
  const tree = [leaf, undefined, leaf] as unknown as RatchetTree;
  const suite = await getCiphersuiteImpl(getCiphersuiteFromName(SUITE));
  return { suite, context, tree };
}

/** Opened as our groups open: bounded, and read in the one way only. */
async function opened({ suite, context, tree }: Place, octets: Octets) {
  const { privateMessage } = messageOf(octets, "mls_private_message");
  const { party } = await placeOf("annaPhone");
  const { keyRetentionConfig } = configOf(party.authentication);
  const secrets = await createSecretTree(2, of(vector.encryptionSecret), suite.kdf);
  const secret = of(vector.senderDataSecret);
  const { content } = await unprotectPrivateMessage(
    secret,
    privateMessage,
    secrets,
    tree,
    context,
    keyRetentionConfig,
    suite,
  );
  return content.content;
}

async function openedInTheOpen({ suite, context, tree }: Place, octets: Octets) {
  const read = decodeMlsMessage(octets.slice(), 0)?.[0];
  if (read?.wireformat !== "mls_public_message") throw new Error("this is no public message");
  expect(hex(encodeMlsMessage(read))).toBe(hex(octets));
  const key = of(vector.membershipKey);
  const made = await unprotectPublicMessage(key, context, tree, read.publicMessage, suite);
  return made.content;
}

describe("messages of message-protection.json", () => {
  it("say what they say there, sealed and in the open", async () => {
    const here = await place();
    const application = await opened(here, of(vector.applicationPriv));
    if (application.contentType !== "application") throw new Error("no message");
    expect(hex(joined(application.applicationData))).toBe(vector.application);
    for (const content of [
      await opened(here, of(vector.proposalPriv)),
      await openedInTheOpen(here, of(vector.proposalPub)),
    ]) {
      if (content.contentType !== "proposal") throw new Error("no proposal");
      expect(hex(encodeProposal(content.proposal))).toBe(vector.proposal);
    }
    for (const content of [
      await opened(here, of(vector.commitPriv)),
      await openedInTheOpen(here, of(vector.commitPub)),
    ]) {
      if (content.contentType !== "commit") throw new Error("no commit");
      expect(hex(encodeCommit(content.commit))).toBe(vector.commit);
      expect(content.sender).toEqual({ senderType: "member", leafIndex: SENDER });
    }
  });

  it("are refused with any octet changed", async () => {
    const here = await place();
    const kinds = [
      [opened, vector.applicationPriv],
      [opened, vector.commitPriv],
      [openedInTheOpen, vector.commitPub],
    ] as const;
    for (const [open, text] of kinds) {
      const octets = of(text);
      for (let at = 0; at < octets.length; at += 23) {
        const changed = octets.slice();
        changed[at] = (changed[at] ?? 0) ^ 0x10;
        await expect(open(here, changed), `${at}`).rejects.toThrow();
      }
    }
  });

  it("are sealed so that they open there", async () => {
    const here = await place();
    const { suite, context } = here;
    const secrets = await createSecretTree(2, of(vector.encryptionSecret), suite.kdf);
    const { privateMessage } = await protectApplicationData(
      of(vector.signaturePriv),
      of(vector.senderDataSecret),
      of(vector.application),
      new Uint8Array(),
      context,
      secrets,
      SENDER,
      { kind: "padUntilLength", padUntilLength: 1_024 },
      suite,
    );
    const wireformat = "mls_private_message" as const;
    const octets = joined(encodeMlsMessage({ version: "mls10", wireformat, privateMessage }));
    const content = await opened(here, octets);
    if (content.contentType !== "application") throw new Error("no message");
    expect(hex(joined(content.applicationData))).toBe(vector.application);
  });
});
