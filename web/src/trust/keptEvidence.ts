/** Evidence judged by what this browser remembers of the log, which then remembers more. */

import type { Certificate } from "./certificate";
import { TrustError } from "./errors";
import {
  type Evidence,
  ForkError,
  type LogPolicy,
  type LogSight,
  type Proven,
  verifyEvidence,
} from "./evidence";
import { type Checkpoint, openCheckpoint } from "./note";
import { utf8 } from "./octets";
import { evidenceOf, type Proofs, recordOf, remembered } from "./witness";

/** How often what other pages and members write at the same time is looked at anew. */
const MOST_ATTEMPTS = 8;

/**
 * As `verifyEvidence`, and keeps the newest checkpoint seen, or what convicts the log, on the disk.
 *
 * While evidence against the log is kept here, nothing of it is believed.
 */
export async function verifyKeptEvidence(
  leaf: Certificate,
  evidence: Evidence,
  policy: LogPolicy,
  proofs: Proofs,
  now: number,
): Promise<Proven> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await verifiedOnce(leaf, evidence, policy, proofs, now);
    } catch (problem) {
      // Members of a group are judged at once: what one of them taught is then looked at anew.
      const busy = problem instanceof TrustError && problem.code === "busy";
      if (!busy || attempt === MOST_ATTEMPTS) throw problem;
    }
  }
}

async function verifiedOnce(
  leaf: Certificate,
  evidence: Evidence,
  policy: LogPolicy,
  proofs: Proofs,
  now: number,
): Promise<Proven> {
  const { name, text } = policy.log;
  const against = await evidenceOf(name);
  if (against !== null) throw new ForkError(against);
  const record = await recordOf(name);
  if (record !== undefined && record.vkey !== text) {
    throw new TrustError("log-key", "This browser remembers the log under another key.");
  }
  const newest = record ? await openCheckpoint(utf8(record.note), policy.log) : null;
  let proven: Proven;
  try {
    proven = await verifyEvidence(leaf, evidence, policy, seen(newest, proofs), now);
  } catch (problem) {
    if (problem instanceof ForkError) {
      await remembered(name, record, text, { state: "fork", evidence: problem.evidence });
    }
    throw problem;
  }
  const advanced = { state: "advanced", checkpoint: proven.newest, from: newest } as const;
  const found = await remembered(name, record, text, advanced);
  if (found.state === "fork") throw new ForkError(found.evidence);
  return proven;
}

function seen(newest: Checkpoint | null, proofs: Proofs): LogSight {
  const sight: LogSight = { newest, consistency: (old, size) => proofs.consistency(old, size) };
  const entry = proofs.entry?.bind(proofs);
  return entry ? { ...sight, entry } : sight;
}
