/**
 * This browser as a witness: it remembers what each log had become, and takes only what follows.
 *
 * Who shows one history to some and another to others must show this browser, sooner or later, a
 * checkpoint that does not follow the one it holds. Both are signed by the log's own key.
 */

import { keep } from "./database";
import { TrustError } from "./errors";
import {
  HASH_OCTETS,
  isPowerOfTwo,
  LONGEST_PROOF,
  leafHash,
  prefixRoot,
  rootsOf,
  verifyConsistency,
  verifyInclusion,
} from "./merkle";
import { type Checkpoint, MOST_NOTE_OCTETS, openCheckpoint, readVerifierKey } from "./note";
import { base64, type Octets, ofHex, ofUtf8, same, utf8 } from "./octets";
import { MOST_ENTRY_OCTETS } from "./record";
import { writeJson } from "./strictJson";

const FORM = "baluardo/fork-evidence/v1";

/** Where proofs about a log come from; hashes in hexadecimal. */
export interface Proofs {
  consistency(old: number, size: number): Promise<readonly string[]>;
  /** An entry with the proof that it is in the log of `size`: to convict a log that was forked. */
  entry?(index: number, size: number): Promise<{ octets: Octets; hashes: readonly string[] }>;
}

/** Where a log's words come from. */
export interface Fetchers extends Proofs {
  checkpoint(): Promise<{ note: string; vkey: string }>;
}

/** What this browser keeps against a log until a person lets it go. */
export interface ForkEvidence {
  origin: string;
  vkey: string;
  /** Both as signed notes: the one held, and the one that cannot follow it. */
  held: string;
  offered: string;
  /** Root that the larger log's first entries have, base64; empty where it is not known. */
  beginsWith: string;
  /** Proof from there to the larger log's root, base64. */
  proof: string[];
  /**
   * Whether the two notes, with the root and the proof, convict the log before anybody. If not, the
   * proof may have been spoilt on its way: then whoever spoilt it is to blame.
   */
  proven: boolean;
  /** When it was found, POSIX seconds by this browser's clock. */
  found: number;
  exported: boolean;
}

/** What a look at a log has shown. */
export type Outcome =
  | { state: "advanced"; checkpoint: Checkpoint; from: Checkpoint | null }
  | { state: "same"; checkpoint: Checkpoint }
  /** An older checkpoint than the one held was shown: the server is behind, or hides the end. */
  | { state: "shrunk"; held: Checkpoint; offered: Checkpoint }
  | { state: "fork"; evidence: ForkEvidence };

export interface CheckpointRecord {
  origin: string;
  vkey: string;
  note: string;
}

/** Looks at a log, and takes its newest checkpoint if it follows the one held. */
export async function advance(origin: string, fetchers: Fetchers): Promise<Outcome> {
  const kept = await evidenceOf(origin);
  if (kept !== null) return { state: "fork", evidence: kept };
  const record = await recordOf(origin);
  const shown = await fetchers.checkpoint();
  const log = await readVerifierKey(record?.vkey ?? shown.vkey);
  if (log.name !== origin || shown.vkey.trim() !== log.text) {
    throw new TrustError("log-key", "The log shows itself under another name or key than before.");
  }
  const offered = await openCheckpoint(bounded(shown.note), log);
  const held = record ? await openCheckpoint(utf8(record.note), log) : null;
  const outcome = await judged(held, offered, log.text, fetchers);
  return remembered(origin, record, log.text, outcome);
}

/** Returns if the octets are the entry of this number in the log of a verified checkpoint. */
export async function checkEntry(
  index: number,
  octets: Octets,
  proof: readonly string[],
  checkpoint: Checkpoint,
): Promise<void> {
  if (octets.length > MOST_ENTRY_OCTETS) {
    throw new TrustError("too-large", "This entry is larger than any of a log.");
  }
  const { size, root } = checkpoint;
  await verifyInclusion(await leafHash(octets), index, size, hashesOf(proof), root);
}

/** The last verified checkpoint of a log; null before the first. */
export async function remembers(origin: string): Promise<Checkpoint | null> {
  const record = await recordOf(origin);
  if (record === undefined) return null;
  return openCheckpoint(utf8(record.note), await readVerifierKey(record.vkey));
}

/** What is remembered of a log as it is written down, not verified again. */
export async function recordOf(origin: string): Promise<CheckpointRecord | undefined> {
  return keep(["checkpoints"], "readonly", (stores) =>
    stores.get<CheckpointRecord>("checkpoints", origin),
  );
}

/** The evidence that is kept against a log; null if there is none. */
export async function evidenceOf(origin: string): Promise<ForkEvidence | null> {
  const found = await keep(["forks"], "readonly", (stores) =>
    stores.get<ForkEvidence>("forks", origin),
  );
  return found ?? null;
}

/** The evidence as a file that `baluardo audit evidence` reads; from now on it may be dismissed. */
export async function exportEvidence(origin: string): Promise<Octets> {
  const evidence = await keep(["forks"], "readwrite", async (stores) => {
    const found = await stores.get<ForkEvidence>("forks", origin);
    if (found !== undefined) await stores.put("forks", { ...found, exported: true });
    return found;
  });
  if (evidence === undefined) throw new TrustError("evidence", "Nothing is kept against this log.");
  return writeJson({
    form: FORM,
    first: evidence.held,
    second: evidence.offered,
    begins_with: evidence.beginsWith,
    proof: evidence.proof,
  });
}

