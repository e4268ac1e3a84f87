/** This browser's look at the log: what was proven about it, and entry by entry. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Checkpoint } from "../../trust/note";
import { ofBase64 } from "../../trust/octets";
import { MOST_ENTRY_OCTETS } from "../../trust/record";
import { advance, checkEntry, type Fetchers, type Outcome, remembers } from "../../trust/witness";
import { getCheckpoint, getConsistency, getInclusion, getLogEntries } from "../api";
import type { Entry } from "./reading";

/** The authority as a source of words about its log; nothing of them is believed. */
export const fetchers: Fetchers = {
  checkpoint: getCheckpoint,
  consistency: async (old, size) => (await getConsistency(old, size)).hashes,
  entry: async (index, size) => {
    const [{ entries }, { hashes }] = await Promise.all([
      getLogEntries(index, 1),
      getInclusion(index, size),
    ]);
    return { octets: ofBase64(entries[0]?.octets ?? "", MOST_ENTRY_OCTETS), hashes };
  },
};

/** What a look at the log has shown. */
export type Look =
  | { readonly state: "looking" }
  | { readonly state: "done"; readonly outcome: Outcome; readonly before: Checkpoint | null }
  | { readonly state: "failed"; readonly error: unknown };

/** Look at the log now, and again when asked. */
export function useLook(origin: string): { look: Look; again: () => Promise<void> } {
  const [look, setLook] = useState<Look>({ state: "looking" });
  const turn = useRef(0);
  const again = async () => {
    turn.current += 1;
    const mine = turn.current;
    try {
      const before = await remembers(origin).catch(() => null);
      const outcome = await advance(origin, fetchers);
      if (mine === turn.current) setLook({ state: "done", outcome, before });
    } catch (error) {
      if (mine === turn.current) setLook({ state: "failed", error });
    }
  };
  useEffect(() => {
    void again();
    return () => {
      turn.current += 1;
    };
  }, [origin]);
  return { look, again };
}

/** The checkpoint under which entries may be shown; null where there is none to be trusted. */
export function checkpointOf(look: Look): Checkpoint | null {
  if (look.state !== "done") return null;
  const { outcome } = look;
  if (outcome.state === "fork") return null;
  return outcome.state === "shrunk" ? outcome.offered : outcome.checkpoint;
}

export type Proof =
  | { readonly state: "checking" }
  | { readonly state: "proven"; readonly hashes: readonly string[] }
  | { readonly state: "failed"; readonly error: unknown };

/** Proofs asked for at the same time. */
const AT_ONCE = 6;

/** Whether each of these entries is in the log of a checkpoint, recomputed here one after the other. */
export function useProofs(
  entries: readonly Entry[],
  checkpoint: Checkpoint,
): ReadonlyMap<number, Proof> {
  const [proofs, setProofs] = useState<ReadonlyMap<number, Proof>>(new Map());
  useEffect(() => {
    let current = true;
    setProofs(new Map());
    const waiting = [...entries];
    const work = async () => {
      for (let entry = waiting.shift(); entry && current; entry = waiting.shift()) {
        const proof = await proofOf(entry, checkpoint);
        const { index } = entry;
        if (current) setProofs((before) => new Map(before).set(index, proof));
      }
    };
    for (let worker = 0; worker < AT_ONCE; worker++) void work();
    return () => {
      current = false;
    };
  }, [entries, checkpoint.note]);
  return proofs;
}

async function proofOf(entry: Entry, checkpoint: Checkpoint): Promise<Proof> {
  try {
    const { hashes } = await getInclusion(entry.index, checkpoint.size);
    await checkEntry(entry.index, entry.octets, hashes, checkpoint);
    return { state: "proven", hashes };
  } catch (error) {
    return { state: "failed", error };
  }
}
