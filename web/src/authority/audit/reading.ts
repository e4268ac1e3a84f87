/** Entries of the log as they come from the authority, found from the newest backwards. */

import { type Octets, ofBase64 } from "../../trust/octets";
import { type LogRecord, MOST_ENTRY_OCTETS, readRecord } from "../../trust/record";
import type { LogDetail, LogEntry } from "../api";

export interface Entry {
  readonly index: number;
  readonly octets: Octets;
  /** null where the octets are no entry of a log. */
  readonly record: LogRecord | null;
  /** null where this reader may not see any. */
  readonly details: readonly LogDetail[] | null;
}

/** Entries in one question, at most (acts/audit_log.py). */
const MOST = 200;
/** Questions for one page: a rare kind must not read the whole log at once. */
const LONGEST_SEARCH = 10;

export interface Found {
  /** The newest first. */
  readonly entries: readonly Entry[];
  /** Everything before this index was not looked at. */
  readonly before: number;
}

/** Asks for `count` entries from `start` on. */
export type Ask = (start: number, count: number) => Promise<readonly LogEntry[]>;

/**
 * The newest `wanted` entries below `before` that are of a kind, or of any where it is empty.
 *
 * Fewer where the log, or the patience for one question, is at its end: `before` tells how far.
 */
export async function findBackwards(
  before: number,
  kind: string,
  wanted: number,
  ask: Ask,
): Promise<Found> {
  const entries: Entry[] = [];
  let end = before;
  for (let turn = 0; turn < LONGEST_SEARCH && end > 0; turn++) {
    const start = Math.max(0, end - (kind === "" ? wanted : MOST));
    const told = await ask(start, end - start);
    for (const each of [...told].reverse()) {
      // What is out of place is no answer to what was asked.
      if (each.index < start || each.index >= end) continue;
      const entry = entryOf(each);
      if (kind !== "" && entry.record?.kind !== kind) continue;
      entries.push(entry);
      if (entries.length === wanted) return { entries, before: each.index };
    }
    end = start;
  }
  return { entries, before: end };
}

/** Read one entry; never throws. */
export function entryOf(told: LogEntry): Entry {
  const { index, details } = told;
  let octets: Octets = new Uint8Array();
  try {
    octets = ofBase64(told.octets, MOST_ENTRY_OCTETS);
    return { index, octets, record: readRecord(octets), details };
  } catch {
    return { index, octets, record: null, details };
  }
}
