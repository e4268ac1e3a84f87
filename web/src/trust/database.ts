/** What the browser keeps between visits, in IndexedDB: keys, checkpoints, evidence, sealed records, pins. */

import { TrustError } from "./errors";

const NAME = "baluardo-trust";
const VERSION = 3;

/** Each store with the field that tells its records apart. */
const STORES = {
  /** Keys with their chain, by identity. */
  devices: "identity",
  /** Keys whose certificate is not granted yet, by identity. */
  waiting: "identity",
  /** The last verified checkpoint of each log. */
  checkpoints: "origin",
  /** Evidence against a log. */
  forks: "origin",
  /** Since version 2: records of a device's conversations, sealed. */
  sealed: "name",
  /** Since version 2: the keys they are sealed with, by identity. */
  sealingKeys: "identity",
  /** Since version 3: by what this browser judges others, as the site first told it. */
  pins: "name",
} as const;

export type StoreName = keyof typeof STORES;

/** The stores of one transaction; every promise of it is one request. */
export interface Stores {
  get<T>(store: StoreName, key: string): Promise<T | undefined>;
  /** All records; those whose keys begin so where that is asked. */
  all<T>(store: StoreName, prefix?: string): Promise<T[]>;
  put(store: StoreName, record: object): Promise<unknown>;
  remove(store: StoreName, key: string): Promise<unknown>;
}

/**
 * Does something in one transaction and returns when it is on the disk. Nothing else may be awaited
 * inside: the browser would end the transaction. What throws undoes it.
 */
export async function keep<T>(
  names: readonly StoreName[],
  mode: "readonly" | "readwrite",
  act: (stores: Stores) => Promise<T>,
): Promise<T> {
  const database = await opened();
  try {
    const transaction = database.transaction(names, mode, { durability: "strict" });
    const finished = ended(transaction);
    finished.catch(() => {}); // heard below, or replaced by what went wrong inside
    let result: T;
    try {
      result = await act(storesOf(transaction));
    } catch (problem) {
      abort(transaction);
      throw problem;
    }
    await finished;
    return result;
  } finally {
    database.close();
  }
}

function storesOf(transaction: IDBTransaction): Stores {
  const store = (name: StoreName) => transaction.objectStore(name);
  return {
    get: (name, key) => answered(store(name).get(key)),
    all: (name, prefix = "") => answered(store(name).getAll(beginning(prefix))),
    put: (name, record) => answered(store(name).put(record)),
    remove: (name, key) => answered(store(name).delete(key)),
  };
}

/** The keys that begin so: none of ours holds the last character there is. */
function beginning(prefix: string): IDBKeyRange | null {
  return prefix === "" ? null : IDBKeyRange.bound(prefix, `${prefix}\uffff`);
}

function opened(): Promise<IDBDatabase> {
  let request: IDBOpenDBRequest;
  try {
    request = indexedDB.open(NAME, VERSION);
  } catch {
    return Promise.reject(unkept());
  }
  request.addEventListener("upgradeneeded", () => {
    const { result: database } = request;
    for (const [name, keyPath] of Object.entries(STORES)) {
      if (!database.objectStoreNames.contains(name)) database.createObjectStore(name, { keyPath });
    }
  });
  return answered(request);
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(unkept()));
  });
}

function ended(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    transaction.addEventListener("abort", () => reject(unkept()));
  });
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It had ended by itself.
  }
}

function unkept(): TrustError {
  return new TrustError(
    "storage",
    "This browser did not keep what it should. Nothing was changed.",
  );
}
