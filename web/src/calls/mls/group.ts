/** A conversation of two people's devices: a group of MLS (RFC 9420), kept, ordered and padded. */

import {
  type ClientState,
  createApplicationMessage,
  mlsExporter,
  type PrivateMessage,
} from "ts-mls";
import type { Peer } from "../../trust/chain";
import { TrustError } from "../../trust/errors";
import type { Identity } from "../../trust/identity";
import { joined as copied, hex, type Octets } from "../../trust/octets";
import {
  commitOf,
  type Followed,
  FRESH_KEY,
  follow,
  type Pending,
  remadeOf,
  TakenOut,
  type Wish,
} from "./commits";
import { malformed, refusing } from "./errors";
import { founded, joined } from "./joining";
import { EXPORT } from "./numbers";
import { opened } from "./opening";
import { askedBy, followed, holding, type Notice, named, nameOf } from "./ordering";
import type { Made, Received, Settled } from "./outcomes";
import { paddedLength } from "./padding";
import type { Party } from "./party";
import { type Member, rosterOf } from "./roster";
import { advanced, type Kept, keptOctets, keptOfOctets, pruned } from "./state";
import { type Terms, termsOf, termsOfGroup } from "./terms";
import type { KeptRecord } from "./vault";
import { wipe, wipeBetween } from "./wiping";
import { messageOf, octetsOf } from "./wire";

const NOTHING: Octets = new Uint8Array();

