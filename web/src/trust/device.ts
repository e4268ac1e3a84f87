/**
 * The key of a person's device: born in the browser and kept in it. No page can read it where the
 * browser has ML-DSA; elsewhere it is a seed, which pages can read (`sealedSeed`).
 */

import type { Algorithm } from "./algorithms";
import { type Certificate, isOf, readChain } from "./certificate";
import { keep } from "./database";
import { TrustError } from "./errors";
import { type Identity, identityOfUri } from "./identity";
import { implementationOf } from "./implementations";
import { generate, MEMBER_ALGORITHM, type Profile, type Signer, signerOfKeys } from "./mldsa";
import type { Octets } from "./octets";
import { makeRequest } from "./request";
import { drawSeed, type SealedSeed, signerOfSealedSeed } from "./sealedSeed";

type WaitingRecord = { identity: string } & ({ keys: CryptoKeyPair } | { seed: SealedSeed });
type DeviceRecord = WaitingRecord & { chain: Octets[] };

/** A key that has no certificate yet. */
export interface WaitingKey {
  identity: Identity;
  signer: Signer;
}

/** A key with its certificate: what this device signs with. */
export interface DeviceKey {
  identity: Identity;
  signer: Signer;
  /** Whether the pages of this site can read it, for want of ML-DSA in this browser. */
  readable: boolean;
  /** Leaf first. */
  chain: readonly [Certificate, ...Certificate[]];
}

/** How a browser can hold a key: so that no page reads it, so that the site's pages can, or not. */
export type Keeping = "hidden" | "readable" | "none";

/** How this browser would hold a new key of this profile. */
export async function keepingOf(profile: Profile): Promise<Keeping> {
  if (!globalThis.isSecureContext || !globalThis.crypto?.subtle || !globalThis.indexedDB) {
    return "none";
  }
  const { name } = await implementationOf(MEMBER_ALGORITHM[profile]);
  return name === "native" ? "hidden" : "readable";
}

/** Asks the browser not to clear what is kept when room grows short; tells whether it agreed. */
export async function askToPersist(): Promise<boolean> {
  const storage = globalThis.navigator?.storage;
  return (await storage?.persisted?.()) || ((await storage?.persist?.()) ?? false);
}

/** The key that waits for this identity's certificate; makes one if there is none. */
export async function waitingKey(identity: Identity, profile: Profile): Promise<WaitingKey> {
  const algorithm = MEMBER_ALGORITHM[profile];
  const made = await newKey(identity, algorithm);
  const kept = await keep(["waiting"], "readwrite", async (stores) => {
    const found = await stores.get<WaitingRecord>("waiting", identity.uri);
    if (found !== undefined && algorithmOf(found) === algorithm) return found;
    await stores.put("waiting", made);
    return made;
  });
  // Not waited for: Firefox asks the person, who may leave the question open.
  askToPersist().catch(() => {});
  return { identity, signer: await signerOf(kept) };
}

/** The request of a waiting key, PKCS#10 in DER. */
export function requestOf(waiting: WaitingKey): Promise<Octets> {
  return makeRequest(waiting.signer, waiting.identity);
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
  const signer = await signerOf(record);
  if (!isOf(chain[0], signer.spki)) {
    throw new TrustError("key", "This certificate is of another key than the one kept here.");
  }
  return { identity, signer, readable: "seed" in record, chain };
}

async function newKey({ uri }: Identity, algorithm: Algorithm): Promise<WaitingRecord> {
  const native = (await implementationOf(algorithm)).name === "native";
  if (native) return { identity: uri, keys: await generate(algorithm) };
  return { identity: uri, seed: await drawSeed(algorithm, uri) };
}

function algorithmOf(record: WaitingRecord): string {
  return "seed" in record ? record.seed.algorithm : record.keys.publicKey.algorithm.name;
}

async function signerOf(record: WaitingRecord): Promise<Signer> {
  if ("seed" in record) return signerOfSealedSeed(record.seed, record.identity);
  return signerOfKeys(record.keys);
}
