/**
 * What is revoked: the newest list of every issuer, built from full lists and deltas, by the rules
 * of `trust/certificates/revocation`. What a list has named stays revoked, whatever a newer one
 * leaves out.
 */

import type { Certificate } from "./certificate";
import { DAY_S, SKEW_S, shown } from "./dates";
import { TrustError } from "./errors";
import { hex, type Octets, same } from "./octets";
import { type Revocation, type Revoked, readList, type SignedList } from "./revocationList";

const MOST_ISSUERS = 64;
/** For how long a revocation holds that is listed no more, s: `certificates.forgotten` tells why. */
const KEPT_FORGOTTEN_S = (90 + 30 + 30) * DAY_S;
const MOST_FORGOTTEN = 100_000;

/** What one issuer has taken back, as of its newest list held. */
export interface RevocationList {
  issuer: Certificate;
  number: number;
  /** POSIX seconds. */
  thisUpdate: number;
  nextUpdate: number;
  revoked: Revoked;
  /** What earlier lists named and the newest does not: it stays revoked. */
  kept: Revoked;
}

/** The newest list held of every issuer. Never changes: `apply` makes another one. */
export class Revocations {
  readonly #lists: ReadonlyMap<string, RevocationList>;

  constructor(lists: ReadonlyMap<string, RevocationList> = new Map()) {
    this.#lists = lists;
  }

  /** The list held of an issuer; null if there is none. */
  of(issuer: Certificate): RevocationList | null {
    const held = this.#lists.get(hex(issuer.keyId));
    if (held === undefined) return null;
    if (!same(held.issuer.spki, issuer.spki)) {
      throw new TrustError("not-genuine", "Two issuers tell one key identifier: refused.");
    }
    return held;
  }

  /**
   * What is known after a list (DER, full or delta) of an issuer whose certificate was verified.
   *
   * Refused, and nothing changes, if the issuer did not sign it, if it is older than what is held,
   * starts above it, or has the number of another list.
   */
  async apply(der: Octets, issuer: Certificate): Promise<Revocations> {
    const signed = await readList(der, issuer);
    const held = this.of(issuer);
    if (held !== null && signed.number < held.number) {
      throw new TrustError("proof", `List ${signed.number} is older than the one held: refused.`);
    }
    const latest = stateAfter(signed, issuer, held);
    if (held !== null && latest.number === held.number) {
      checkSame(held, latest);
      return this;
    }
    const lists = new Map(this.#lists).set(hex(issuer.keyId), latest);
    if (lists.size > MOST_ISSUERS) {
      throw new TrustError("too-large", `Lists of ${MOST_ISSUERS} issuers are held already.`);
    }
    return new Revocations(lists);
  }

  /** Returns if the issuer has not revoked the certificate, as of a list that is fresh enough. */
  check(certificate: Certificate, issuer: Certificate, now: number, listGrace: number): void {
    const held = this.of(issuer);
    if (held === null) {
      throw new TrustError("proof", "No revocation list of this certificate's issuer is held.");
    }
    const found = held.revoked.get(certificate.serial) ?? held.kept.get(certificate.serial);
    if (found !== undefined) {
      throw new TrustError(
        "revoked",
        `This certificate was revoked on ${shown(found.time)} (${found.reason}): refused. Its ` +
          "holder must ask for a new one.",
      );
    }
    // Written so that a time which is no number is refused as well.
    if (!(now <= held.nextUpdate + listGrace + SKEW_S && now >= held.thisUpdate - SKEW_S)) {
      throw new TrustError(
        "not-in-force",
        `The revocation list held is of ${shown(held.thisUpdate)}, the next was due by ` +
          `${shown(held.nextUpdate)}, and it is ${shown(now)} here: nobody can be judged by it.`,
      );
    }
  }
}

function stateAfter(
  signed: SignedList,
  issuer: Certificate,
  held: RevocationList | null,
): RevocationList {
  const { number, base, thisUpdate, nextUpdate, entries } = signed;
  if (base !== null && (held === null || base > held.number)) {
    throw new TrustError("proof", `This delta starts from list ${base}, which is not held here.`);
  }
  const revoked = base !== null && held !== null ? changed(held.revoked, entries) : entries;
  const forEver = same(issuer.issuer, issuer.subject);
  const kept = held === null ? new Map() : stillRevoked(held, revoked, thisUpdate, forEver);
  return { issuer, number, thisUpdate, nextUpdate, revoked, kept };
}

function changed(revoked: Revoked, changes: Revoked): Revoked {
  const found = new Map(revoked);
  for (const [serial, revocation] of changes) {
    if (revocation.reason === "removeFromCRL") found.delete(serial);
    else found.set(serial, revocation);
  }
  return found;
}

/** What was known to be revoked and the newest list does not name; a root lets no line go. */
function stillRevoked(
  held: RevocationList,
  listed: Revoked,
  thisUpdate: number,
  forEver: boolean,
): Revoked {
  const found = new Map<string, Revocation>();
  for (const [serial, each] of [...held.kept, ...held.revoked]) {
    // A suspension may end, but nothing that was for ever becomes one.
    const named = listed.has(serial) && listed.get(serial)?.reason !== "certificateHold";
    const recent = forEver || each.time + KEPT_FORGOTTEN_S >= thisUpdate;
    if (!named && each.reason !== "certificateHold" && recent) found.set(serial, each);
  }
  const byTime = [...found].sort(([, one], [, other]) => one.time - other.time);
  return new Map(byTime.slice(-MOST_FORGOTTEN));
}

/** Refuses a second list with the number of the one held, unless it says the same. */
function checkSame(held: RevocationList, latest: RevocationList): void {
  const equal =
    latest.nextUpdate === held.nextUpdate &&
    latest.revoked.size === held.revoked.size &&
    [...latest.revoked].every(([serial, { time, reason }]) => {
      const other = held.revoked.get(serial);
      return other?.time === time && other.reason === reason;
    });
  if (!equal) {
    throw new TrustError(
      "proof",
      `Two different lists have the number ${held.number}: the one held stays. Tell the ` +
        "authority: its key may be in other hands.",
    );
  }
}
