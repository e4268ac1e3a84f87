/**
 * A member as `Conversation` drives ts-mls, in a suite of RFC 9420 and with a basic credential: what
 * a second implementation can speak to. Whom our own rules let in is no part of it.
 */

import {
  type CiphersuiteImpl,
  type CiphersuiteName,
  type ClientConfig,
  type ClientState,
  type Credential,
  createApplicationMessage,
  createCommit,
  createGroup,
  emptyPskIndex,
  generateKeyPackage,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  type KeyPackage,
  mlsExporter,
  type PrivateKeyPackage,
  type Proposal,
  processMessage,
} from "ts-mls";
import { joined, type Octets, same } from "../../trust/octets";
import { entered, openedWelcome } from "./entering";
import { paddedLength } from "./padding";
import { placeOf } from "./places.testing";
import { advanced, keptOctets, keptOfOctets, pruned } from "./state";
import { wipe, wipeBetween } from "./wiping";
import { messageOf, octetsOf } from "./wire";

const LIFE_S = 86_400;

export interface StandardParty {
  name: Octets;
  suite: CiphersuiteImpl;
  config: ClientConfig;
  keyPackage: KeyPackage;
  keys: PrivateKeyPackage;
}

/** What a commit of its own brings about. */
export interface StandardCommit {
  commit: Octets;
  /** A message of MLS; empty if nobody was added. */
  welcome: Octets;
}

/** A device with one key package, in a suite of RFC 9420. */
export async function standardParty(
  suite: CiphersuiteName,
  name: Octets,
  now: number,
): Promise<StandardParty> {
  const { party: ours } = await placeOf("annaPhone");
  const built = await getCiphersuiteImpl(getCiphersuiteFromName(suite));
  const credential: Credential = { credentialType: "basic", identity: name };
  const capabilities = {
    versions: ["mls10" as const],
    ciphersuites: [suite],
    extensions: [],
    proposals: [],
    // Both kinds, as groups of OpenMLS ask for it.
    credentials: ["basic" as const, "x509" as const],
  };
  const lifetime = { notBefore: BigInt(now - 600), notAfter: BigInt(now + LIFE_S) };
  const made = await generateKeyPackage(credential, capabilities, lifetime, [], built);
  // As in our groups, but for whom they let in.
  const config = { ...ours.config, authService: { validateCredential: async () => true } };
  return { name, suite: built, config, keyPackage: made.publicPackage, keys: made.privatePackage };
}

export class StandardMember {
  readonly party: StandardParty;
  #state: ClientState;

  private constructor(party: StandardParty, state: ClientState) {
    this.party = party;
    this.#state = state;
  }

  static async create(party: StandardParty, group: Octets): Promise<StandardMember> {
    const { keyPackage, keys, suite } = party;
    const state = await createGroup(group, keyPackage, keys, [], suite, party.config);
    return new StandardMember(party, state);
  }

  /** Joins by a welcome that is a message of MLS. */
  static async join(party: StandardParty, octets: Octets): Promise<StandardMember> {
    const { welcome } = messageOf(octets, "mls_welcome");
    const { suite, keyPackage, keys, config } = party;
    const opened = await openedWelcome(suite, welcome, keyPackage, keys.initPrivateKey);
    const state = await entered(suite, opened, keyPackage, keys, config);
    return new StandardMember(party, pruned(state));
  }

  get epoch(): bigint {
    return this.#state.groupContext.epoch;
  }

  /** Names of all members, by leaf. */
  get members(): Uint8Array[] {
    const names: Uint8Array[] = [];
    for (const node of this.#state.ratchetTree) {
      if (node?.nodeType !== "leaf") continue;
      const { credential } = node.leaf;
      if (credential.credentialType === "basic") names.push(credential.identity);
    }
    return names;
  }

  get removed(): boolean {
    return this.#state.groupActiveState.kind === "removedFromGroup";
  }

  async exported(label: string, octets: number): Promise<Octets> {
    const { exporterSecret } = this.#state.keySchedule;
    const none = new Uint8Array();
    return joined(await mlsExporter(exporterSecret, label, none, octets, this.party.suite));
  }

  /** Seals a message, filled up as ours are. */
  async send(content: Octets): Promise<Octets> {
    const { config, suite } = this.party;
    const padUntilLength = paddedLength(content.length, "eu-hybrid");
    const padding = { kind: "padUntilLength" as const, padUntilLength };
    const filling = { ...this.#state, clientConfig: { ...config, paddingConfig: padding } };
    const sealed = await createApplicationMessage(filling, content, suite);
    this.#enter({ ...sealed.newState, clientConfig: config });
    for (const secret of sealed.consumed) wipe(secret);
    const { privateMessage } = sealed;
    return octetsOf({ version: "mls10", wireformat: "mls_private_message", privateMessage });
  }

  /** Opens a message; throws what it is refused with, and has changed nothing then. */
  async open(octets: Octets): Promise<Octets> {
    const message = messageOf(octets, "mls_private_message");
    const { suite } = this.party;
    const never = () => "reject" as const;
    const result = await processMessage(message, this.#state, emptyPskIndex, never, suite);
    if (result.kind !== "applicationMessage") throw new Error("this is no message");
    this.#enter(result.newState);
    for (const secret of result.consumed) wipe(secret);
    return joined(result.message);
  }

  /** Commits: adds whoever these packages are of, removes whoever has these names. */
  async commit(
    add: readonly KeyPackage[] = [],
    remove: readonly Uint8Array[] = [],
  ): Promise<StandardCommit> {
    const removes: Proposal[] = remove.map((name) => ({
      proposalType: "remove",
      remove: { removed: this.#leafOf(name) },
    }));
    const adds: Proposal[] = add.map((keyPackage) => ({
      proposalType: "add",
      add: { keyPackage },
    }));
    const { newState, commit, welcome } = await createCommit(
      { state: this.#state, cipherSuite: this.party.suite },
      {
        extraProposals: [...removes, ...adds],
        ratchetTreeExtension: true,
        wireAsPublicMessage: true,
      },
    );
    const next = { ...newState, historicalReceiverData: new Map() };
    this.#enter(advanced(this.#state, next));
    return {
      commit: octetsOf(commit),
      welcome: welcome
        ? octetsOf({ version: "mls10", wireformat: "mls_welcome", welcome })
        : new Uint8Array(),
    };
  }

  /** Follows a commit of somebody else; throws what it is refused with, and has changed nothing. */
  async follow(message: Parameters<typeof processMessage>[0]): Promise<void> {
    const { suite } = this.party;
    const take = () => "accept" as const;
    const result = await processMessage(message, this.#state, emptyPskIndex, take, suite);
    if (result.kind !== "newState") throw new Error("this is no commit");
    this.#enter(pruned(result.newState));
    for (const secret of result.consumed) wipe(secret);
  }

  /** Goes on from what would have been kept, with what only the last state needed overwritten. */
  #enter(next: ClientState): void {
    const kept = { pending: null, held: [], named: [] };
    const octets = keptOctets({ ...kept, state: next });
    wipeBetween(this.#state, next);
    const { state } = keptOfOctets(octets, this.party.config);
    this.#state = state;
  }

  #leafOf(name: Uint8Array): number {
    const leaf = this.#state.ratchetTree.findIndex(
      (node) =>
        node?.nodeType === "leaf" &&
        node.leaf.credential.credentialType === "basic" &&
        same(node.leaf.credential.identity, name),
    );
    if (leaf < 0) throw new Error("there is no such member");
    return leaf / 2;
  }
}
