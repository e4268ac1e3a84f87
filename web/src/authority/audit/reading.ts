/** Entries of the log as they come from the authority, found from the newest backwards. */

import { TrustError } from "../../trust/errors";
import { type Octets, ofBase64, ofUtf8 } from "../../trust/octets";
import { type LogRecord, MOST_ENTRY_OCTETS, openDetails, readRecord } from "../../trust/record";
import { type Json, writeJson } from "../../trust/strictJson";
import type { LogDetail, LogEntry } from "../api";

export interface Entry {
  readonly index: number;
  readonly octets: Octets;
  /** null where the octets are no entry of a log. */
  readonly record: LogRecord | null;
  /** null where this reader may not see any. */
  readonly details: readonly ReadDetail[] | null;
}

/** A detail of a person, held against what the entry committed to. */
export type ReadDetail =
  | {
      readonly state: "proven";
      readonly name: string;
      readonly value: Json;
      /** The opening, with which anybody proves it again. */
      readonly text: string;
    }
  /** The authority says it, and the log does not. */
  | {
      readonly state: "contradicted";
      readonly name: string;
      readonly value: unknown;
      readonly text: string;
      readonly error: unknown;
    };

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
      const entry = await entryOf(each);
      if (kind !== "" && entry.record?.kind !== kind) continue;
      entries.push(entry);
      if (entries.length === wanted) return { entries, before: each.index };
    }
    end = start;
  }
  return { entries, before: end };
}

/** Read one entry and what is told of its details; never throws. */
export async function entryOf(told: LogEntry): Promise<Entry> {
  const { index } = told;
  let octets: Octets = new Uint8Array();
  let record: LogRecord | null = null;
  try {
    octets = ofBase64(told.octets, MOST_ENTRY_OCTETS);
    record = readRecord(octets);
  } catch {
    // Kept as it came.
  }
  const details = told.details && (await readDetails(record, told.details));
  return { index, octets, record, details };
}

/** Each by itself, so that one that is false does not hide the others; told twice is false too. */
async function readDetails(
  record: LogRecord | null,
  told: readonly LogDetail[],
): Promise<ReadDetail[]> {
  const read: ReadDetail[] = [];
  for (const { name, value, text } of told) {
    try {
      if (!record) throw new TrustError("proof", "Octets that are no entry commit to nothing.");
      if (read.some((before) => before.text === text)) {
        throw new TrustError("proof", "The same commitment was opened before.");
      }
      const [detail] = await openDetails(record, [text]);
      if (!detail || detail.name !== name || written(detail.value) !== written(value as Json)) {
        throw new TrustError("proof", "The opening says otherwise.");
      }
      read.push({ state: "proven", name, value: detail.value, text });
    } catch (error) {
      read.push({ state: "contradicted", name, value, text, error });
    }
  }
  return read;
}

/** In the one way there is, so that the order of names makes no difference. */
const written = (value: Json) => ofUtf8(writeJson(value));
