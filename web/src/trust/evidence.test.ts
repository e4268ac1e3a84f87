import { describe, expect, it } from "vitest";
import { type Certificate, readCertificate } from "./certificate";
import { type Evidence, type LogPolicy, type LogSight, verifyEvidence } from "./evidence";
import { openCheckpoint, readVerifierKey } from "./note";
import { type Octets, ofBase64, ofHex } from "./octets";
import vectors from "./vectors.json";

const { now: NOW, evidence: told } = vectors;
const of = (text: string) => ofBase64(text, 1 << 20);
const NOTHING_SEEN: LogSight = { newest: null, consistency: async () => [] };

async function shown(): Promise<[Certificate, Evidence, LogPolicy]> {
  const policy = {
    log: await readVerifierKey(told.log),
    witnesses: await Promise.all(told.witnesses.map(readVerifierKey)),
    quorum: 2,
  };
  const evidence = {
    record: of(told.record),
    index: told.index,
    proof: told.proof.map(of),
    checkpoint: of(told.checkpoint),
  };
  return [await readCertificate(of(told.leaf)), evidence, policy];
}

describe("evidence of a certificate", () => {
  it("is taken with its record, proof, checkpoint and witnesses", async () => {
    const [leaf, evidence, policy] = await shown();
    const proven = await verifyEvidence(leaf, evidence, policy, NOTHING_SEEN, NOW);
    expect(proven.witnesses).toEqual(policy.witnesses.map(({ name }) => name));
    expect([proven.checkpoint.size, proven.newest.size, proven.recorded]).toEqual([5, 5, NOW]);
  });

  it("must follow what was seen of the log, both ways", async () => {
    const [leaf, evidence, policy] = await shown();
    const newest = await openCheckpoint(of(told.later), policy.log);
    const asked: [number, number][] = [];
    const consistency = async (old: number, size: number) => {
      asked.push([old, size]);
      return told.consistency;
    };
    const proven = await verifyEvidence(leaf, evidence, policy, { newest, consistency }, NOW);
    expect([proven.checkpoint.size, proven.newest.size, asked]).toEqual([5, 7, [[5, 7]]]);
    const unproven = { newest, consistency: async () => told.consistency.slice(1) };
    await expect(verifyEvidence(leaf, evidence, policy, unproven, NOW)).rejects.toMatchObject({
      code: "proof",
      name: "TrustError",
    });
  });

  it("is refused in part", async () => {
    const [leaf, evidence, policy] = await shown();
    const other = await readCertificate(of(vectors.communities["eu-hybrid"].leaf));
    const judged = (
      changed: Partial<Evidence>,
      of_ = leaf,
      by: Partial<LogPolicy> = {},
      now = NOW,
    ) => verifyEvidence(of_, { ...evidence, ...changed }, { ...policy, ...by }, NOTHING_SEEN, now);
    await expect(judged({}, other)).rejects.toMatchObject({ code: "proof" });
    await expect(judged({ index: 1 })).rejects.toMatchObject({ code: "proof" });
    await expect(judged({ proof: [] })).rejects.toMatchObject({ code: "proof" });
    await expect(judged({ proof: [ofHex("00", 1)] })).rejects.toMatchObject({ code: "proof" });
    const unseen = { checkpoint: of(told.later) };
    await expect(judged(unseen)).rejects.toMatchObject({ code: "not-genuine" });
    await expect(judged({}, leaf, { quorum: 3 })).rejects.toMatchObject({ code: "malformed" });
    await expect(judged({}, leaf, {}, NOW - 601)).rejects.toMatchObject({ code: "not-in-force" });
    const record = evidence.record.with(9, 0) as Octets;
    await expect(judged({ record })).rejects.toMatchObject({ code: "proof" });
  });
});
