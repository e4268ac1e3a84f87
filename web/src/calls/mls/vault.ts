/** What a device keeps of its groups, sealed: AES-GCM under a key that no page can read. */

import { TrustError } from "../../trust/errors";
import { joined, type Octets, uint64, utf8 } from "../../trust/octets";
import { framed } from "./frames";

const LABEL = utf8("baluardo/mls/kept/v1");
/** NIST SP 800-38D section 8.2.2: random, and far fewer than 2^32 records under one key. */
const NONCE_OCTETS = 12;

/** A record as it lies on the disk. */
export interface SealedRecord {
  /** OWNER KIND NAME, apart by spaces. */
  name: string;
  /** Grows by one with each writing. */
  revision: number;
  nonce: Octets;
  sealed: Octets;
}

/** Where records lie. */
export interface RecordStore {
  get(name: string): Promise<SealedRecord | undefined>;
  /** Those whose names begin so. */
  all(prefix: string): Promise<SealedRecord[]>;
  /**
   * Puts and removes in one go; `busy` and nothing is changed unless each record that is put is the
   * next revision of the one that lies there, the first where none does.
   */
  change(put: readonly SealedRecord[], removed: readonly string[]): Promise<void>;
}

/**
 * Of the telephone's page: its past calls, and the directory as last seen. Of written messages: what
 * was written, the orderer's words that were followed, and two words for one epoch.
 */
export type RecordKind =
  | "conversation"
  | "package"
  | "history"
  | "contacts"
  | "letters"
  | "notice"
  | "dispute";

/** A record in the open. */
export interface KeptRecord {
  kind: RecordKind;
  name: string;
  /** As it was read; 0 for one that does not lie there yet. */
  revision: number;
  octets: Octets;
}

/** A record by its place; what is removed is removed as it lies there. */
export type Removed = Pick<KeptRecord, "kind" | "name">;

/** What is to be written in the same go as something else, so that neither is kept without the other. */
export interface Beside {
  put: readonly KeptRecord[];
  removed: readonly Removed[];
}

/** The sealed records of one device. */
export class Vault {
  readonly #store: RecordStore;
  readonly #key: CryptoKey;
  readonly #owner: string;

  /** The key is for AES-GCM and, in a browser, not extractable; the owner is an identity's URI. */
  constructor(store: RecordStore, key: CryptoKey, owner: string) {
    this.#store = store;
    this.#key = key;
    this.#owner = owner;
  }

  /** A record; null if there is none. Refused if it is not as it was sealed. */
  async read(kind: RecordKind, name: string): Promise<KeptRecord | null> {
    const found = await this.#store.get(this.#placeOf(kind, name));
    return found === undefined ? null : this.#opened(kind, name, found);
  }

  /** All records of a kind. */
  async readAll(kind: RecordKind): Promise<KeptRecord[]> {
    const prefix = this.#placeOf(kind, "");
    const found = await this.#store.all(prefix);
    return Promise.all(
      found.map((each) => this.#opened(kind, each.name.slice(prefix.length), each)),
    );
  }

  /** Writes records and removes others in one go; `busy` if another page wrote meanwhile. */
  async write(put: readonly KeptRecord[], removed: readonly Removed[] = []) {
    const sealed = await Promise.all(put.map((record) => this.#sealed(record)));
    const places = removed.map(({ kind, name }) => this.#placeOf(kind, name));
    try {
      await this.#store.change(sealed, places);
    } catch (problem) {
      if (problem instanceof TrustError) throw problem;
      throw new TrustError("storage", "This browser did not keep a conversation: out of room?");
    }
  }

  #placeOf(kind: RecordKind, name: string): string {
    return `${this.#owner} ${kind} ${name}`;
  }

  async #sealed({ kind, name, revision, octets }: KeptRecord): Promise<SealedRecord> {
    const place = this.#placeOf(kind, name);
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_OCTETS));
    const params = paramsOf(place, revision + 1, nonce);
    const sealed = await crypto.subtle.encrypt(params, this.#key, octets);
    return { name: place, revision: revision + 1, nonce, sealed: new Uint8Array(sealed) };
  }

  async #opened(kind: RecordKind, name: string, record: SealedRecord): Promise<KeptRecord> {
    const { revision, nonce, sealed } = record;
    const params = paramsOf(this.#placeOf(kind, name), revision, nonce);
    try {
      const octets = new Uint8Array(await crypto.subtle.decrypt(params, this.#key, sealed));
      return { kind, name, revision, octets };
    } catch {
      throw new TrustError("storage", "What this browser kept of a conversation was altered.");
    }
  }
}

/** A key to seal with, which no page can read. */
export function newSealingKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** Place and revision are sealed in: no record can be put in another's stead. */
function paramsOf(place: string, revision: number, nonce: Octets): AesGcmParams {
  const additionalData = joined(framed(LABEL, utf8(place)), uint64(revision));
  return { name: "AES-GCM", iv: nonce, additionalData };
}
