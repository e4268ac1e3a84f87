/** What the own edge answers about trust, read strictly; nothing of it is believed by that. */

import { LARGEST_CERTIFICATE } from "../../trust/certificate";
import { TrustError } from "../../trust/errors";
import type { Evidence } from "../../trust/evidence";
import { HASH_OCTETS, LONGEST_PROOF } from "../../trust/merkle";
import { MOST_NOTE_OCTETS } from "../../trust/note";
import { type Octets, ofBase64, ofHex, utf8 } from "../../trust/octets";
import { MOST_ENTRY_OCTETS } from "../../trust/record";
import { LARGEST_LIST } from "../../trust/revocationList";
import { isObject, type Json, type JsonObject, parseJson } from "../../trust/strictJson";

/** Octets of an answer: lists may be megabytes, evidence is a note and an entry. */
export const MOST_TRUST_OCTETS = 3 * LARGEST_LIST;
export const MOST_EVIDENCE_OCTETS = 2 * MOST_NOTE_OCTETS;
export const MOST_PROOF_OCTETS = 16_384;

const MOST_ROOTS = 8;
const MOST_LINKS = 64;
const MOST_ISSUERS = 64;
/** Of one issuer: a full list and the deltas on it (`certificates/revocation`). */
const MOST_LISTS = 65;
const LONGEST_NAME = 255;
const LONGEST_VKEY = 8_192;

export interface ToldRoot {
  der: Octets;
  /** POSIX seconds; null for a root that none has succeeded. */
  until: number | null;
}

/** Lists of one issuer, DER: the full one first, then what leads on from it. */
export interface ToldLists {
  issuer: Octets;
  ders: readonly Octets[];
}

/** By what the edge judges others. */
export interface TrustAnswer {
  community: string;
  profile: string;
  roots: readonly ToldRoot[];
  /** Words of older roots for their successors, DER. */
  links: readonly Octets[];
  lists: readonly ToldLists[];
  /** Seconds by which a list may be overdue at this site. */
  listGrace: number;
  /** Verifier keys of the log and of its one witness, the edge itself. */
  log: string;
  witness: string;
  /** The edge's time, POSIX seconds; null where it trusts none. */
  time: number | null;
}

export function readTrust(octets: Octets): TrustAnswer {
  const fields = fieldsOf(parseJson(octets, MOST_TRUST_OCTETS), [
    "community",
    "profile",
    "roots",
    "links",
    "lists",
    "list_grace",
    "log",
    "time",
  ]);
  const log = fieldsOf(fields.log, ["vkey", "witnesses", "quorum"]);
  const [witness, ...others] = listOf(log.witnesses, 1);
  if (others.length > 0 || log.quorum !== 1) throw refused();
  return {
    community: text(fields.community, LONGEST_NAME),
    profile: text(fields.profile, LONGEST_NAME),
    roots: listOf(fields.roots, MOST_ROOTS).map((each) => {
      const { der, until } = fieldsOf(each, ["der", "until"]);
      return { der: certificate(der), until: timeOrNone(until) };
    }),
    links: listOf(fields.links, MOST_LINKS).map(certificate),
    lists: listOf(fields.lists, MOST_ISSUERS).map((each) => {
      const { issuer, ders } = fieldsOf(each, ["issuer", "ders"]);
      const read = listOf(ders, MOST_LISTS).map((der) => octetsOf(der, LARGEST_LIST));
      return { issuer: certificate(issuer), ders: read };
    }),
    listGrace: seconds(fields.list_grace),
    log: text(log.vkey, LONGEST_VKEY),
    witness: text(witness, LONGEST_VKEY),
    time: timeOrNone(fields.time),
  };
}

export function readEvidence(octets: Octets): Evidence {
  const { record, index, proof, checkpoint } = fieldsOf(parseJson(octets, MOST_EVIDENCE_OCTETS), [
    "record",
    "index",
    "proof",
    "checkpoint",
  ]);
  if (!Number.isSafeInteger(index) || (index as number) < 0) throw refused();
  return {
    record: octetsOf(record, MOST_ENTRY_OCTETS),
    index: index as number,
    proof: listOf(proof, LONGEST_PROOF).map((each) => {
      const hash = octetsOf(each, HASH_OCTETS);
      if (hash.length !== HASH_OCTETS) throw refused();
      return hash;
    }),
    checkpoint: utf8(text(checkpoint, MOST_NOTE_OCTETS)),
  };
}

/** Hashes of a proof, in hexadecimal digits. */
export function readHashes(octets: Octets): string[] {
  const { hashes } = fieldsOf(parseJson(octets, MOST_PROOF_OCTETS), ["hashes"]);
  return listOf(hashes, LONGEST_PROOF).map((each) => {
    const hash = text(each, 2 * HASH_OCTETS);
    ofHex(hash, HASH_OCTETS);
    return hash;
  });
}

function fieldsOf(value: Json | undefined, names: readonly string[]): JsonObject {
  if (!isObject(value)) throw refused();
  const held = Object.keys(value);
  if (held.length !== names.length || !names.every((name) => Object.hasOwn(value, name))) {
    throw refused();
  }
  return value;
}

function listOf(value: Json | undefined, most: number): Json[] {
  if (!Array.isArray(value) || value.length > most) throw refused();
  return value;
}

function text(value: Json | undefined, most: number): string {
  if (typeof value !== "string" || value.length > most) throw refused();
  return value;
}

function octetsOf(value: Json | undefined, most: number): Octets {
  return ofBase64(text(value, 4 * Math.ceil(most / 3)), most);
}

function certificate(value: Json | undefined): Octets {
  return octetsOf(value, LARGEST_CERTIFICATE);
}

function seconds(value: Json | undefined): number {
  if (typeof value !== "number" || !(value >= 0)) throw refused();
  return value;
}

function timeOrNone(value: Json | undefined): number | null {
  return value === null ? null : seconds(value);
}

function refused(): TrustError {
  return new TrustError("malformed", "This site's answer about trust is not in the form it has.");
}
