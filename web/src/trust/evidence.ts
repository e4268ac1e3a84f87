/**
 * A certificate counts only if the audit log tells of it, under a checkpoint that witnesses saw.
 *
 * An authority that certifies a false key must write it down where its owner and every auditor
 * find it, or show this browser another history than theirs, which its own signatures then prove.
 */

import { isAlgorithm } from "./algorithms";
import type { Certificate } from "./certificate";
import { SKEW_S } from "./dates";
import { TrustError } from "./errors";
import { authorityKeyOf, EXTENSION } from "./extensions";
import { identityOfUri } from "./identity";
import { leafHash, verifyInclusion } from "./merkle";
import { type Checkpoint, type CosignedCheckpoint, openCosigned, type VerifierKey } from "./note";
import { hex, type Octets, sha256 } from "./octets";
import { type LogRecord, MOST_ENTRY_OCTETS, readRecord } from "./record";
import { type ForkEvidence, judged, type Proofs } from "./witness";

const ISSUED = "certificate.issued";

/** Whose signatures a checkpoint needs; all of them keys of one algorithm. */
export interface LogPolicy {
  log: VerifierKey;
  witnesses: readonly VerifierKey[];
  /** How many of the witnesses, at least. */
  quorum: number;
}

/** What shows that a certificate was written down before it was used. */
export interface Evidence {
  /** The entry of the log, as it stands there. */
  record: Octets;
  index: number;
  /** From the entry to the checkpoint's root. */
  proof: readonly Octets[];
  /** A signed note. */
  checkpoint: Octets;
}

/** What this browser has seen of a log, and where it asks for proofs about it. */
export interface LogSight extends Proofs {
  /** The newest checkpoint seen; null before the first. */
  readonly newest: Checkpoint | null;
}

/** What was shown. */
export interface Proven {
  checkpoint: Checkpoint;
  /** To be held from now on: `checkpoint`, or a larger one that was held and begins with it. */
  newest: Checkpoint;
  /** Names of the witnesses whose cosignatures are on it. */
  witnesses: readonly string[];
  /** When the certificate was written down, POSIX seconds. */
  recorded: number;
}

/** The log's own key has signed two histories: the evidence holds both notes. */
export class ForkError extends TrustError {
  constructor(readonly evidence: ForkEvidence) {
    super(
      "proof",
      `The log ${evidence.origin} has signed two histories. Nothing was believed; both signed ` +
        "notes are kept as evidence against it: give them to an auditor.",
    );
  }
}

/**
 * Returns what was shown if the log tells of this leaf, which a verified chain has shown.
 *
 * TrustError if a signature, a witness, a proof or the entry is not what it must be. ForkError if
 * the checkpoint and the one held cannot both be of one log: consistency is asked for both ways.
 */
export async function verifyEvidence(
  leaf: Certificate,
  evidence: Evidence,
  policy: LogPolicy,
  sight: LogSight,
  now: number,
): Promise<Proven> {
  checkPolicy(policy);
  const { cosigned, ...checkpoint } = await openCosigned(
    evidence.checkpoint,
    policy.log,
    policy.witnesses,
  );
  checkQuorum(cosigned, policy.quorum);
  // Written so that a time which is no number is refused as well.
  if (!(checkpoint.time <= now + SKEW_S)) {
    throw new TrustError("not-in-force", "The log's checkpoint is dated in the future.");
  }
  if (evidence.record.length > MOST_ENTRY_OCTETS) {
    throw new TrustError("too-large", "This entry is larger than any of a log.");
  }
  const { size, root } = checkpoint;
  const hash = await leafHash(evidence.record);
  await verifyInclusion(hash, evidence.index, size, evidence.proof, root);
  const record = readRecord(evidence.record);
  await checkRecord(record, leaf);
  return {
    checkpoint,
    newest: await newestOf(checkpoint, policy, sight),
    witnesses: [...cosigned.keys()],
    recorded: record.time,
  };
}

/** Returns if no holder of a key would count twice, or the log for itself. */
export function checkPolicy({ log, witnesses, quorum }: LogPolicy): void {
  const names = new Set([log.name, ...witnesses.map(({ name }) => name)]);
  const keys = new Set([log, ...witnesses].map(({ key }) => hex(key.spki)));
  const distinct = names.size === witnesses.length + 1 && keys.size === names.size;
  const alike = witnesses.every(({ key }) => key.algorithm === log.key.algorithm);
  const reachable = Number.isSafeInteger(quorum) && 1 <= quorum && quorum <= witnesses.length;
  if (!distinct || !alike || !reachable || !isAlgorithm(log.key.algorithm)) {
    throw new TrustError(
      "malformed",
      "A log is watched by witnesses of other names and keys than its own, of the log's algorithm, " +
        "and at least one of them is asked for.",
    );
  }
}

function checkQuorum(cosigned: CosignedCheckpoint["cosigned"], quorum: number): void {
  if (cosigned.size < quorum) {
    throw new TrustError(
      "not-genuine",
      `${cosigned.size} of the ${quorum} witnesses asked for have cosigned this checkpoint: it ` +
        "is not believed. Ask for a newer one.",
    );
  }
}

/** Returns if the entry tells of exactly this certificate. */
async function checkRecord({ kind, actor, facts }: LogRecord, leaf: Certificate): Promise<void> {
  const by = identityOfUri(actor);
  const signer = leaf.extensions.get(EXTENSION.authorityKeyIdentifier);
  const stated =
    kind === ISSUED &&
    by.kind === "authority" &&
    by.community === leaf.identity?.community &&
    signer !== undefined &&
    facts.fingerprint === hex(leaf.fingerprint) &&
    facts.serial === leaf.serial &&
    facts.issuer === hex(authorityKeyOf(signer.value)) &&
    facts.key === hex(await sha256(leaf.spki)) &&
    facts.not_after === leaf.notAfter;
  if (!stated) {
    throw new TrustError("proof", "This entry of the log tells of another certificate.");
  }
}

/** The larger of the checkpoint shown and the one held, of which each must follow the other. */
async function newestOf(
  shown: Checkpoint,
  { log }: LogPolicy,
  sight: LogSight,
): Promise<Checkpoint> {
  const { newest: held } = sight;
  if (held === null) return shown;
  if (held.origin !== shown.origin) {
    throw new TrustError("log-key", "The checkpoint held is of another log than this one.");
  }
  const [before, after] = shown.size < held.size ? [shown, held] : [held, shown];
  const outcome = await judged(before, after, log.text, sight);
  if (outcome.state === "fork") {
    if (outcome.evidence.proven) throw new ForkError(outcome.evidence);
    throw new TrustError(
      "proof",
      "No good proof leads from the checkpoint held to this one: it is not believed. Ask again, " +
        "and elsewhere.",
    );
  }
  return outcome.state === "shrunk" ? held : outcome.checkpoint;
}
