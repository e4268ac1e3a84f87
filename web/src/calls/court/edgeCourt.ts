/**
 * What others are judged by in calls, as this site's edge tells it and its signatures show it.
 *
 * The edge is asked for lists, for what shows that a certificate stands in the log, and for proofs.
 * All of that is signed by others, but for which roots, which log and which witness count: those are
 * pinned at first sight, and a site that later tells others is refused.
 */

import type { Certificate } from "../../trust/certificate";
import { type Anchors, openAnchors, type Trust } from "../../trust/chain";
import { SKEW_S, shown } from "../../trust/dates";
import { TrustError } from "../../trust/errors";
import { checkPolicy, type Evidence, type LogPolicy } from "../../trust/evidence";
import { LIFETIMES } from "../../trust/identity";
import type { Profile } from "../../trust/mldsa";
import { readVerifierKey } from "../../trust/note";
import { hex, type Octets, sha256 } from "../../trust/octets";
import { Revocations } from "../../trust/revocation";
import { readList } from "../../trust/revocationList";
import type { Proofs } from "../../trust/witness";
import type { Court, LogMemory } from "../mls/authentication";
import {
  MOST_EVIDENCE_OCTETS,
  MOST_PROOF_OCTETS,
  MOST_TRUST_OCTETS,
  readEvidence,
  readHashes,
  readTrust,
  type TrustAnswer,
} from "./answers";
import { type Fetcher, fetched } from "./fetched";
import { databasePins, type Pin, type Pins } from "./pins";
import { listIssuer, succeeded } from "./succession";

/** Between two looks at the lists where nothing else calls for one. Our choice. */
const REFRESH_MS = 10 * 60_000;
/** At least, between two looks that a failed judgement calls for: strangers can cause those. */
const RENEW_AGAIN_S = 10;

/** What a browser gives the court; tests outside of one give their own. */
export interface Place {
  pins: Pins;
  /** POSIX seconds. */
  now(): number;
  /** In the place of what the browser remembers of the log. */
  memory?: LogMemory;
}

const BROWSER: Place = { pins: databasePins, now: () => Date.now() / 1000 };

/** A court that keeps itself new until it is closed. */
export interface EdgeCourt extends Court {
  /** Takes what the edge knows now; TrustError if that cannot be, and what was known stays. */
  refresh(): Promise<void>;
  renew(): Promise<boolean>;
  /** Why the last look at the edge has failed, a sentence; empty if it has not. */
  readonly problem: string;
  close(): void;
}

/**
 * Opens the court of this site.
 *
 * TrustError: `proof` if the edge does not answer or has no copy of the log yet, `identity` for a
 * community of another profile, `log-key` or `not-genuine` where it tells another log, witness,
 * community or root than at first sight, `not-in-force` if the two clocks differ too much.
 */
export async function openCourt(
  profile: Profile,
  fetcher: Fetcher = (path, init) => fetch(path, init),
  place: Place = BROWSER,
): Promise<EdgeCourt> {
  const told = readTrust(await fetched(fetcher, "/api/calls/trust", MOST_TRUST_OCTETS));
  if (told.profile !== profile) {
    throw new TrustError("identity", `This site is of the profile ${told.profile}: refused.`);
  }
  checkClock(told, place.now());
  const { community, roots, log, witness } = told;
  const offered: Pin = { community, profile, roots, log, witness };
  const policy: LogPolicy = {
    log: await readVerifierKey(log),
    witnesses: [await readVerifierKey(witness)],
    quorum: 1,
  };
  checkPolicy(policy);
  await openAnchors(community, profile, roots); // nothing is pinned that cannot be used
  const pin = await place.pins.first(offered);
  checkPinned(told, pin);
  const court = new SiteCourt(profile, policy, pin, fetcher, place);
  await court.take(told);
  court.start();
  return court;
}

class SiteCourt implements EdgeCourt {
  readonly policy: LogPolicy;
  readonly proofs: Proofs;
  readonly memory?: LogMemory;
  readonly #profile: Profile;
  readonly #fetcher: Fetcher;
  readonly #place: Place;
  #pin: Pin;
  #trust: Trust | null = null;
  /** Digests of the lists that were applied, and of all that made the anchors. */
  readonly #applied = new Set<string>();
  #anchored = "";
  #refreshing: Promise<void> | null = null;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setInterval> | undefined;
  #problem = "";

