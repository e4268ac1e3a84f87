/** Checkpoints as signed notes (C2SP signed-note, tlog-checkpoint), as `trust/audit` signs them. */

import { TrustError } from "./errors";
import { emptyRoot, HASH_OCTETS } from "./merkle";
import { ALGORITHMS, type Algorithm, type PublicKey, publicKeyOfRaw, verify } from "./mldsa";
import {
  base64,
  hex,
  joined,
  type Octets,
  ofBase64,
  ofUint64,
  ofUtf8,
  printable,
  same,
  sha256,
  uint64,
  utf8,
} from "./octets";

export const MOST_NOTE_OCTETS = 1_048_576;
const MOST_SIGNATURES = 64;
const MOST_NAME_OCTETS = 255;
const MOST_LINE_OCTETS = 8_192;
const KEY_ID_OCTETS = 4;
const TIME_OCTETS = 8;

const DASH = "\u2014";
/** First octets of every cosigned message (C2SP tlog-cosignature). */
const MESSAGE_LABEL = utf8("subtree/v1\n\0");
const BODY = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a note must not hold them (signed-note)
const CONTROL = /[\x00-\x09\x0b-\x1f]/;

/** The byte that signed-note reserves for types without one of their own, then an identifier. */
const TYPES: readonly [Algorithm, Octets][] = (Object.keys(ALGORITHMS) as Algorithm[]).map(
  (name) => [name, joined(Uint8Array.of(0xff), utf8(`baluardo.it/subtree-v1/${name}`))],
);

/** A log's name and key. */
export interface VerifierKey {
  name: string;
  keyId: Octets;
  key: PublicKey;
  /** The one word that people hand to each other. */
  text: string;
}

/** What a log had become when it signed. */
export interface Checkpoint {
  origin: string;
  size: number;
  root: Octets;
  /** When the log signed, POSIX seconds. */
  time: number;
  /** The note with the log's own newest line alone: nobody verified the others. */
  note: string;
}

/** A checkpoint with the time at which each known witness cosigned it, by its name. */
export interface CosignedCheckpoint extends Checkpoint {
  cosigned: ReadonlyMap<string, number>;
}

interface Stated {
  origin: string;
  size: number;
  root: Octets;
}

interface Line {
  name: string;
  keyId: Octets;
  octets: Octets;
  written: string;
}

/** Reads a verifier key: NAME+ID+KEY in one word. */
export async function readVerifierKey(text: string): Promise<VerifierKey> {
  const word = text.length <= MOST_LINE_OCTETS ? text.trim() : "";
  const [, name = "", shown = "", encoded = ""] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(word) ?? [];
  const typed = ofBase64(encoded, MOST_LINE_OCTETS);
  const found = TYPES.find(([, type]) => same(typed.slice(0, type.length), type));
  if (!goodName(name) || found === undefined) {
    throw new TrustError("malformed", "This is no verifier key of a log.");
  }
  const [algorithm, type] = found;
  const keyId = (await sha256(joined(utf8(`${name}\n`), typed))).slice(0, KEY_ID_OCTETS);
  if (hex(keyId) !== shown) throw new TrustError("malformed", "This verifier key was altered.");
  return {
    name,
    keyId,
    key: await publicKeyOfRaw(algorithm, typed.slice(type.length)),
    text: word,
  };
}

/**
 * Reads a checkpoint and verifies that its log signed it; lines of other keys are passed over.
 *
 * Sizes and times beyond 2^53 are refused, as no number here would hold them exactly.
 */
export async function openCheckpoint(octets: Octets, log: VerifierKey): Promise<Checkpoint> {
  const { cosigned: _, ...checkpoint } = await openCosigned(octets, log, []);
  return checkpoint;
}

/**
 * Reads a checkpoint and verifies every line of a known key on it, the log's and its witnesses'.
 *
 * The log itself must have signed; one line of a known key that is not genuine refuses the whole.
 */