/** A group as one of its members sees it. Whatever throws has changed nothing. */
export class Conversation {
  readonly #party: Party;
  #kept: Kept;
  #members: readonly Member[];
  #record: KeptRecord;
  #ended = false;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(party: Party, kept: Kept, members: readonly Member[], record: KeptRecord) {
    this.#party = party;
    this.#kept = kept;
    this.#members = members;
    this.#record = record;
  }

  /** Makes a group between this device's person and another one. */
  static async create(party: Party, other: string, orderer: Identity): Promise<Conversation> {
    const terms = termsOf(orderer, [party.identity.holder, other]);
    const state = await refusing("A new group", () => founded(party, terms));
    return Conversation.#begun(party, state, [], 0);
  }

  /** Joins a group by a welcome; the package is spent unless it is the last resort. */
  static async join(
    party: Party,
    octets: Octets,
  ): Promise<{ conversation: Conversation; by: Member }> {
    const { welcome } = messageOf(octets, "mls_welcome");
    return refusing("This welcome", async () => {
      const { state, by, used } = await joined(party, welcome);
      const revision = await revisionBelow(party, state);
      const spent = used.lastResort ? [] : [used.record];
      const conversation = await Conversation.#begun(party, pruned(state), spent, revision);
      return { conversation, by };
    });
  }

  /** A group that was kept; null if there is none of this identifier. */
  static async load(party: Party, id: string): Promise<Conversation | null> {
    const record = await party.vault.read("conversation", id);
    if (record === null) return null;
    const kept = keptOfOctets(record.octets, party.config);
    const members = await membersOf(kept.state);
    return new Conversation(party, kept, members, { ...record, octets: NOTHING });
  }

  static async #begun(party: Party, state: ClientState, spent: KeptRecord[], revision: number) {
    const kept: Kept = { state, pending: null, held: [], named: [] };
    const name = hex(state.groupContext.groupId);
    const record: KeptRecord = { kind: "conversation", name, revision, octets: NOTHING };
    const made = new Conversation(party, kept, await membersOf(state), record);
    await made.#keep(kept, spent);
    return made;
  }

  /** The group's identifier, small hexadecimal digits. */
  get id(): string {
    return this.#record.name;
  }

  get epoch(): bigint {
    return this.#kept.state.groupContext.epoch;
  }

  get terms(): Terms {
    return termsOfGroup(this.#kept.state.groupContext);
  }

  /** Everybody in the group, this device too, by leaf. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /** Leaves of the tree, empty ones too: by this SFrame sizes its key identifiers. */
  get leaves(): number {
    return (this.#kept.state.ratchetTree.length + 1) / 2;
  }

  /** This device's leaf. */
  get leaf(): number {
    return this.#kept.state.privatePath.leafIndex;
  }

  /** What waits for the orderer's word: to be sent to it again after a reload. */
  get waiting(): Octets | null {
    return this.#kept.pending?.commit ?? null;
  }

  /** This device was taken out. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Seals a message to the group; it is kept that its key is spent before it is given out. */
  send(content: Octets): Promise<Octets> {
    return this.#inTurn("This message", async (kept) => {
      const padUntilLength = paddedLength(content.length, this.#party.profile);
      const { config, suite } = this.#party;
      const clientConfig = { ...config, paddingConfig: { kind: "padUntilLength", padUntilLength } };
      const padding = { ...kept.state, clientConfig } as ClientState;
      const sealed = await createApplicationMessage(padding, content, suite);
      const state = { ...sealed.newState, clientConfig: config };
      await this.#take({ ...kept, state }, sealed.consumed);
      const wireformat = "mls_private_message" as const;
      return octetsOf({ version: "mls10", wireformat, privateMessage: sealed.privateMessage });
    });
  }

  /** Opens a message, or holds a commit until the orderer names it. */
  receive(octets: Octets): Promise<Received> {
    return this.#inTurn("This message", async (kept) => {
      const { privateMessage } = messageOf(octets, "mls_private_message");
      const { contentType, epoch, groupId } = privateMessage;
      if (hex(groupId) !== this.id) throw malformed("This message is of another conversation");
      if (contentType === "proposal") throw malformed("Proposals travel in commits only");
      if (epoch > this.epoch) return { kind: "early", epoch };
      if (contentType === "application") return this.#open(kept, privateMessage);
      if (epoch < this.epoch) throw malformed("This commit is of an epoch that is past");
      const held = await holding(kept.held, octets);
      if (held.length !== kept.held.length) await this.#take({ ...kept, held }, []);
      return { kind: "held", epoch, commit: await nameOf(octets) };
    });
  }

  /** Makes the commit of a wish. It counts when the orderer has named it, and only then. */
  change(wish: Wish = FRESH_KEY): Promise<Made> {
    return this.#inTurn("This change", async (kept) => {
      if (kept.pending !== null) {
        throw new TrustError("busy", "A change waits for the orderer's word already.");
      }
      const pending = await commitOf(this.#party, kept.state, wish);
      const name = await nameOf(pending.commit);
      if (this.#members.length === 1) {
        // Nobody else can have made another one.
        const settled = await this.#merge(kept, pending, name);
        return { kind: "settled", epoch: this.epoch, welcome: settled.welcome };
      }
      await this.#take({ ...kept, pending }, []);
      return { kind: "waits", epoch: this.epoch, commit: pending.commit, name };
    });
  }

  /** Follows the orderer's word; the commit may come along if it was not received before. */
  settle(notice: Notice, ...commits: readonly Octets[]): Promise<Settled> {
    return this.#inTurn("This commit", async (kept) => {
      const { orderer } = this.terms;
      const order = { group: this.id, epoch: this.epoch, orderer, named: kept.named };
      const asked = askedBy(notice, order);
      if (asked === "past") return { kind: "past" };
      if (asked === "ahead") return { kind: "missing", from: this.epoch };
      const { pending } = kept;
      if (pending !== null && (await nameOf(pending.commit)) === notice.commit) {
        return this.#merge(kept, pending, notice.commit);
      }
      const commit = await named([...commits, ...kept.held], notice.commit);
      if (commit === null) return { kind: "wanted", commit: notice.commit };
      return this.#followed(kept, commit, notice.commit);
    });
  }

  /** A secret of the present epoch for one use; every member has the same (section 8.5). */
  async exportSecret(label: string, context: Octets, octets: number): Promise<Octets> {
    if (this.#ended) throw over();
    const { exporterSecret } = this.#kept.state.keySchedule;
    return copied(await mlsExporter(exporterSecret, label, context, octets, this.#party.suite));
  }

  /** SFrame's base key of the present epoch (RFC 9605 section 5.2), of so many octets. */
  mediaKey(octets: number): Promise<Octets> {
    return this.exportSecret(EXPORT.media, NOTHING, octets);
  }

  /** Who a member is, judged anew by chain, dates, revocation and evidence. */
  peerOf(member: Member): Promise<Peer> {
    const node = this.#kept.state.ratchetTree[2 * member.leaf];
    if (node?.nodeType !== "leaf") throw malformed("There is no such member");
    const { credential, signaturePublicKey } = node.leaf;
    return this.#party.authentication.peerOf(credential, signaturePublicKey);
  }

  /** Members who would not be let in today, with the reason: to be taken out, or shown. */
  async unfit(): Promise<{ member: Member; problem: Error }[]> {
    const found: { member: Member; problem: Error }[] = [];
    for (const member of this.#members) {
      try {
        await this.peerOf(member);
      } catch (problem) {
        found.push({ member, problem: problem as Error });
      }
    }
    return found;
  }

  /** Overwrites all keys and keeps nothing: a group that was made for one call is over with it. */
  forget(): Promise<void> {
    return this.#inTurn("The end of this conversation", (kept) => this.#leave(kept));
  }

  async #open(kept: Kept, message: PrivateMessage): Promise<Received> {
    const { from, content, next, consumed } = await opened(
      this.#party,
      kept.state,
      this.#members,
      message,
    );
    await this.#take({ ...kept, state: next }, consumed);
    return { kind: "message", from, epoch: message.epoch, content };
  }

  async #merge(kept: Kept, pending: Pending, name: string) {
    const by = this.#members.find(({ leaf }) => leaf === this.leaf);
    const before = this.#members;
    const state = advanced(kept.state, pending.next);
    await this.#enter(kept, state, name);
    const after = this.#members;
    const known = (list: readonly Member[], { certificate: { serial } }: Member) =>
      list.some(({ certificate }) => certificate.serial === serial);
    const changes = {
      added: after.filter((member) => !known(before, member)),
      removed: before.filter((member) => !known(after, member)),
    };
    const { epoch } = this;
    const { welcome } = pending;
    return { kind: "settled" as const, epoch, by: by as Member, changes, welcome, again: null };
  }

  async #followed(kept: Kept, commit: Octets, name: string): Promise<Settled> {
    let done: Followed;
    try {
      done = await follow(this.#party, kept.state, commit);
    } catch (problem) {
      if (problem instanceof TakenOut) return this.#end(kept, problem.leaf);
      throw problem;
    }
    const { by, changes } = done;
    await this.#enter(kept, pruned(done.next), name);
    for (const secret of done.consumed) wipe(secret);
    const wish = kept.pending?.wish;
    const again = wish === undefined ? null : await remadeOf(this.#kept.state, wish);
    const { epoch } = this;
    return { kind: "settled", epoch, by, changes, welcome: NOTHING, again };
  }

  async #end(kept: Kept, by: number): Promise<Settled> {
    await this.#leave(kept);
    return { kind: "removed", by: this.#members.find(({ leaf }) => leaf === by) as Member };
  }

  async #leave(kept: Kept): Promise<void> {
    await this.#party.vault.write([], [this.#record]);
    this.#ended = true;
    wipeBetween(kept.state, null);
    if (kept.pending !== null) wipeBetween(kept.pending.next, null);
  }

  /** Goes on to the next epoch and wipes what only the last one needed. */
  async #enter(kept: Kept, state: ClientState, commit: string): Promise<void> {
    const members = await membersOf(state);
    const told = followed(kept.named, { epoch: kept.state.groupContext.epoch, commit });
    await this.#keep({ state, pending: null, held: [], named: told }, []);
    this.#members = members;
    if (kept.pending !== null) wipeBetween(kept.pending.next, state);
    wipeBetween(kept.state, state);
  }

  async #take(kept: Kept, consumed: readonly Uint8Array[]): Promise<void> {
    await this.#keep(kept, []);
    for (const secret of consumed) wipe(secret);
  }

  async #keep(kept: Kept, spent: readonly KeptRecord[]): Promise<void> {
    const octets = keptOctets(kept);
    await this.#party.vault.write([{ ...this.#record, octets }], spent);
    wipe(octets);
    this.#record = { ...this.#record, revision: this.#record.revision + 1 };
    this.#kept = kept;
  }

  /** One thing after the other: each begins with what the one before it has left. */
  #inTurn<T>(what: string, act: (kept: Kept) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() =>
      refusing(what, async () => {
        if (this.#ended) throw over();
        return act(this.#kept);
      }),
    );
    this.#last = turn.catch(() => {});
    return turn;
  }
}

function membersOf(state: ClientState): Promise<Member[]> {
  return rosterOf(state.ratchetTree, termsOfGroup(state.groupContext));
}

/** The revision of an older membership that a welcome takes the place of; 0 where there is none. */
async function revisionBelow(party: Party, { groupContext }: ClientState): Promise<number> {
  const record = await party.vault.read("conversation", hex(groupContext.groupId));
  if (record === null) return 0;
  const { state } = keptOfOctets(record.octets, party.config);
  if (state.groupContext.epoch >= groupContext.epoch) {
    throw new TrustError("busy", "This device has been in the conversation since, or still is.");
  }
  return record.revision;
}

function over(): TrustError {
  return new TrustError("key", "This device is out of the conversation; its keys are gone.");
}
