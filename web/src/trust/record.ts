/** What an entry of the audit log says, and details of persons that it committed to. */

import { TrustError } from "./errors";
import {
  base64url,
  characters,
  type Octets,
  ofBase64url,
  ofUtf8,
  printable,
  sha256,
  utf8,
} from "./octets";
import {
  fraction,
  isObject,
  type Json,
  type JsonObject,
  parseCanonical,
  parseJson,
} from "./strictJson";

export const MOST_ENTRY_OCTETS = 65_535;
const MOST_KIND = 64;
const MOST_ACTOR = 255;
const MOST_DIGESTS = 64;
const DIGEST_OCTETS = 32;
/** Characters of one opening. */
const MOST_DISCLOSURE = 32_768;
/** Field with the digests (RFC 9901 section 4.2.4.1). */
const DIGESTS = "_sd";
/** Names that no detail has (RFC 9901 section 4.2.1). */
const RESERVED = ["_sd", "..."];

/** One entry: when, what, by whom, and the facts of it. */
export interface LogRecord {
  /** POSIX seconds, to the millisecond. */
  time: number;
  kind: string;
  /** SPIFFE URI of who did it. */
  actor: string;
  facts: JsonObject;
  /** Commitments to details of persons, sorted. */
  digests: readonly string[];
}

/** A detail whose commitment stands in the entry. */
export interface Detail {
  name: string;
  value: Json;
}

/** Reads an entry; refused unless it is written in the one way there is. */
export function readRecord(octets: Octets): LogRecord {
  const fields = parseCanonical(octets, MOST_ENTRY_OCTETS);
  const known = ["time", "kind", "actor", "facts", DIGESTS];
  if (!isObject(fields) || Object.keys(fields).some((name) => !known.includes(name))) {
    throw malformed("its fields and no others");
  }
  const { time, facts } = fields;
  if (!isObject(facts)) throw malformed("facts");
  // The time is written last, always with a fraction, and rounded to the millisecond.
  const written = typeof time === "number" ? `,"time":${fraction(time)}}` : "";
  const rounded = typeof time === "number" && Number(time.toFixed(3)) === time;
  if (!rounded || !ofUtf8(octets).endsWith(written)) throw malformed("a time to the millisecond");
  return {
    time,
    kind: shown(fields.kind, MOST_KIND),
    actor: shown(fields.actor, MOST_ACTOR),
    facts,
    digests: fields[DIGESTS] === undefined ? [] : digestsOf(fields[DIGESTS]),
  };
}

/**
 * The details that openings tell, each an SD-JWT disclosure (RFC 9901 section 4.2).
 *
 * Refused if one of them is not what this entry committed to, or tells the same twice.
 */
export async function openDetails(
  record: LogRecord,
  openings: readonly string[],
): Promise<Detail[]> {
  if (openings.length > record.digests.length) {
    throw new TrustError("proof", "There are more openings than commitments.");
  }
  const opened = new Set<string>();
  const details: Detail[] = [];
  for (const text of openings) {
    const detail = detailOf(text);
    const digest = base64url(await sha256(utf8(text)));
    if (!record.digests.includes(digest) || opened.has(digest)) {
      throw new TrustError("proof", "The log did not commit to this detail.");
    }
    opened.add(digest);
    details.push(detail);
  }
  return details;
}

function detailOf(text: string): Detail {
  if (text.length > MOST_DISCLOSURE) throw new TrustError("too-large", "An opening is too long.");
  const array = parseJson(ofBase64url(text, MOST_DISCLOSURE), MOST_DISCLOSURE);
  const [salt, name, value] = Array.isArray(array) && array.length === 3 ? array : [];
  if (typeof salt !== "string" || typeof name !== "string" || value === undefined) {
    throw new TrustError("malformed", "This is no opening of a commitment.");
  }
  if (RESERVED.includes(name)) {
    throw new TrustError("malformed", "This is no opening of a commitment.");
  }
  return { name, value };
}

function digestsOf(value: Json): string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_DIGESTS) {
    throw malformed(`1 to ${MOST_DIGESTS} digests`);
  }
  return value.map((digest, index) => {
    const before = value[index - 1];
    const sorted = index === 0 || (typeof before === "string" && before < (digest as string));
    if (typeof digest !== "string" || !sorted) throw malformed("its digests sorted");
    if (ofBase64url(digest, DIGEST_OCTETS).length !== DIGEST_OCTETS) throw malformed("digests");
    return digest;
  });
}

function shown(value: Json | undefined, most: number): string {
  if (typeof value !== "string" || value === "" || characters(value) > most || !printable(value)) {
    throw malformed(`texts of 1 to ${most} characters that can be shown`);
  }
  return value;
}

function malformed(wanted: string): TrustError {
  return new TrustError("malformed", `An entry of the log has ${wanted}.`);
}
