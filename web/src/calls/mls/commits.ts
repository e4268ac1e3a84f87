/** Commits (RFC 9420 section 12.4): what a member wishes, and what of others' commits is taken. */

import {
  type ClientState,
  createCommit,
  emptyPskIndex,
  type IncomingMessageCallback,
  type Proposal,
  processMessage,
} from "ts-mls";
import { TrustError } from "../../trust/errors";
import { identityOfUri } from "../../trust/identity";
import { type Octets, ofUtf8, same, utf8 } from "../../trust/octets";
import { malformed } from "./errors";
import { framed, unframed } from "./frames";
import { checkPackage, readPackage } from "./packages";
import type { Party } from "./party";
import { type Changes, changesOf, checkHolder, type Member, rosterOf } from "./roster";
import { rawKeyOf } from "./suites";
import { checkSuccession, extensionsOf, type Terms, termsIn, termsOfGroup } from "./terms";
import { messageOf, octetsOf } from "./wire";

/** Proposals of one commit. Our choice: every device out, and every device in. */
const MOST_PROPOSALS = 32;

/** What a member wishes of the next epoch; nothing at all is a fresh key of its own. */
export interface Wish {
  /** Key packages of devices to add; a device that is in already is replaced. */
  add: readonly Octets[];
  /** Identities of devices to remove. */
  remove: readonly string[];
  /** Identity of another orderer; empty for the same. */
  orderer: string;
}

export const FRESH_KEY: Wish = { add: [], remove: [], orderer: "" };

/** A commit that was made and is not named yet. */
export interface Pending {
  wish: Wish;
  commit: Octets;
  /** For those it adds, once it is named; empty if it adds nobody. */
  welcome: Octets;
  /** What the group becomes then. */
  next: ClientState;
}

/** A commit of somebody else, followed. */
export interface Followed {
  next: ClientState;
  by: Member;
  changes: Changes;
  /** Keys that were spent on the way. */
  consumed: readonly Uint8Array[];
}

/** A commit of somebody else takes this device out. */
export class TakenOut extends Error {
  override readonly name = "TakenOut";

  constructor(readonly leaf: number) {
    super("This device was taken out of the conversation.");
  }
}

/** Makes the commit of a wish; nothing changes until it is named. */
export async function commitOf(party: Party, state: ClientState, wish: Wish): Promise<Pending> {
  const terms = termsOfGroup(state.groupContext);
  const before = await rosterOf(state.ratchetTree, terms);
  const extraProposals = await proposalsOf(party, wish, before, terms);
  const { newState, welcome, commit } = await createCommit(
    { state, cipherSuite: party.suite },
    { extraProposals, ratchetTreeExtension: true },
  );
  await rosterOf(newState.ratchetTree, termsOfGroup(newState.groupContext));
  return {
    wish,
    commit: octetsOf(commit),
    welcome: welcome
      ? octetsOf({ version: "mls10", wireformat: "mls_welcome", welcome })
      : new Uint8Array(),
    // Until it is named, messages move the present epoch's keys on: they are filled in then.
    next: { ...newState, historicalReceiverData: new Map() },
  };
}

/**
 * Follows a commit of another member; refused if it does what no commit here may.
 *
 * TakenOut if it removes this device, once its signature was verified: nothing after it is readable
 * here. ts-mls would not see it where another device is put in the same leaf.
 */
export async function follow(party: Party, state: ClientState, commit: Octets): Promise<Followed> {
  const message = messageOf(commit, "mls_private_message");
  const terms = termsOfGroup(state.groupContext);
  const before = await rosterOf(state.ratchetTree, terms);
  const vetted = { by: -1, removed: [] as number[] };
  const vet: IncomingMessageCallback = (incoming) => {
    if (incoming.kind !== "commit") throw malformed("Proposals travel in commits only");
    vetted.by = incoming.senderLeafIndex ?? -1;
    const proposals = incoming.proposals.map(({ proposal }) => proposal);
    vetted.removed = vetProposals(party, proposals, terms);
    if (vetted.removed.includes(state.privatePath.leafIndex)) throw new TakenOut(vetted.by);
    return "accept";
  };
  const result = await processMessage(message, state, emptyPskIndex, vet, party.suite);
  const by = before.find(({ leaf }) => leaf === vetted.by);
  if (result.kind !== "newState" || by === undefined) throw malformed("This is no commit");
  const { newState: next, consumed } = result;
  const after = await rosterOf(next.ratchetTree, termsOfGroup(next.groupContext));
  return { next, by, changes: changesOf(before, after, vetted.removed), consumed };
}

