/** Who a member of a group is: our authentication service (RFC 9420 section 5.3.1), and no other. */

import type { AuthenticationService, Credential } from "ts-mls";
import type { Certificate } from "../../trust/certificate";
import { LARGEST_CERTIFICATE, LONGEST_CHAIN } from "../../trust/certificate";
import { type Peer, type Trust, verifyChain } from "../../trust/chain";
import { type TrustCode, TrustError } from "../../trust/errors";
import { type Evidence, type LogPolicy, verifyEvidence } from "../../trust/evidence";
import { verifyKeptEvidence } from "../../trust/keptEvidence";
import type { Checkpoint } from "../../trust/note";
import { hex, joined, type Octets, same, sha256 } from "../../trust/octets";
import type { Proofs } from "../../trust/witness";
import { rawKeyOf } from "./suites";

/** For how many seconds a judgement holds; new revocation lists end it at once. Our choice. */
const FRESH_S = 60;
const MOST_JUDGEMENTS = 64;
/** What a judgement fails with where a list is overdue or missing, or an issuer or root is new. */
const STALE: readonly TrustCode[] = ["not-in-force", "proof", "not-genuine"];

/** The newest checkpoint seen, where this is no page with a store of its own (a test, a worker). */
export interface LogMemory {
  newest: Checkpoint | null;
}

/** What members are judged by; asked for anew each time, so that new lists count at once. */
export interface Court {
  /** Anchors and revocations; another object whenever either has changed. */
  trust(): Trust;
  /** Whose signatures a checkpoint needs. */
  policy: LogPolicy;
  /** Where proofs about the log are asked for. */
  proofs: Proofs;
  /** What shows that a leaf was written down; as the member or this person's edge handed it over. */
  evidence(leaf: Certificate): Promise<Evidence>;
  /** POSIX seconds. */
  now(): number;
  /** In the place of what the browser remembers of the log. */
  memory?: LogMemory;
  /** Asks for newer lists after a judgement that newer ones might change; tells whether it has any. */
  renew?(): Promise<boolean>;
}

interface Judgement {
  peer: Peer;
  at: number;
}

/** Judges chains strictly; whoever is not proven to be a person's device is refused. */
export class MemberAuthentication implements AuthenticationService {
  readonly #court: Court;
  #trust: Trust | null = null;
  readonly #judgements = new Map<string, Judgement>();

  constructor(court: Court) {
    this.#court = court;
  }

  /** What ts-mls asks of every leaf. It throws rather than say no, so that the reason is told. */
  async validateCredential(credential: Credential, signatureKey: Uint8Array): Promise<boolean> {
    await this.peerOf(credential, signatureKey);
    return true;
  }

  /** Who this is: chain, identity, dates, revocation and evidence, and the leaf's own key. */
  async peerOf(credential: Credential, signatureKey: Uint8Array): Promise<Peer> {
    const ders = chainOf(credential);
    const peer = await this.#judgedTwice(ders);
    if (!same(rawKeyOf(peer.leaf.spki), signatureKey)) {
      throw new TrustError("key", "A member's key is not the one in its certificate.");
    }
    return peer;
  }

  /** Seconds since 1970 by this browser's clock. */
  now(): number {
    return this.#court.now();
  }

  /** Judged again, once, where what is known here was too old for it. */
  async #judgedTwice(ders: readonly Octets[]): Promise<Peer> {
    try {
      return await this.#judged(ders);
    } catch (problem) {
      const code = problem instanceof TrustError ? problem.code : null;
      const stale = code !== null && STALE.includes(code);
      if (!stale || !(await this.#court.renew?.())) throw problem;
      return this.#judged(ders);
    }
  }

  async #judged(ders: readonly Octets[]): Promise<Peer> {
    const trust = this.#court.trust();
    const now = this.#court.now();
    if (trust !== this.#trust) this.#judgements.clear();
    this.#trust = trust;
    const name = hex(await sha256(joined(...ders)));
    const known = this.#judgements.get(name);
    if (known !== undefined && Math.abs(now - known.at) < FRESH_S) return known.peer;
    const peer = await this.#verified(ders, trust, now);
    if (this.#judgements.size >= MOST_JUDGEMENTS) this.#judgements.clear();
    if (this.#trust === trust) this.#judgements.set(name, { peer, at: now });
    return peer;
  }

  async #verified(ders: readonly Octets[], trust: Trust, now: number): Promise<Peer> {
    const peer = await verifyChain(ders, trust, now);
    const { identity, leaf } = peer;
    if (identity.kind !== "person" || identity.community !== trust.anchors.community) {
      throw new TrustError("identity", "Members of a conversation are devices of its people.");
    }
    await this.#checkLogged(leaf, now);
    return peer;
  }

  async #checkLogged(leaf: Certificate, now: number): Promise<void> {
    const { policy, proofs, memory } = this.#court;
    const evidence = await this.#court.evidence(leaf);
    if (memory === undefined) {
      await verifyKeptEvidence(leaf, evidence, policy, proofs, now);
      return;
    }
    const consistency = (old: number, size: number) => proofs.consistency(old, size);
    const sight = { newest: memory.newest, consistency };
    memory.newest = (await verifyEvidence(leaf, evidence, policy, sight, now)).newest;
  }
}

/** The certificates of a credential, DER, leaf first; bounded before anything reads them. */
export function chainOf(credential: Credential): Octets[] {
  if (credential.credentialType !== "x509" || !("certificates" in credential)) {
    throw new TrustError("identity", "A member shows certificates, and nothing else.");
  }
  const { certificates } = credential;
  if (!(0 < certificates.length && certificates.length <= LONGEST_CHAIN)) {
    throw new TrustError("malformed", `A member shows 1 to ${LONGEST_CHAIN} certificates.`);
  }
  if (certificates.some((der) => der.length > LARGEST_CERTIFICATE)) {
    throw new TrustError("too-large", "This certificate is larger than any of ours.");
  }
  return certificates.map((der) => joined(der));
}
