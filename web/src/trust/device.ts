/** The key of a person's device: born in the browser, kept in it, and never seen by anybody. */

import { type Certificate, isOf, readChain } from "./certificate";
import { keep } from "./database";
import { TrustError } from "./errors";
import { type Identity, identityOfUri } from "./identity";
import {
  generate,
  isAlgorithm,
  MEMBER_ALGORITHM,
  type Profile,
  publicKeyOf,
  sign,
  spkiOf,
  verify,
} from "./mldsa";
import type { Octets } from "./octets";
import { makeRequest } from "./request";

interface WaitingRecord {
  identity: string;
  keys: CryptoKeyPair;
}

interface DeviceRecord extends WaitingRecord {
  chain: Octets[];
}

/** A key that has no certificate yet. */
export interface WaitingKey {
  identity: Identity;
  keys: CryptoKeyPair;
  /** SubjectPublicKeyInfo, DER. */
  spki: Octets;
}

/** A key with its certificate: what this device signs with. */
export interface DeviceKey {
  identity: Identity;
  keys: CryptoKeyPair;
  /** Leaf first. */
  chain: readonly [Certificate, ...Certificate[]];
}

/** Whether this browser can hold a key of this profile at all. */
export async function supported(profile: Profile): Promise<boolean> {
  if (!globalThis.isSecureContext || !globalThis.crypto?.subtle || !globalThis.indexedDB) {
    return false;
  }
  try {
    const pair = await generate(MEMBER_ALGORITHM[profile]);
    const spki = await spkiOf(pair.publicKey);
    const signature = await sign(pair.privateKey, spki, "envelope");
    const key = await publicKeyOf(spki);
    await verify(key, signature, spki, "envelope");
    // A browser that passed over the context would take one use's signature for another's.
    return await verify(key, signature, spki, "certificate").then(
      () => false,
      () => true,
    );
  } catch {
    return false;
  }
}

/** Asks the browser not to clear what is kept when room grows short; tells whether it agreed. */
export async function askToPersist(): Promise<boolean> {
  const storage = globalThis.navigator?.storage;
  return (await storage?.persisted?.()) || ((await storage?.persist?.()) ?? false);
}

/** The key that waits for this identity's certificate; makes one if there is none. */
export async function waitingKey(identity: Identity, profile: Profile): Promise<WaitingKey> {
  const algorithm = MEMBER_ALGORITHM[profile];
  const made: WaitingRecord = { identity: identity.uri, keys: await generate(algorithm) };
  const kept = await keep(["waiting"], "readwrite", async (stores) => {
    const found = await stores.get<WaitingRecord>("waiting", identity.uri);
    if (found?.keys.publicKey.algorithm.name === algorithm) return found;
    await stores.put("waiting", made);
    return made;
  });
  await askToPersist();
  return { identity, keys: kept.keys, spki: await spkiOf(kept.keys.publicKey) };
}

/** The request of a waiting key, PKCS#10 in DER. */
export function requestOf(waiting: WaitingKey): Promise<Octets> {
  return makeRequest(waiting.keys, waiting.identity);
}

/**
 * Takes the chain that was granted to the waiting key, in the place of the identity's older key.
 *
 * Refused, and nothing changed, if the certificate is not of this identity and this very key.
 */
export async function install(identity: Identity, ders: readonly Octets[]): Promise<DeviceKey> {
  const waiting = await keep(["waiting"], "readonly", (stores) =>
    stores.get<WaitingRecord>("waiting", identity.uri),
  );
  if (waiting === undefined) throw new TrustError("key", "No key waits for this certificate here.");
  const device = await checked({ ...waiting, chain: [...ders] });
  await keep(["waiting", "devices"], "readwrite", async (stores) => {
    const still = await stores.get<WaitingRecord>("waiting", identity.uri);
    if (still === undefined) throw new TrustError("busy", "Another page took this certificate.");
    await stores.put("devices", { ...waiting, chain: [...ders] } satisfies DeviceRecord);
    await stores.remove("waiting", identity.uri);
  });
  return device;
}

/** The key of an identity; null if there is none. */
export async function load(identity: Identity): Promise<DeviceKey | null> {
  const found = await keep(["devices"], "readonly", (stores) =>
    stores.get<DeviceRecord>("devices", identity.uri),
  );
  return found === undefined ? null : checked(found);
}

/** Whose keys are kept here, and whose wait for a certificate. */
export async function held(): Promise<{ devices: Identity[]; waiting: Identity[] }> {
  return keep(["devices", "waiting"], "readonly", async (stores) => {
    const devices = await stores.all<DeviceRecord>("devices");
    const waiting = await stores.all<WaitingRecord>("waiting");
    const whose = (record: WaitingRecord) => identityOfUri(record.identity);
    return { devices: devices.map(whose), waiting: waiting.map(whose) };
  });
}

/** Forgets the keys of an identity, for good. */
export async function forget(identity: Identity): Promise<void> {
  await keep(["devices", "waiting"], "readwrite", async (stores) => {
    await stores.remove("devices", identity.uri);
    await stores.remove("waiting", identity.uri);
  });
}

/** When to ask for the next certificate: at two thirds of this one's life, POSIX seconds. */
export function renewAt(device: DeviceKey): number {
  const { notBefore, notAfter } = device.chain[0];
  return notBefore + ((notAfter - notBefore) * 2) / 3;
}

async function checked(record: DeviceRecord): Promise<DeviceKey> {
  const chain = await readChain(record.chain);
  const identity = identityOfUri(record.identity);
  if (chain[0].identity?.uri !== identity.uri) {
    throw new TrustError("identity", "This certificate is somebody else's.");
  }
  const { publicKey } = record.keys;
  if (!isAlgorithm(publicKey.algorithm.name) || !isOf(chain[0], await spkiOf(publicKey))) {
    throw new TrustError("key", "This certificate is of another key than the one kept here.");
  }
  return { identity, keys: record.keys, chain };
}