/**
 * Lets the evidence go, after a person has exported it. What the log had become before stays
 * remembered: a log that still shows the other history is caught again.
 */
export async function dismissEvidence(origin: string): Promise<void> {
  await keep(["forks"], "readwrite", async (stores) => {
    const found = await stores.get<ForkEvidence>("forks", origin);
    if (found !== undefined && !found.exported) {
      throw new TrustError("evidence", "Export the evidence before it is dismissed.");
    }
    await stores.remove("forks", origin);
  });
}

/** Whether what a log offers follows what it had become; nothing is kept by this. */
export async function judged(
  held: Checkpoint | null,
  offered: Checkpoint,
  vkey: string,
  fetchers: Proofs,
): Promise<Outcome> {
  if (held === null) return { state: "advanced", checkpoint: offered, from: null };
  const accused = (proof: Octets[] = [], beginsWith: Octets | null = null, proven = true) =>
    forked(held, offered, vkey, proof, beginsWith, proven);
  if (held.size === offered.size) {
    if (!same(held.root, offered.root)) return accused();
    return { state: "same", checkpoint: offered.time > held.time ? offered : held };
  }
  const [small, large] = held.size < offered.size ? [held, offered] : [offered, held];
  if (small.time > large.time) return accused(); // it was larger before: the end was cut off
  if (offered.size < held.size) return { state: "shrunk", held, offered };
  if (held.size === 0) return { state: "advanced", checkpoint: offered, from: held };
  const proof = hashesOf(await fetchers.consistency(held.size, offered.size));
  try {
    await verifyConsistency(held.size, offered.size, proof, held.root, offered.root);
  } catch {
    const other = await otherBeginning(held, offered, proof, fetchers);
    return accused(proof, other, other !== null);
  }
  return { state: "advanced", checkpoint: offered, from: held };
}

/** The root that the offered log's first entries have, if it can be shown and is not the one held. */
async function otherBeginning(
  held: Checkpoint,
  offered: Checkpoint,
  proof: readonly Octets[],
  fetchers: Proofs,
): Promise<Octets | null> {
  const { size, root } = offered;
  try {
    let begins: Octets;
    if (isPowerOfTwo(held.size)) {
      if (fetchers.entry === undefined) return null;
      const { octets, hashes } = await fetchers.entry(held.size, size);
      begins = await prefixRoot(held.size, size, await leafHash(octets), hashesOf(hashes), root);
    } else {
      [begins] = await rootsOf(held.size, size, proof, held.root);
    }
    await verifyConsistency(held.size, size, proof, begins, root);
    return same(begins, held.root) ? null : begins;
  } catch {
    return null;
  }
}

function forked(
  held: Checkpoint,
  offered: Checkpoint,
  vkey: string,
  proof: readonly Octets[],
  beginsWith: Octets | null,
  proven: boolean,
): Outcome {
  const evidence: ForkEvidence = {
    origin: held.origin,
    vkey,
    held: held.note,
    offered: offered.note,
    beginsWith: beginsWith ? base64(beginsWith) : "",
    proof: proof.map(base64),
    proven,
    found: Date.now() / 1000,
    exported: false,
  };
  return { state: "fork", evidence };
}

/** Keeps what was found; refused if another page has changed what is remembered meanwhile. */
export async function remembered(
  origin: string,
  before: CheckpointRecord | undefined,
  vkey: string,
  outcome: Outcome,
): Promise<Outcome> {
  return keep(["checkpoints", "forks"], "readwrite", async (stores) => {
    const evidence = await stores.get<ForkEvidence>("forks", origin);
    if (evidence !== undefined) return { state: "fork", evidence };
    if (outcome.state === "fork") {
      await stores.put("forks", outcome.evidence);
      return outcome;
    }
    const now = await stores.get<CheckpointRecord>("checkpoints", origin);
    if (now?.note !== before?.note) {
      throw new TrustError("busy", "Another page looked at the log at the same time: look again.");
    }
    if (outcome.state !== "shrunk") {
      const { note } = outcome.checkpoint;
      await stores.put("checkpoints", { origin, vkey, note } satisfies CheckpointRecord);
    }
    return outcome;
  });
}

function hashesOf(proof: readonly string[]): Octets[] {
  if (proof.length > LONGEST_PROOF) {
    throw new TrustError("proof", `A proof has at most ${LONGEST_PROOF} hashes.`);
  }
  return proof.map((each) => ofHex(each, HASH_OCTETS));
}

function bounded(note: string): Octets {
  if (note.length > MOST_NOTE_OCTETS) {
    throw new TrustError("too-large", `A signed note has at most ${MOST_NOTE_OCTETS} octets.`);
  }
  const octets = utf8(note);
  if (ofUtf8(octets) !== note) throw new TrustError("malformed", "This is no signed note.");
  return octets;
}
