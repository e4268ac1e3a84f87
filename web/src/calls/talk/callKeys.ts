/**
 * The keys of a call between two devices: a group of MLS of just these two, in memory, gone with
 * the call. The caller founds it and adds the device that rings; both talk in its epoch 1.
 */

import type { Peer } from "../../trust/chain";
import { TrustError } from "../../trust/errors";
import { type Identity, identityOf } from "../../trust/identity";
import { hex, type Octets, sha256 } from "../../trust/octets";
import { safetyNumber } from "../../trust/safetyNumber";
import type { MediaEnd } from "../media/description";
import type { Epoch } from "../media/epochs";
import { SUITES, type Suite } from "../media/sframe";
import { bindCall, checkCall } from "../mls/binding";
import { FRESH_KEY } from "../mls/commits";
import { Conversation } from "../mls/group";
import { openMemoryVault } from "../mls/memoryStore";
import { makePackage, readPackage } from "../mls/packages";
import type { Party } from "../mls/party";
import type { Member } from "../mls/roster";

/** Of either profile: both seal with AES-256-GCM and derive with SHA-512. */
export const SUITE: Suite = "AES_256_GCM_SHA512_128";
/** The epoch in which the second device is there. */
const TALKING = 1n;
/** After which the first call takes little more than the next one. Our choice. */
const WARMING_TURNS = 4;

/** A key for the media, and whose it is. */
export interface MediaKey {
  epoch: Epoch;
  /** To be overwritten by whoever takes it in. */
  baseKey: Octets;
}

export class CallKeys {
  readonly #call: string;
  readonly #group: Conversation;
  readonly #own: Member;
  readonly #other: Member;
  /** Whether the other end has shown that it is in the group and said the media that we have. */
  #shown = false;
  /** How many times this end has said its media, and which time of the other's came last. */
  #said = 0;
  #heard = 0;

  private constructor(call: string, group: Conversation, own: Member, other: Member) {
    this.#call = call;
    this.#group = group;
    this.#own = own;
    this.#other = other;
  }

  /**
   * The caller's: founds the group and adds the device of this identity by its package.
   *
   * `edge` orders the group's commits (`office/rome`); the welcome is for the device.
   */
  static async found(
    party: Party,
    call: string,
    device: Identity,
    edge: string,
    keyPackage: Octets,
  ): Promise<{ keys: CallKeys; welcome: Octets }> {
    const own = await forOneCall(party);
    const orderer = identityOf(party.identity.community, edge);
    const group = await Conversation.create(own, device.holder, orderer);
    const made = await group.change({ ...FRESH_KEY, add: [keyPackage] });
    if (made.kind !== "settled") throw new TrustError("busy", "A group of one waits for nobody.");
    return { keys: CallKeys.#between(call, group, party.identity, device), welcome: made.welcome };
  }

  /** The called device's, by the package that it made for this call. */
  static async join(waiting: Waiting, call: string, caller: Identity, welcome: Octets) {
    const { conversation, by } = await Conversation.join(waiting.party, welcome);
    if (by.identity.uri !== caller.uri) throw strangers();
    return CallKeys.#between(call, conversation, waiting.party.identity, caller);
  }

  static #between(call: string, group: Conversation, one: Identity, other: Identity): CallKeys {
    const [own, peer] = [one, other].map(({ uri }) =>
      group.members.find(({ identity }) => identity.uri === uri),
    );
    const pair = group.members.length === 2 && group.epoch === TALKING;
    if (own === undefined || peer === undefined || !pair) throw strangers();
    return new CallKeys(call, group, own, peer);
  }

  get epoch(): bigint {
    return this.#group.epoch;
  }

  /** A code over what this end says of its media. */
  async bind(end: MediaEnd): Promise<Octets> {
    const [from, to] = [this.#own.identity.uri, this.#other.identity.uri];
    this.#said += 1;
    const words = { call: this.#call, from, to, end, count: this.#said };
    return (await bindCall(this.#group, words)).code;
  }

  /**
   * Returns if the other device has said exactly this of its media, and nothing after it that came
   * here; before that no key is given.
   */
  async check(end: MediaEnd, code: Octets): Promise<void> {
    const [from, to] = [this.#other.identity.uri, this.#own.identity.uri];
    const binding = { epoch: this.epoch, code };
    const words = { call: this.#call, from, to, end };
    this.#heard = await checkCall(this.#group, words, binding, this.#heard);
    this.#shown = true;
  }

  /** The key that both ends seal and open with. */
  async mediaKey(): Promise<MediaKey> {
    if (!this.#shown) throw new TrustError("key", "The other end has not shown its media yet.");
    const { leaf: own } = this.#own;
    const { leaf: peer } = this.#other;
    const epoch = { number: this.epoch, leaves: this.#group.leaves, own, peer };
    return { epoch, baseKey: await this.#group.mediaKey(SUITES[SUITE].keyOctets) };
  }

  /** Who is at the other end, as judged here. */
  peer(): Promise<Peer> {
    return this.#group.peerOf(this.#other);
  }

  /** SHA-256 of the key of the other device's certificate: by it a new key is found, not the holder. */
  async keyPrint(): Promise<string> {
    return hex(await sha256(this.#other.certificate.spki));
  }

  /** What the two people read to each other: groups of digits, apart by spaces. */
  async safety(): Promise<string> {
    const [own, other] = [this.#own.certificate.spki, this.#other.certificate.spki];
    return (await safetyNumber(own, other, this.#own.identity.community)).join(" ");
  }

  /** Overwrites everything. */
  forget(): Promise<void> {
    return this.#group.forget();
  }
}

/** A device that has made a package and waits for the welcome. */
export interface Waiting {
  party: Party;
  keyPackage: Octets;
}

/** Makes the package for one call; its private keys are nowhere but in memory. */
export async function waitForWelcome(party: Party): Promise<Waiting> {
  const own = await forOneCall(party);
  return { party: own, keyPackage: await makePackage(own, false) };
}

/**
 * Does for nobody what costs most in a call: what is compiled and judged then stays so.
 *
 * One turn leaves most of the KEM's arithmetic uncompiled. Between two turns the page may draw.
 */
export async function warmUp(party: Party): Promise<void> {
  for (let turn = 0; turn < WARMING_TURNS; turn++) {
    const own = await forOneCall(party);
    await readPackage(own, await makePackage(own, false));
    const { community } = party.identity;
    const nobody = `spiffe://${community}/person/nobody`;
    const group = await Conversation.create(own, nobody, identityOf(community, "office/none"));
    await group.change();
    await group.mediaKey(SUITES[SUITE].keyOctets);
    await group.forget();
    const { hpke } = party.suite;
    const pair = await hpke.generateKeyPair();
    const none = new Uint8Array();
    const { ct, enc } = await hpke.seal(pair.publicKey, none, none, none);
    await hpke.open(pair.privateKey, enc, ct, none);
    await new Promise((resume) => setTimeout(resume));
  }
}

async function forOneCall(party: Party): Promise<Party> {
  return { ...party, vault: await openMemoryVault(party.identity) };
}

function strangers(): TrustError {
  return new TrustError(
    "identity",
    "The keys of this call are not those of the two devices that it is between.",
  );
}