export async function openCosigned(
  octets: Octets,
  log: VerifierKey,
  witnesses: readonly VerifierKey[],
): Promise<CosignedCheckpoint> {
  const { body, lines } = noteOf(octets);
  const stated = await statedIn(body, log.name);
  const newest = await newestOf(lines, stated, log);
  if (newest === null) throw new TrustError("not-genuine", "The log did not sign this checkpoint.");
  const cosigned = new Map<string, number>();
  for (const witness of witnesses) {
    const found = await newestOf(lines, stated, witness);
    if (found !== null) cosigned.set(witness.name, found.time);
  }
  const note = `${body}\n${newest.line.written}\n`;
  return { ...stated, time: newest.time, note, cosigned };
}

async function statedIn(body: string, log: string): Promise<Stated> {
  const [, origin = "", size = "", root64 = ""] = BODY.exec(body) ?? [];
  if (origin !== log) {
    throw new TrustError("malformed", "This is no checkpoint, or one of another log.");
  }
  const root = ofBase64(root64, HASH_OCTETS);
  const stated = { origin, size: Number(size), root };
  if (!Number.isSafeInteger(stated.size))
    throw new TrustError("too-large", "A log of 2^53 entries.");
  if (stated.size === 0 && !same(root, await emptyRoot())) {
    throw new TrustError("malformed", "The checkpoint of an empty log has another root.");
  }
  return stated;
}

/** The newest line of a key, each of which must be genuine; null if it has none. */
async function newestOf(
  lines: readonly Line[],
  stated: Stated,
  signer: VerifierKey,
): Promise<{ time: number; line: Line } | null> {
  let newest: { time: number; line: Line } | null = null;
  for (const line of lines) {
    if (line.name !== signer.name || !same(line.keyId, signer.keyId)) continue;
    const time = await timeOf(line, stated, signer);
    if (newest === null || time > newest.time) newest = { time, line };
  }
  return newest;
}

/** The octets that a log signs (C2SP tlog-cosignature, `cosigned_message`). */
export function cosignedMessage(
  signer: string,
  time: number,
  origin: string,
  size: number,
  root: Octets,
): Octets {
  return joined(
    MESSAGE_LABEL,
    named(signer),
    uint64(time),
    named(origin),
    uint64(0),
    uint64(size),
    root,
  );
}

function named(text: string): Octets {
  const octets = utf8(text);
  if (octets.length > MOST_NAME_OCTETS) throw new TrustError("too-large", "This name is too long.");
  return joined(Uint8Array.of(octets.length), octets);
}

async function timeOf(line: Line, stated: Stated, signer: VerifierKey): Promise<number> {
  const time = ofUint64(line.octets.slice(0, TIME_OCTETS));
  const message = cosignedMessage(signer.name, time, stated.origin, stated.size, stated.root);
  await verify(signer.key, line.octets.slice(TIME_OCTETS), message, "checkpoint");
  return time;
}

function noteOf(octets: Octets): { body: string; lines: Line[] } {
  if (octets.length > MOST_NOTE_OCTETS) {
    throw new TrustError("too-large", `A signed note has at most ${MOST_NOTE_OCTETS} octets.`);
  }
  const whole = ofUtf8(octets);
  const blank = whole.lastIndexOf("\n\n");
  const signatures = whole.slice(blank + 2);
  if (blank < 0 || !signatures.endsWith("\n") || CONTROL.test(whole)) throw noNote();
  const lines = signatures.slice(0, -1).split("\n");
  if (lines.length > MOST_SIGNATURES) {
    throw new TrustError("too-large", `A signed note has at most ${MOST_SIGNATURES} signatures.`);
  }
  return { body: whole.slice(0, blank + 1), lines: lines.map(lineOf) };
}

function lineOf(written: string): Line {
  const [dash, name = "", encoded = "", ...others] = written.split(" ");
  if (dash !== DASH || others.length > 0 || !goodName(name)) throw noNote();
  const octets = ofBase64(encoded, MOST_LINE_OCTETS);
  if (octets.length <= KEY_ID_OCTETS || base64(octets) !== encoded) throw noNote();
  return {
    name,
    keyId: octets.slice(0, KEY_ID_OCTETS),
    octets: octets.slice(KEY_ID_OCTETS),
    written,
  };
}

function goodName(name: string): boolean {
  const plain = name.length > 0 && printable(name) && !/[\s+]/u.test(name);
  return plain && utf8(name).length <= MOST_NAME_OCTETS;
}

function noNote(): TrustError {
  return new TrustError("malformed", "This is no signed note.");
}
