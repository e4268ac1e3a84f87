/** The vault of a device in the browser's own store, with its key, which no page can read. */

import { keep } from "../../trust/database";
import { TrustError } from "../../trust/errors";
import type { Identity } from "../../trust/identity";
import { newSealingKey, type RecordStore, type SealedRecord, Vault } from "./vault";

interface SealingKeyRecord {
  identity: string;
  key: CryptoKey;
}

const records: RecordStore = {
  get: (name) => keep(["sealed"], "readonly", (stores) => stores.get<SealedRecord>("sealed", name)),
  all: (prefix) =>
    keep(["sealed"], "readonly", (stores) => stores.all<SealedRecord>("sealed", prefix)),
  change: (put, removed) =>
    keep(["sealed"], "readwrite", async (stores) => {
      for (const record of put) {
        const old = await stores.get<SealedRecord>("sealed", record.name);
        if (record.revision !== (old?.revision ?? 0) + 1) {
          throw new TrustError("busy", "Another page changed this conversation: look again.");
        }
        await stores.put("sealed", record);
      }
      for (const name of removed) await stores.remove("sealed", name);
    }),
};

/** The vault of a device of this browser; its key is made when it is first opened. */
export async function openVault(identity: Identity): Promise<Vault> {
  const made = await newSealingKey();
  const key = await keep(["sealingKeys"], "readwrite", async (stores) => {
    const found = await stores.get<SealingKeyRecord>("sealingKeys", identity.uri);
    if (found !== undefined) return found.key;
    await stores.put("sealingKeys", {
      identity: identity.uri,
      key: made,
    } satisfies SealingKeyRecord);
    return made;
  });
  return new Vault(records, key, identity.uri);
}

/** Forgets every conversation of a device for good: without the key nothing of it can be read. */
export async function forgetVault(identity: Identity): Promise<void> {
  await keep(["sealed", "sealingKeys"], "readwrite", async (stores) => {
    await stores.remove("sealingKeys", identity.uri);
    const every = await stores.all<SealedRecord>("sealed");
    for (const { name } of every) {
      if (name.startsWith(`${identity.uri} `)) await stores.remove("sealed", name);
    }
  });
}
