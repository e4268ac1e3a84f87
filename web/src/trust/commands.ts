/** Commands that one person proposes and others approve, as `trust/commands` defines them. */

import { type DeviceKey, requestOf, type WaitingKey } from "./device";
import { type Envelope, LARGEST_PAYLOAD, signEnvelope, verifySigner } from "./envelope";
import { TrustError } from "./errors";
import { type Identity, identityOfUri, isKind, isName, type Kind } from "./identity";
import { characters, hex, joined, type Octets, ofHex, ofUtf8, sha384, uint64 } from "./octets";
import { isObject, type JsonObject, parseJson, writeJson } from "./strictJson";

export const PROPOSAL_TYPE = "application/vnd.baluardo.proposal+json";
export const APPROVAL_TYPE = "application/vnd.baluardo.approval+json";
/** What one officer signs alone: a warning is over, or was wrong (protocol/warnings.py). */
export const CANCEL_TYPE = "application/vnd.baluardo.warning-cancel+json";
export const RENEWAL_TYPE = "application/vnd.baluardo.renewal+pkcs10";

const ID_OCTETS = 16;
/** 9999: the last year that is written in four digits. */
const LATEST_S = 253_402_300_799;
/** Seconds by which two clocks may differ. */
const SKEW_S = 600;
const LONGEST_REASON = 500;

const FIELDS = [
  "kind",
  "body",
  "id",
  "community",
  "proposer",
  "rule",
  "created",
  "expires",
  "executor",
];

/** A command before anybody has approved it. Times are POSIX seconds. */
export interface Proposal {
  kind: string;
  body: JsonObject;
  /** Hexadecimal, 16 octets. */
  id: string;
  community: string;
  proposer: Identity;
  rule: string;
  created: number;
  expires: number;
  /** Who is to do it: one member, or every member of a kind. */
  executor: Identity | Kind;
}

/** A proposal whose signature is genuine under the key that the envelope carries. */
export interface SignedProposal {
  proposal: Proposal;
  /** SHA-384 that tells exactly this signed proposal, hexadecimal. */
  digest: string;
  envelope: Envelope;
}

/** What to propose; `life` in seconds is at most the rule's. */
export interface Wish {
  kind: string;
  body: JsonObject;
  rule: string;
  life: number;
  executor: Identity | Kind;
}

export type Decision = "approve" | "refuse";

/** An id that nobody can foresee: 16 octets of chance in small hexadecimal digits. */
export function drawId(): string {
  return hex(crypto.getRandomValues(new Uint8Array(ID_OCTETS)));
}

/** A signed proposal of this device's person. */
export async function propose(wish: Wish, device: DeviceKey, now: number): Promise<Envelope> {
  const { kind, body, rule, life, executor } = wish;
  const { community, uri } = device.identity;
  const payload = writeJson({
    kind,
    body,
    id: drawId(),
    community,
    proposer: uri,
    rule,
    created: now,
    expires: now + life,
    executor: typeof executor === "string" ? executor : executor.uri,
  });
  proposalOf(payload);
  return signEnvelope(payload, PROPOSAL_TYPE, device);
}

/**
 * What a proposal says, from the octets that were signed and from nothing else.
 *
 * Refused if the signature is not genuine under the envelope's own key, or the signer is another
 * than the proposal says.
 */
export async function readProposal(envelope: Envelope): Promise<SignedProposal> {
  const signer = await verifySigner(envelope, PROPOSAL_TYPE);
  const proposal = proposalOf(envelope.payload);
  if (signer.identity?.uri !== proposal.proposer.uri) {
    throw new TrustError("identity", "Somebody else signed this proposal than it says.");
  }
  return { proposal, digest: hex(await proposalDigest(envelope)), envelope };
}

/** What an approval is given to: SHA-384 over exactly these octets and this signature. */
export async function proposalDigest(envelope: Envelope): Promise<Octets> {
  const [only, ...others] = envelope.signatures;
  if (only === undefined || others.length > 0) {
    throw new TrustError("malformed", "A proposal has one signature.");
  }
  return sha384(joined(uint64(envelope.payload.length), envelope.payload, only.signature));
}

/** What a server says of a proposal beside its envelope; fields that it does not tell are left out. */
export interface Claims {
  kind?: string;
  body?: JsonObject;
  /** A path within the community. */
  proposer?: string;
  created?: number;
  expires?: number;
}

