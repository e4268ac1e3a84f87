/**
 * Whether a list of pages may be kept here: signed by two of those whom the list before it names.
 *
 * The first list names its own signers; who they are, the community's root says, which is pinned at
 * first sight. Afterwards this site can change neither: every list is judged by the one before it.
 */

import { type Trust, verifyChain } from "../../trust/chain";
import {
  APPROVAL_TYPE,
  checkInForce,
  PROPOSAL_TYPE,
  type Proposal,
  proposalDigest,
  readProposal,
} from "../../trust/commands";
import { type Envelope, envelopeOfJson, preAuthenticationEncoding } from "../../trust/envelope";
import { TrustError } from "../../trust/errors";
import type { Identity } from "../../trust/identity";
import { verify } from "../../trust/mldsa";
import { hex, type Octets, sha384 } from "../../trust/octets";
import { isObject, parseJson, writeJson } from "../../trust/strictJson";
import { type PageList, pageListOf } from "./pageList";

/** Octets of a signed list. */
export const LARGEST_BUNDLE = 8 << 20;
const KIND = "edge.pages";
const MOST_ANSWERS = 32;
const LARGEST_APPROVAL = 4_096;
const LONGEST_LIFE_S = 31 * 86_400;
const SKEW_S = 600;

/** A list as it came, not judged. */
export interface Offered {
  proposal: Envelope;
  approvals: readonly Envelope[];
  stated: Proposal;
  list: PageList;
  /** SHA-384 of the list's one written form, small hexadecimal digits. */
  digest: string;
}

/** What a copy remembers of the list it holds. */
export interface Held {
  list: PageList;
  digest: string;
}

/** Reads a signed list; that its signatures are somebody's whom this browser believes is not judged. */
export async function readOffered(octets: Octets): Promise<Offered> {
  const fields = parseJson(octets, LARGEST_BUNDLE);
  if (!isObject(fields) || Object.keys(fields).sort().join() !== "approvals,proposal") {
    throw refused("It is no proposal with its approvals.");
  }
  const { approvals } = fields;
  if (!Array.isArray(approvals) || approvals.length > MOST_ANSWERS) {
    throw refused(`It has more than ${MOST_ANSWERS} answers.`);
  }
  const proposal = envelopeOfJson(fields.proposal);
  const { proposal: stated } = await readProposal(proposal);
  if (stated.kind !== KIND || stated.rule !== KIND || stated.executor !== "authority") {
    throw refused("It is a command of another kind.");
  }
  return {
    proposal,
    approvals: approvals.map(envelopeOfJson),
    stated,
    list: pageListOf(stated.body),
    digest: hex(await sha384(writeJson(stated.body))),
  };
}

/**
 * Returns if a list may take the place of the one held, or be the first.
 *
 * TrustError: `not-in-force` where it has expired or is older than what is held, `not-genuine`
 * where approvals are missing, `identity` where others signed it than may, errors of `verifyChain` for who they are.
 */
export async function judge(
  offered: Offered,
  held: Held | null,
  trust: Trust,
  now: number,
): Promise<void> {
  const { list, stated } = offered;
  if (held !== null && list.number <= held.list.number) {
    throw new TrustError(
      "not-in-force",
      `This site offers list ${list.number} of its pages, and list ${held.list.number} is kept ` +
        "here: nothing was changed.",
    );
  }
  checkInForce(stated, now);
  if (stated.expires > stated.created + LONGEST_LIFE_S) throw refused("It would live too long.");
  const by = held?.list ?? list;
  const proposer = await signer(offered.proposal, PROPOSAL_TYPE, trust, now);
  if (proposer.uri !== stated.proposer.uri) throw refused("Somebody else signed it than it says.");
  checkSigner(proposer, by);
  const approvers = await approversOf(offered, trust, now, by);
  if (approvers < by.approvals) {
    throw new TrustError(
      "not-genuine",
      `List ${list.number} of this site's pages has ${approvers} of the ${by.approvals} ` +
        "approvals that it needs: nothing was changed.",
    );
  }
}

async function approversOf(
  offered: Offered,
  trust: Trust,
  now: number,
  by: PageList,
): Promise<number> {
  const { stated } = offered;
  const digest = hex(await proposalDigest(offered.proposal));
  const approved = new Set<string>();
  const against = new Set<string>();
  for (const envelope of offered.approvals) {
    const who = await signer(envelope, APPROVAL_TYPE, trust, now);
    checkSigner(who, by);
    if (who.holder === stated.proposer.holder) throw refused("Its proposer approved it.");
    const answer = answerOf(envelope.payload);
    const { proposal, approver, decision, time } = answer;
    if (proposal !== digest || approver !== who.uri) throw refused("An answer is to another one.");
    const inTime = stated.created - SKEW_S <= time && time < stated.expires && time <= now + SKEW_S;
    if (!inTime) throw refused("An answer was given when it was not in force.");
    (decision === "approve" ? approved : against).add(who.holder);
  }
  for (const holder of against) approved.delete(holder);
  return approved.size;
}

/** Who signed an envelope, by a chain that leads to the pinned root. */
async function signer(
  envelope: Envelope,
  payloadType: string,
  trust: Trust,
  now: number,
): Promise<Identity> {
  const [only, ...others] = envelope.signatures;
  if (envelope.payloadType !== payloadType || only === undefined || others.length > 0) {
    throw refused("It has not one signature where it must.");
  }
  const { identity, key } = await verifyChain(only.chain, trust, now);
  const message = preAuthenticationEncoding(payloadType, envelope.payload);
  await verify(key, only.signature, message, "envelope");
  return identity;
}

function checkSigner(who: Identity, by: PageList): void {
  if (who.kind === "person" && by.signers.includes(who.name)) return;
  throw new TrustError(
    "identity",
    `${who.path} has signed this site's pages, and is none of those who may: nothing was changed.`,
  );
}

interface Answer {
  proposal: string;
  approver: string;
  decision: "approve" | "refuse";
  time: number;
}

function answerOf(payload: Octets): Answer {
  const fields = parseJson(payload, LARGEST_APPROVAL);
  const names = "approver,decision,proposal,reason,time";
  if (!isObject(fields) || Object.keys(fields).sort().join() !== names) {
    throw refused("An answer has other fields than it must.");
  }
  const { proposal, approver, decision, time } = fields;
  if (
    typeof proposal !== "string" ||
    typeof approver !== "string" ||
    (decision !== "approve" && decision !== "refuse") ||
    typeof time !== "number"
  ) {
    throw refused("An answer says something else than yes or no.");
  }
  return { proposal, approver, decision, time };
}

function refused(why: string): TrustError {
  return new TrustError("malformed", `This site's signed list of pages was refused. ${why}`);
}