  constructor(profile: Profile, policy: LogPolicy, pin: Pin, fetcher: Fetcher, place: Place) {
    this.#profile = profile;
    this.policy = policy;
    this.#pin = pin;
    this.#fetcher = fetcher;
    this.#place = place;
    if (place.memory !== undefined) this.memory = place.memory;
    this.proofs = {
      consistency: async (old, size) => {
        const path = `/api/calls/log/consistency?old=${old}&size=${size}`;
        return readHashes(await fetched(fetcher, path, MOST_PROOF_OCTETS));
      },
    };
  }

  get problem(): string {
    return this.#problem;
  }

  start(): void {
    this.#timer = setInterval(() => void this.refresh().catch(() => {}), REFRESH_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  now(): number {
    return this.#place.now();
  }

  trust(): Trust {
    if (this.#trust === null) throw new TrustError("proof", "This court is not open.");
    return this.#trust;
  }

  async evidence({ fingerprint }: Certificate): Promise<Evidence> {
    const path = `/api/calls/evidence/${hex(fingerprint)}`;
    return readEvidence(await fetched(this.#fetcher, path, MOST_EVIDENCE_OCTETS));
  }

  async renew(): Promise<boolean> {
    const { now } = this.#place;
    if (now() - this.#renewedAt < RENEW_AGAIN_S) return false;
    this.#renewedAt = now();
    const before = this.#trust;
    await this.refresh().catch(() => {}); // the judgement's own reason is told
    return this.#trust !== before;
  }

  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    try {
      const told = readTrust(await fetched(this.#fetcher, "/api/calls/trust", MOST_TRUST_OCTETS));
      checkClock(told, this.#place.now());
      checkPinned(told, this.#pin);
      await this.take(told);
      this.#problem = "";
    } catch (problem) {
      this.#problem = problem instanceof Error ? problem.message : `${problem}`;
      throw problem;
    }
  }

  /** Takes what is new of an answer; all of it or nothing. */
  async take(told: TrustAnswer): Promise<void> {
    const { community } = told;
    const roots = await succeeded(this.#pin.roots, told.roots, told.links, this.#place.now());
    const before = this.#trust;
    let anchors = before?.anchors;
    const anchored = JSON.stringify(roots.map(({ der, until }) => [hex(der), until]));
    if (anchors === undefined || anchored !== this.#anchored) {
      anchors = await openAnchors(community, this.#profile, roots);
    }
    const applied: string[] = [];
    const held = before?.revocations ?? new Revocations();
    const revocations = await this.#listed(told, anchors, held, applied);
    const listGrace = Math.min(told.listGrace, LIFETIMES.ship.listGrace);
    if (roots !== this.#pin.roots) {
      await this.#place.pins.follow(this.#pin, roots);
      this.#pin = { ...this.#pin, roots };
    }
    for (const each of applied) this.#applied.add(each);
    this.#anchored = anchored;
    const same =
      anchors === before?.anchors &&
      revocations === before.revocations &&
      listGrace === before.listGrace;
    if (!same) this.#trust = { anchors, revocations, listGrace };
  }

  async #listed(
    { lists }: TrustAnswer,
    anchors: Anchors,
    held: Revocations,
    applied: string[],
  ): Promise<Revocations> {
    let revocations = held;
    for (const { issuer, ders } of lists) {
      const fresh: Octets[] = [];
      for (const der of ders) {
        const digest = hex(await sha256(der));
        if (this.#applied.has(digest)) continue;
        fresh.push(der);
        applied.push(digest);
      }
      if (fresh.length === 0) continue;
      const { certificate } = await listIssuer(issuer, anchors.roots);
      for (const der of fresh) {
        // An edge that was put back tells older lists than are held: they change nothing.
        const present = revocations.of(certificate);
        const { number } = await readList(der, certificate);
        if (present !== null && number < present.number) continue;
        revocations = await revocations.apply(der, certificate);
      }
    }
    return revocations;
  }
}

function checkPinned(told: TrustAnswer, pin: Pin): void {
  const other =
    told.community !== pin.community || told.profile !== pin.profile
      ? "community"
      : told.log !== pin.log
        ? "log"
        : told.witness !== pin.witness
          ? "witness of the log"
          : null;
  if (other === null) return;
  throw new TrustError(
    other === "community" ? "identity" : "log-key",
    `This site tells another ${other} than this browser has seen here first: refused. If the site ` +
      "was truly set up anew, a security officer says so, and what was seen first is forgotten.",
  );
}

function checkClock({ time }: TrustAnswer, now: number): void {
  if (time === null || Math.abs(now - time) <= SKEW_S) return;
  throw new TrustError(
    "not-in-force",
    `It is ${shown(now)} by this device's clock and ${shown(time)} at this site: nobody can be ` +
      "judged by it. Set the clock.",
  );
}