/** The names of what the server says otherwise than the proposer has signed. */
export function differences(proposal: Proposal, claims: Claims): (keyof Claims)[] {
  const written = (body: JsonObject) => ofUtf8(writeJson(body));
  const differs: Record<keyof Claims, boolean> = {
    kind: claims.kind !== undefined && claims.kind !== proposal.kind,
    body: claims.body !== undefined && written(claims.body) !== written(proposal.body),
    proposer: claims.proposer !== undefined && claims.proposer !== proposal.proposer.path,
    created: claims.created !== undefined && claims.created !== proposal.created,
    expires: claims.expires !== undefined && claims.expires !== proposal.expires,
  };
  return (Object.keys(differs) as (keyof Claims)[]).filter((name) => differs[name]);
}

/** Refuses what has expired, or is still to come; only the beginning is given the skew of clocks. */
export function checkInForce(proposal: Proposal, now: number): void {
  if (now >= proposal.expires || now < proposal.created - SKEW_S) {
    throw new TrustError("not-in-force", "This proposal has expired, or is of the future.");
  }
}

/** This person's signed answer to a proposal that was read. */
export async function answer(
  signed: SignedProposal,
  decision: Decision,
  device: DeviceKey,
  now: number,
  reason = "",
): Promise<Envelope> {
  checkInForce(signed.proposal, now);
  const { identity } = device;
  if (identity.kind !== "person" || identity.community !== signed.proposal.community) {
    throw new TrustError("identity", "A person of the proposal's community must answer it.");
  }
  if (identity.holder === signed.proposal.proposer.holder) {
    throw new TrustError("own-proposal", "Nobody answers what they have proposed.");
  }
  if (characters(reason) > LONGEST_REASON) {
    throw new TrustError("too-large", `A reason has at most ${LONGEST_REASON} characters.`);
  }
  const payload = writeJson({
    proposal: signed.digest,
    approver: identity.uri,
    decision,
    time: now,
    reason,
  });
  return signEnvelope(payload, APPROVAL_TYPE, device);
}

/** This person's signed word that a warning is over, or was wrong. */
export async function cancelOf(
  warning: string,
  reason: string,
  device: DeviceKey,
  now: number,
): Promise<Envelope> {
  if (device.identity.kind !== "person") {
    throw new TrustError("identity", "A person must cancel a warning.");
  }
  if (characters(reason) > LONGEST_REASON) {
    throw new TrustError("too-large", `A reason has at most ${LONGEST_REASON} characters.`);
  }
  return signEnvelope(writeJson({ warning, reason, time: now }), CANCEL_TYPE, device);
}

/** A request for the same identity with a new key, signed with the present one. */
export async function askRenewal(device: DeviceKey, next: WaitingKey): Promise<Envelope> {
  if (next.identity.uri !== device.identity.uri) {
    throw new TrustError("identity", "A renewal keeps the identity.");
  }
  return signEnvelope(await requestOf(next), RENEWAL_TYPE, device);
}

/** Reads the octets that were signed. */
function proposalOf(payload: Octets): Proposal {
  const fields = parseJson(payload, LARGEST_PAYLOAD);
  if (!isObject(fields) || Object.keys(fields).some((name) => !FIELDS.includes(name))) {
    throw malformed("its fields and no others");
  }
  const { body, created, expires } = fields;
  if (!isObject(body)) throw malformed("an object as its body");
  if (typeof created !== "number" || typeof expires !== "number") throw malformed("its times");
  if (!(0 <= created && created < expires && expires <= LATEST_S)) throw malformed("its times");
  const proposal: Proposal = {
    kind: nameIn(fields, "kind"),
    body,
    id: hex(ofHex(textIn(fields, "id"), ID_OCTETS)),
    community: nameIn(fields, "community"),
    proposer: identityOfUri(textIn(fields, "proposer")),
    rule: nameIn(fields, "rule"),
    created,
    expires,
    executor: executorOf(textIn(fields, "executor")),
  };
  const members = [proposal.proposer, proposal.executor].filter((each) => typeof each !== "string");
  if (members.some((member) => member.community !== proposal.community)) {
    throw new TrustError("identity", "Proposer and executor are of the command's community.");
  }
  return proposal;
}

function executorOf(text: string): Identity | Kind {
  return isKind(text) ? text : identityOfUri(text);
}

function textIn(fields: JsonObject, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw malformed(`a text as its ${name}`);
  return value;
}

function nameIn(fields: JsonObject, name: string): string {
  const value = textIn(fields, name);
  if (!isName(value)) throw malformed(`a name as its ${name}`);
  return value;
}

function malformed(wanted: string): TrustError {
  return new TrustError("malformed", `A proposal has ${wanted}.`);
}
