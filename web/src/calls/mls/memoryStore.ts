/** A vault that lives as long as its page does: for groups of one call, and for nothing longer. */

import { TrustError } from "../../trust/errors";
import type { Identity } from "../../trust/identity";
import { newSealingKey, type RecordStore, type SealedRecord, Vault } from "./vault";

/** Records in memory, by the rules of the browser's store. */
export class MemoryStore implements RecordStore {
  readonly records = new Map<string, SealedRecord>();

  async get(name: string) {
    return this.records.get(name);
  }

  async all(prefix: string) {
    return [...this.records.values()].filter(({ name }) => name.startsWith(prefix));
  }

  async change(put: readonly SealedRecord[], removed: readonly string[]) {
    for (const { name, revision } of put) {
      if (revision !== (this.records.get(name)?.revision ?? 0) + 1) {
        throw new TrustError("busy", "Another page changed this conversation: look again.");
      }
    }
    for (const record of put) this.records.set(record.name, record);
    for (const name of removed) this.records.delete(name);
  }
}

/** A vault over records in memory, with a key of its own. */
export async function memoryVault(store: RecordStore, owner: string): Promise<Vault> {
  return new Vault(store, await newSealingKey(), owner);
}

/** A vault of a device that begins empty, and ends with whoever holds it. */
export function openMemoryVault(identity: Identity): Promise<Vault> {
  return memoryVault(new MemoryStore(), identity.uri);
}
