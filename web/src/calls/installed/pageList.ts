/** The list of a site's pages as officers sign it, read as `edge/page_copy/page_list.py` defines it. */

import { TrustError } from "../../trust/errors";
import { characters } from "../../trust/octets";
import { isObject, type Json, type JsonObject } from "../../trust/strictJson";

const VERSION = 1;
const MOST_FILES = 512;
export const LARGEST_FILE = 4 << 20;
const LARGEST_COPY = 32 << 20;
const MOST_SIGNERS = 32;
const MOST_APPROVALS = 16;
const MOST_HEADERS = 32;

/** The service worker's script, and what is shown at an address without a page: in every list. */
export const GUARD = "/phone-worker.js";
export const MISSING = "/404.html";

const PATH = /^(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){1,4}$/;
const TYPE = /^[a-z]+\/[a-z0-9.+-]+(?:; charset=utf-8)?$/;
const HEADER = /^[a-z][a-z-]{0,62}$/;
const VALUE = /^[\x20-\x7e]{1,1000}$/;
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const RELEASE = /^[0-9][0-9A-Za-z.+-]{0,31}$/;

export interface PageFile {
  /** Where it is asked for, without a query. */
  path: string;
  type: string;
  /** Octets. */
  size: number;
  /** SHA-384, small hexadecimal digits. */
  sha384: string;
}

/** Whether it is rightful, signatures say (`judgement`). */
export interface PageList {
  /** Of the decision: a copy takes no list whose number is not greater than its own. */
  number: number;
  version: string;
  /** Who may sign the next list, by name. */
  signers: readonly string[];
  /** How many of them must approve it beside its proposer. */
  approvals: number;
  /** What a copy answers with beside each file. */
  headers: Readonly<Record<string, string>>;
  /** In the order of their paths. */
  files: readonly PageFile[];
}

/** Reads the body of the command; TrustError `malformed` if it is none of this kind. */
export function pageListOf(body: JsonObject): PageList {
  const fields = only(body, ["v", "number", "version", "signers", "approvals", "headers", "files"]);
  if (fields.v !== VERSION) throw malformed("the form 1");
  const list: PageList = {
    number: whole(fields.number, Number.MAX_SAFE_INTEGER, "number"),
    version: text(fields.version, RELEASE, "version"),
    signers: items(fields.signers, MOST_SIGNERS).map((each) => text(each, NAME, "signers")),
    approvals: whole(fields.approvals, MOST_APPROVALS, "approvals"),
    headers: headersOf(fields.headers),
    files: items(fields.files, MOST_FILES).map(fileOf),
  };
  checkOrder(list.signers, "signers");
  if (list.signers.length <= list.approvals) throw malformed("more signers than approvals");
  const paths = list.files.map(({ path }) => path);
  checkOrder(paths, "files");
  if (list.files.reduce((sum, { size }) => sum + size, 0) > LARGEST_COPY) {
    throw malformed(`at most ${LARGEST_COPY} octets of files`);
  }
  for (const needed of [GUARD, MISSING]) {
    if (!paths.includes(needed)) throw malformed(needed);
  }
  return list;
}

/** A file by its path; null if the list has none there. */
export function fileAt(list: PageList, path: string): PageFile | null {
  return list.files.find((each) => each.path === path) ?? null;
}

function fileOf(value: Json): PageFile {
  const fields = only(value, ["path", "type", "size", "sha384"]);
  const path = text(fields.path, PATH, "path");
  if (path.startsWith("/api/")) throw malformed("no file below /api/");
  const sha384 = text(fields.sha384, /^[0-9a-f]{96}$/, "sha384");
  const type = text(fields.type, TYPE, "type");
  return { path, type, size: whole(fields.size, LARGEST_FILE, "size"), sha384 };
}

function headersOf(value: Json | undefined): Record<string, string> {
  if (!isObject(value)) throw malformed("an object as its headers");
  const named = Object.entries(value);
  if (named.length > MOST_HEADERS) throw malformed(`at most ${MOST_HEADERS} headers`);
  const read = named.map(([name, content]): [string, string] => {
    if (!HEADER.test(name)) throw malformed("headers with names of ours");
    return [name, text(content, VALUE, "headers")];
  });
  return Object.fromEntries(read);
}

function checkOrder(names: readonly string[], what: string): void {
  const inOrder = names.every((name, at) => at === 0 || (names[at - 1] as string) < name);
  if (names.length === 0 || !inOrder) {
    throw malformed(`${what} in alphabetical order, each once`);
  }
}

function only(value: unknown, names: readonly string[]): JsonObject {
  if (!isObject(value)) throw malformed("an object");
  const held = Object.keys(value);
  if (held.length !== names.length || !names.every((name) => Object.hasOwn(value, name))) {
    throw malformed(`${names.join(", ")} and nothing more`);
  }
  return value;
}

function items(value: Json | undefined, most: number): Json[] {
  if (!Array.isArray(value) || value.length > most) throw malformed(`lists of at most ${most}`);
  return value;
}

function text(value: Json | undefined, form: RegExp, what: string): string {
  if (typeof value !== "string" || characters(value) > 1_000 || !form.test(value)) {
    throw malformed(`a ${what} as ours`);
  }
  return value;
}

function whole(value: Json | undefined, most: number, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > most) {
    throw malformed(`a ${what} from 1 to ${most}`);
  }
  return value as number;
}

function malformed(wanted: string): TrustError {
  return new TrustError("malformed", `A list of pages has ${wanted}: this one was refused.`);
}
