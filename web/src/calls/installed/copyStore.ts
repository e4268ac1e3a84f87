/** The copy of a site's pages in this browser: a list with all of its files, or nothing. */

import { TrustError } from "../../trust/errors";
import type { Octets } from "../../trust/octets";
import type { Held } from "./judgement";

const NAME = "baluardo-pages";
const VERSION = 1;
const COPIES = "copies";
const FILES = "files";

/** `before`: a page that runs may still ask for files of the list that it came from. */
type Which = "held" | "before";

type CopyRecord = Held & { name: Which };

/** The guard that is rightful here. */
export interface Guard {
  sha384: string;
  /** The list has changed it, and the one before may still be at work. */
  awaited: boolean;
}

type GuardRecord = Guard & { name: "guard" };

interface FileRecord {
  sha384: string;
  octets: Octets;
}

/** The list that is kept; null if there is none. */
export function heldCopy(which: Which = "held"): Promise<Held | null> {
  return within("readonly", async (copies) => {
    const record = await answered<CopyRecord | undefined>(copies.get(which));
    return record === undefined ? null : { list: record.list, digest: record.digest };
  });
}

/** The octets of a file; null if they are not here. */
export function keptFile(sha384: string): Promise<Octets | null> {
  return within("readonly", async (_, files) => {
    const record = await answered<FileRecord | undefined>(files.get(sha384));
    return record?.octets ?? null;
  });
}

/**
 * Keeps a list with its files in the place of the one held, as a whole, or changes nothing.
 *
 * `fresh` are the files that are not kept yet. TrustError `busy` if another page was faster.
 */
export function takeCopy(
  next: Held,
  before: Held | null,
  fresh: ReadonlyMap<string, Octets>,
): Promise<void> {
  return within("readwrite", async (copies, files) => {
    const now = await answered<CopyRecord | undefined>(copies.get("held"));
    if (now?.digest !== before?.digest) {
      throw new TrustError("busy", "Another page has changed this copy at the same time.");
    }
    copies.put({ ...next, name: "held" } satisfies CopyRecord);
    if (before !== null) copies.put({ ...before, name: "before" } satisfies CopyRecord);
    for (const [sha384, octets] of fresh) files.put({ sha384, octets } satisfies FileRecord);
    const wanted = new Set([next, before].flatMap((each) => each?.list.files ?? []).map(digestOf));
    for (const key of await answered(files.getAllKeys())) {
      if (!wanted.has(String(key))) files.delete(key);
    }
  });
}

/** The guard that was last known to be rightful; null before the first. */
export function knownGuard(): Promise<Guard | null> {
  return within("readonly", async (copies) => {
    const record = await answered<GuardRecord | undefined>(copies.get("guard"));
    return record === undefined ? null : { sha384: record.sha384, awaited: record.awaited };
  });
}

export function rememberGuard(guard: Guard): Promise<void> {
  return within("readwrite", async (copies) => {
    copies.put({ ...guard, name: "guard" } satisfies GuardRecord);
  });
}

/** Removes all that is kept. */
export function dropCopy(): Promise<void> {
  return within("readwrite", async (copies, files) => {
    copies.clear();
    files.clear();
  });
}

function digestOf({ sha384 }: { sha384: string }): string {
  return sha384;
}

/** Does something in one transaction; nothing else may be awaited inside, what throws undoes it. */
async function within<T>(
  mode: IDBTransactionMode,
  act: (copies: IDBObjectStore, files: IDBObjectStore) => Promise<T>,
): Promise<T> {
  const database = await opened();
  try {
    const transaction = database.transaction([COPIES, FILES], mode, { durability: "strict" });
    const finished = new Promise<void>((resolve, reject) => {
      transaction.addEventListener("complete", () => resolve());
      transaction.addEventListener("abort", () => reject(unkept()));
    });
    finished.catch(() => {}); // heard below, or replaced by what went wrong inside
    try {
      const result = await act(transaction.objectStore(COPIES), transaction.objectStore(FILES));
      await finished;
      return result;
    } catch (problem) {
      if (!(problem instanceof TrustError && problem.code === "storage")) transaction.abort();
      throw problem;
    }
  } finally {
    database.close();
  }
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, VERSION);
  request.addEventListener("upgradeneeded", () => {
    request.result.createObjectStore(COPIES, { keyPath: "name" });
    request.result.createObjectStore(FILES, { keyPath: "sha384" });
  });
  return answered(request);
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(unkept()));
  });
}

function unkept(): TrustError {
  return new TrustError("storage", "This browser did not keep the copy. Nothing was changed.");
}
