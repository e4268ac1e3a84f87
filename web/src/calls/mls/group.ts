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
import { joined as copied, hex, type Octets, same } from "../../trust/octets";
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
import { founded, joined, revisionBelow } from "./joining";
import { EXPORT } from "./numbers";
import { opened } from "./opening";
import { askedBy, followed, holding, type Notice, named, nameOf } from "./ordering";
import type { Made, Message, Received, Settled } from "./outcomes";
import { paddedLength } from "./padding";
import type { Party } from "./party";
import { type Member, rosterOf } from "./roster";
import { advanced, type Kept, keptOctets, keptOfOctets, pruned } from "./state";
import { rawKeyOf } from "./suites";
import { type Terms, termsOf, termsOfGroup } from "./terms";
import type { Beside, KeptRecord } from "./vault";
import { wipe, wipeBetween } from "./wiping";
import { messageOf, octetsOf } from "./wire";

const NOTHING: Octets = new Uint8Array();

/** Tells what is to be kept in the same go as the group; what it throws undoes the whole. */
export type Along<T> = (outcome: T) => Beside;

const NONE: Beside = { put: [], removed: [] };

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
  static async create(
    party: Party,
    other: string,
    orderer: Identity,
    along?: Along<Conversation>,
  ): Promise<Conversation> {
    const terms = termsOf(orderer, [party.identity.holder, other]);
    const state = await refusing("A new group", () => founded(party, terms));
    return Conversation.#begun(party, state, [], 0, along);
  }

  /** Joins a group by a welcome; the package is spent unless it is the last resort. */
  static async join(
    party: Party,
    octets: Octets,
    along?: Along<{ conversation: Conversation; by: Member }>,
  ): Promise<{ conversation: Conversation; by: Member }> {
    const { welcome } = messageOf(octets, "mls_welcome");
    return refusing("This welcome", async () => {
      const { state, by, used } = await joined(party, welcome);
      const revision = await revisionBelow(party, state);
      const spent = used.lastResort ? [] : [used.record];
      const both = along && ((conversation: Conversation) => along({ conversation, by }));
      const conversation = await Conversation.#begun(party, pruned(state), spent, revision, both);
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

  static async #begun(
    party: Party,
    state: ClientState,
    spent: KeptRecord[],
    revision: number,
    along?: Along<Conversation>,
  ): Promise<Conversation> {
    const kept: Kept = { state, pending: null, held: [], named: [] };
    const name = hex(state.groupContext.groupId);
    const record: KeptRecord = { kind: "conversation", name, revision, octets: NOTHING };
    const made = new Conversation(party, kept, await membersOf(state), record);
    const beside = along?.(made);
    const removed = [...spent, ...(beside?.removed ?? [])];
    await made.#keep(kept, { put: beside?.put ?? [], removed });
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

  /** For those whom the waiting change adds; empty if it adds nobody, or nothing waits. */
  get waitingWelcome(): Octets {
    return this.#kept.pending?.welcome ?? NOTHING;
  }

  /** This device was taken out. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether this device signs with the key that the group knows: not since its key was renewed. */
  get speaks(): boolean {
    const own = this.#members.find(({ leaf }) => leaf === this.leaf);
    return own !== undefined && same(rawKeyOf(own.certificate.spki), this.#party.publicKey);
  }

  /** Seals a message to the group; it is kept that its key is spent before it is given out. */
  send(content: Octets, along?: Along<Octets>): Promise<Octets> {
    return this.#inTurn("This message", async (kept) => {
      const padUntilLength = paddedLength(content.length, this.#party.profile);
      const { config, suite } = this.#party;
      const clientConfig = { ...config, paddingConfig: { kind: "padUntilLength", padUntilLength } };
      const padding = { ...kept.state, clientConfig } as ClientState;
      const sealed = await createApplicationMessage(padding, content, suite);
      const state = { ...sealed.newState, clientConfig: config };
      const wireformat = "mls_private_message" as const;
      const { privateMessage } = sealed;
      const octets = octetsOf({ version: "mls10", wireformat, privateMessage });
      await this.#take({ ...kept, state }, sealed.consumed, along?.(octets));
      return octets;
    });
  }

  /** Opens a message, or holds a commit until the orderer names it. */
  receive(octets: Octets, along?: Along<Message>): Promise<Received> {
    return this.#inTurn("This message", async (kept) => {
      const { privateMessage } = messageOf(octets, "mls_private_message");
      const { contentType, epoch, groupId } = privateMessage;
      if (hex(groupId) !== this.id) throw malformed("This message is of another conversation");
      if (contentType === "proposal") throw malformed("Proposals travel in commits only");
      if (epoch > this.epoch) return { kind: "early", epoch };
      if (contentType === "application") return this.#open(kept, privateMessage, along);
      if (epoch < this.epoch) throw malformed("This commit is of an epoch that is past");
      const held = await holding(kept.held, octets);
      if (held.length !== kept.held.length) await this.#take({ ...kept, held }, []);
      return { kind: "held", epoch, commit: await nameOf(octets) };
    });
  }

  /** Makes the commit of a wish. It counts when the orderer has named it, and only then. */
  change(wish: Wish = FRESH_KEY, along?: Along<Made>): Promise<Made> {
    return this.#inTurn("This change", async (kept) => {
      if (kept.pending !== null) {
        throw new TrustError("busy", "A change waits for the orderer's word already.");
      }
      const pending = await commitOf(this.#party, kept.state, wish);
      const name = await nameOf(pending.commit);
      if (this.#members.length === 1) {
        // Nobody else can have made another one.
        const { commit, welcome } = pending;
        const made = (epoch: bigint) => ({ kind: "settled" as const, epoch, commit, welcome });
        const next = pending.next.groupContext.epoch;
        const both = along && (() => along(made(next)));
        await this.#merge(kept, pending, name, both);
        return made(next);
      }
      const { commit, welcome } = pending;
      const made: Made = { kind: "waits", epoch: this.epoch, commit, welcome, name };
      await this.#take({ ...kept, pending }, [], along?.(made));
      return made;
    });
  }

  /** Follows the orderer's word; the commit may come along if it was not received before. */
  settle(notice: Notice, ...commits: readonly Octets[]): Promise<Settled> {
    return this.follow(notice, commits);
  }

  /** The same; `along` is asked where the word changes the group. */
  follow(notice: Notice, commits: readonly Octets[], along?: Along<Settled>): Promise<Settled> {
    return this.#inTurn("This commit", async (kept) => {
      const { orderer } = this.terms;
      const order = { group: this.id, epoch: this.epoch, orderer, named: kept.named };
      const asked = askedBy(notice, order);
      if (asked === "past") return { kind: "past" };
      if (asked === "ahead") return { kind: "missing", from: this.epoch };
      const { pending } = kept;
      if (pending !== null && (await nameOf(pending.commit)) === notice.commit) {
        return this.#merge(kept, pending, notice.commit, along);
      }
      const commit = await named([...commits, ...kept.held], notice.commit);
      if (commit === null) return { kind: "wanted", commit: notice.commit };
      return this.#followed(kept, commit, notice.commit, along);
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
  forget(beside?: Beside): Promise<void> {
    return this.#inTurn("The end of this conversation", (kept) => this.#leave(kept, beside));
  }

  async #open(kept: Kept, message: PrivateMessage, along?: Along<Message>): Promise<Received> {
    const done = await opened(this.#party, kept.state, this.#members, message);
    const { from, content, next, consumed } = done;
    const received: Message = { kind: "message", from, epoch: message.epoch, content };
    await this.#take({ ...kept, state: next }, consumed, along?.(received));
    return received;
  }

  async #merge(kept: Kept, pending: Pending, name: string, along?: Along<Settled>) {
    const by = this.#members.find(({ leaf }) => leaf === this.leaf) as Member;
    const before = this.#members;
    const state = advanced(kept.state, pending.next);
    const after = await membersOf(state);
    const known = (list: readonly Member[], { certificate: { serial } }: Member) =>
      list.some(({ certificate }) => certificate.serial === serial);
    const changes = {
      added: after.filter((member) => !known(before, member)),
      removed: before.filter((member) => !known(after, member)),
    };
    const { epoch } = state.groupContext;
    const { welcome } = pending;
    const what = { epoch, by, changes, members: after, welcome, again: null };
    const settled = { kind: "settled" as const, ...what };
    await this.#enter(kept, state, after, name, along?.(settled));
    return settled;
  }

  async #followed(
    kept: Kept,
    commit: Octets,
    name: string,
    along?: Along<Settled>,
  ): Promise<Settled> {
    let done: Followed;
    try {
      done = await follow(this.#party, kept.state, commit);
    } catch (problem) {
      if (problem instanceof TakenOut) return this.#end(kept, problem.leaf, along);
      throw problem;
    }
    const { by, changes, consumed } = done;
    const state = pruned(done.next);
    const members = await membersOf(state);
    const wish = kept.pending?.wish;
    const again = wish === undefined ? null : await remadeOf(state, wish);
    const { epoch } = state.groupContext;
    const what = { epoch, by, changes, members, welcome: NOTHING, again };
    const settled = { kind: "settled" as const, ...what };
    await this.#enter(kept, state, members, name, along?.(settled));
    for (const secret of consumed) wipe(secret);
    return settled;
  }

  async #end(kept: Kept, leaf: number, along?: Along<Settled>): Promise<Settled> {
    const by = this.#members.find((each) => each.leaf === leaf) as Member;
    const settled = { kind: "removed" as const, by };
    await this.#leave(kept, along?.(settled));
    return settled;
  }

  async #leave(kept: Kept, beside: Beside = NONE): Promise<void> {
    await this.#party.vault.write(beside.put, [this.#record, ...beside.removed]);
    this.#ended = true;
    wipeBetween(kept.state, null);
    if (kept.pending !== null) wipeBetween(kept.pending.next, null);
  }

  /** Goes on to the next epoch and wipes what only the last one needed. */
  async #enter(
    kept: Kept,
    state: ClientState,
    members: readonly Member[],
    commit: string,
    beside?: Beside,
  ): Promise<void> {
    const told = followed(kept.named, { epoch: kept.state.groupContext.epoch, commit });
    await this.#keep({ state, pending: null, held: [], named: told }, beside);
    this.#members = members;
    if (kept.pending !== null) wipeBetween(kept.pending.next, state);
    wipeBetween(kept.state, state);
  }

  async #take(kept: Kept, consumed: readonly Uint8Array[], beside?: Beside): Promise<void> {
    await this.#keep(kept, beside);
    for (const secret of consumed) wipe(secret);
  }

  async #keep(kept: Kept, { put, removed }: Beside = NONE): Promise<void> {
    const octets = keptOctets(kept);
    await this.#party.vault.write([{ ...this.#record, octets }, ...put], removed);
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

function over(): TrustError {
  return new TrustError("key", "This device is out of the conversation; its keys are gone.");
}