/** What of a wish still makes sense after somebody else's commit; null if nothing does. */
export async function remadeOf(state: ClientState, wish: Wish): Promise<Wish | null> {
  const terms = termsOfGroup(state.groupContext);
  const members = await rosterOf(state.ratchetTree, terms);
  const known = (uri: string) => members.find(({ identity }) => identity.uri === uri);
  const keys = members.map(({ certificate }) => rawKeyOf(certificate.spki));
  const add = wish.add.filter((octets) => {
    const { leafNode } = messageOf(octets, "mls_key_package").keyPackage;
    return !keys.some((key) => same(key, leafNode.signaturePublicKey));
  });
  const remove = wish.remove.filter((uri) => known(uri) !== undefined);
  const orderer = wish.orderer === terms.orderer.uri ? "" : wish.orderer;
  const fresh = wish.add.length === 0 && wish.remove.length === 0 && wish.orderer === "";
  const nothing = add.length === 0 && remove.length === 0 && orderer === "";
  return nothing && !fresh ? null : { add, remove, orderer };
}

export function wishOctets({ add, remove, orderer }: Wish): Octets {
  return framed(framed(...add), framed(...remove.map(utf8)), utf8(orderer));
}

export function wishOfOctets(octets: Octets): Wish {
  const [add, remove, orderer] = unframed(octets, 3) as [Octets, Octets, Octets];
  return { add: unframed(add), remove: unframed(remove).map(ofUtf8), orderer: ofUtf8(orderer) };
}

async function proposalsOf(
  party: Party,
  wish: Wish,
  members: readonly Member[],
  terms: Terms,
): Promise<Proposal[]> {
  const gone = new Set(wish.remove);
  const adds: Proposal[] = [];
  for (const octets of wish.add) {
    const { keyPackage, member } = await readPackage(party, octets);
    checkHolder(member.identity, terms);
    if (members.some(({ identity }) => identity.uri === member.identity.uri)) {
      gone.add(member.identity.uri);
    }
    adds.push({ proposalType: "add", add: { keyPackage } });
  }
  const removes: Proposal[] = [...gone].map((uri) => {
    const member = members.find(({ identity }) => identity.uri === uri);
    if (member === undefined) throw new TrustError("identity", "This device is not in the group.");
    if (uri === party.identity.uri) {
      throw new TrustError("identity", "A device is taken out by another one, never by itself.");
    }
    return { proposalType: "remove", remove: { removed: member.leaf } };
  });
  const proposals = [...removes, ...adds];
  if (wish.orderer !== "") {
    const extensions = extensionsOf({ ...terms, orderer: identityOfUri(wish.orderer) });
    checkSuccession(terms, termsIn(extensions));
    const groupContextExtensions = { extensions };
    proposals.push({ proposalType: "group_context_extensions", groupContextExtensions });
  }
  if (proposals.length > MOST_PROPOSALS) {
    throw new TrustError("too-large", `A commit has at most ${MOST_PROPOSALS} proposals.`);
  }
  return proposals;
}

/** The leaves that others' proposals remove; refused if they do anything that ours never do. */
function vetProposals(party: Party, proposals: readonly Proposal[], terms: Terms): number[] {
  if (proposals.length > MOST_PROPOSALS) {
    throw new TrustError("too-large", `A commit has at most ${MOST_PROPOSALS} proposals.`);
  }
  const removed: number[] = [];
  for (const proposal of proposals) {
    if (proposal.proposalType === "add" && "add" in proposal) {
      checkPackage(proposal.add.keyPackage, party);
    } else if (proposal.proposalType === "remove" && "remove" in proposal) {
      removed.push(proposal.remove.removed);
    } else if (
      proposal.proposalType === "group_context_extensions" &&
      "groupContextExtensions" in proposal
    ) {
      checkSuccession(terms, termsIn(proposal.groupContextExtensions.extensions));
    } else {
      throw malformed("A commit proposes what no commit here does");
    }
  }
  return removed;
}
