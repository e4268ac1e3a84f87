/**
 * Transcripts, secrets and a whole join as the working group's vectors have them; each file of
 * vectors names its source. Suites are those of RFC 9420 that `interop.test.ts` speaks.
 *
 * welcome.json is not here: the copy that could be had is of a draft in which a welcome had another
 * form. The passive client enters by a welcome of RFC 9420.
 */

import { decodeMlsMessage, emptyPskIndex, encodeMlsMessage, processMessage } from "ts-mls";
import {
  decodeAuthenticatedContent,
  encodeAuthenticatedContent,
} from "ts-mls/authenticatedContent.js";
import { verifyConfirmationTag } from "ts-mls/framedContent.js";
import { createSecretTree, ratchetToGeneration } from "ts-mls/secretTree.js";
import { expandSenderDataKey, expandSenderDataNonce } from "ts-mls/sender.js";
import { createConfirmedHash, createInterimHash } from "ts-mls/transcriptHash.js";
import { describe, expect, it } from "vitest";
import { hex } from "../../trust/octets";
import { entered, openedWelcome } from "./entering";
import passive from "./published.passive.testing.json";
import secrets from "./published.secrets.testing.json";
import { config, of, suiteNamed } from "./published.testing";
import transcripts from "./published.transcript.testing.json";

describe("transcript-hashes.json", () => {
  it.each(transcripts.vectors)("$suite", async (vector) => {
    const { hash } = await suiteNamed(vector.suite);
    const content = decodeAuthenticatedContent(of(vector.authenticatedContent), 0)?.[0];
    if (content === undefined) throw new Error("no content");
    expect(hex(encodeAuthenticatedContent(content))).toBe(vector.authenticatedContent);
    const { wireformat, auth } = content;
    if (auth.contentType !== "commit" || content.content.contentType !== "commit") {
      throw new Error("no commit");
    }
    const input = { wireformat, content: content.content, signature: auth.signature };
    const confirmed = await createConfirmedHash(of(vector.interimBefore), input, hash);
    expect(hex(confirmed)).toBe(vector.confirmedAfter);
    const key = of(vector.confirmationKey);
    expect(await verifyConfirmationTag(key, auth.confirmationTag, confirmed, hash)).toBe(true);
    const interim = await createInterimHash(confirmed, auth.confirmationTag, hash);
    expect(hex(interim)).toBe(vector.interimAfter);
  });
});

describe("secret-tree.json", () => {
  it("gives each leaf its keys", async () => {
    const suite = await suiteNamed(secrets.suite);
    const retention = (await config()).keyRetentionConfig;
    for (const vector of secrets.leaves) {
      for (const [kind, key, nonce] of [
        ["application", vector.applicationKey, vector.applicationNonce],
        ["commit", vector.handshakeKey, vector.handshakeNonce],
      ] as const) {
        const fresh = await createSecretTree(
          secrets.width,
          of(secrets.encryptionSecret),
          suite.kdf,
        );
        // A guard of zeros leaves the nonce as it was derived.
        const reuseGuard = new Uint8Array(4) as unknown as [number, number, number, number] &
          Uint8Array;
        const sender = { leafIndex: vector.leaf, generation: secrets.generation, reuseGuard };
        const made = await ratchetToGeneration(fresh, sender, kind, retention, suite);
        expect(hex(made.key)).toBe(key);
        expect(hex(made.nonce)).toBe(nonce);
      }
    }
  });

  it("hides who sends under its keys", async () => {
    const suite = await suiteNamed(secrets.suite);
    const [secret, sample] = [of(secrets.senderDataSecret), of(secrets.ciphertext)];
    expect(hex(await expandSenderDataKey(suite, secret, sample))).toBe(secrets.senderDataKey);
    expect(hex(await expandSenderDataNonce(suite, secret, sample))).toBe(secrets.senderDataNonce);
  });
});

describe("passive-client-handling-commit.json", () => {
  async function joinedGroup(welcomeText: string) {
    const suite = await suiteNamed(passive.suite);
    const read = decodeMlsMessage(of(welcomeText), 0)?.[0];
    const offered = decodeMlsMessage(of(passive.keyPackage), 0)?.[0];
    if (read?.wireformat !== "mls_welcome" || offered?.wireformat !== "mls_key_package") {
      throw new Error("no welcome");
    }
    expect(hex(encodeMlsMessage(offered))).toBe(passive.keyPackage);
    expect(hex(encodeMlsMessage(read))).toBe(welcomeText);
    const keys = {
      initPrivateKey: of(passive.initPriv),
      hpkePrivateKey: of(passive.encryptionPriv),
      signaturePrivateKey: of(passive.signaturePriv),
    };
    const { keyPackage } = offered;
    const opened = await openedWelcome(suite, read.welcome, keyPackage, keys.initPrivateKey);
    return entered(suite, opened, keyPackage, keys, await config());
  }

  it("joins, and follows what others commit", async () => {
    const suite = await suiteNamed(passive.suite);
    let state = await joinedGroup(passive.welcome);
    expect(hex(state.keySchedule.epochAuthenticator)).toBe(passive.epochAuthenticator);
    for (const { commit, epochAuthenticator } of passive.epochs) {
      const read = decodeMlsMessage(of(commit), 0)?.[0];
      if (read?.wireformat !== "mls_public_message") throw new Error("no public message");
      expect(hex(encodeMlsMessage(read))).toBe(commit);
      const made = await processMessage(read, state, emptyPskIndex, () => "accept", suite);
      if (made.kind !== "newState") throw new Error("no commit");
      state = made.newState;
      expect(hex(state.keySchedule.epochAuthenticator)).toBe(epochAuthenticator);
    }
  });

  it("joins by no welcome that was changed", async () => {
    const length = passive.welcome.length / 2;
    for (let at = length >> 3; at < length; at += 401) {
      const changed = of(passive.welcome);
      changed[at] = (changed[at] ?? 0) ^ 0x20;
      await expect(joinedGroup(hex(changed)), `${at}`).rejects.toThrow();
    }
  });
});
