/**
 * Who the other end is, or why it is refused: chains judged as `trust/certificates/verification`
 * does, and in one thing stricter: every certificate must be formed exactly as ours are (`form`).
 */

import { CERTIFICATE_KEYS, identifierOf, type Profile } from "./algorithms";
import { type Certificate, LONGEST_CHAIN, readCertificate } from "./certificate";
import { SKEW_S, shown } from "./dates";
import { TrustError } from "./errors";
import { checkAuthority, checkLeaf, namesIssuer } from "./form";
import { type Identity, identityOf, LIFETIMES } from "./identity";
import { type PublicKey, publicKeyOf, verify } from "./mldsa";
import { hex, type Octets, same } from "./octets";
import type { Revocations } from "./revocation";

const MOST_ANCHORS = 8;

/** A certificate with its key, loaded. */
export interface Keyed {
  certificate: Certificate;
  key: PublicKey;
}

/** A root that this browser was given, and until when it is trusted if another has succeeded it. */
export interface Anchor extends Keyed {
  /** POSIX seconds. */
  until: number | null;
}

/** What a community's members start from; made by `openAnchors`. */
export interface Anchors {
  community: string;
  profile: Profile;
  roots: readonly Anchor[];
}

/** What a chain is judged by. */
export interface Trust {
  anchors: Anchors;
  revocations: Revocations;
  /** For how many seconds past due a revocation list is still believed (`LIFETIMES` of one's kind). */
  listGrace: number;
}

/** A member whose chain was verified. */
export interface Peer {
  identity: Identity;
  leaf: Certificate;
  /** Of the leaf. */
  key: PublicKey;
  /** From the leaf to a root in force, both included. */
  path: readonly Certificate[];
  /** Past its end, a holder's class may still speak with it for a while. */
  standing: "current" | "grace";
}

/** Reads pinned roots (DER); refused unless each is a root of the profile, signed by itself. */
export async function openAnchors(
  community: string,
  profile: Profile,
  roots: readonly { der: Octets; until: number | null }[],
): Promise<Anchors> {
  identityOf(community, "authority/root");
  if (roots.length === 0 || roots.length > MOST_ANCHORS) {
    throw new TrustError("malformed", `A community has 1 to ${MOST_ANCHORS} roots.`);
  }
  const read: Anchor[] = [];
  for (const { der, until } of roots) {
    const anchor = { ...(await keyed(der)), until };
    expect(anchor, [CERTIFICATE_KEYS[profile].root], profile);
    await checkAuthority(anchor.certificate, 0);
    if (!(await issued(anchor, anchor))) {
      throw new TrustError("not-genuine", "This is no root: it was not signed by itself.");
    }
    read.push(anchor);
  }
  checkDistinct(read);
  return { community, profile, roots: read };
}

/**
 * Who showed this chain (DER, leaf first, its issuer next, root not), at a time in POSIX seconds.
 *
 * TrustError: not-in-force for dates, revoked, proof where no good list is held, identity for another
 * community's or nobody's, not-genuine where no path leads to a root, malformed for what is not
 * formed as ours.
 */
export async function verifyChain(
  ders: readonly Octets[],
  trust: Trust,
  now: number,
): Promise<Peer> {
  const { anchors, revocations, listGrace } = trust;
  const chain = await readKeyed(ders, anchors.profile);
  const [leaf] = chain;
  await checkLeaf(leaf.certificate);
  const identity = identityOfLeaf(leaf.certificate, anchors.community);
  const path = await pathOf(chain, anchors, now);
  const standing = standingOf(leaf.certificate, identity, now);
  for (const each of path.slice(1, -1)) checkDates(each, 0, now);
  for (const [at, certificate] of path.slice(0, -1).entries()) {
    revocations.check(certificate, path[at + 1] as Certificate, now, listGrace);
  }
  return { identity, leaf: leaf.certificate, key: leaf.key, path, standing };
}

/** Reads a chain; keys that the profile has no place for are refused before anything is verified. */
async function readKeyed(
  ders: readonly Octets[],
  profile: Profile,
): Promise<readonly [Keyed, ...Keyed[]]> {
  if (ders.length > LONGEST_CHAIN) throw new TrustError("too-large", "This chain is too long.");
  const [leaf, ...others] = await Promise.all(ders.map(keyed));
  if (leaf === undefined) {
    throw new TrustError("malformed", "A chain has at least one certificate.");
  }
  const { leaf: member, issuer, root } = CERTIFICATE_KEYS[profile];
  expect(leaf, [member], profile);
  for (const each of others) expect(each, [issuer, root], profile);
  checkDistinct([leaf, ...others]);
  return [leaf, ...others];
}

/** Reads a certificate and loads its key; nothing of it is verified. */
export async function keyed(der: Octets): Promise<Keyed> {
  const certificate = await readCertificate(der);
  return { certificate, key: await publicKeyOf(certificate.spki) };
}

function expect({ key }: Keyed, wanted: readonly string[], profile: Profile): void {
  if (!wanted.includes(key.algorithm)) {
    throw new TrustError(
      "not-genuine",
      `A certificate has a key of ${key.algorithm}, where the profile ${profile} asks for ` +
        `${wanted.join(" or ")}: refused.`,
    );
  }
}

function checkDistinct(certificates: readonly Keyed[]): void {
  const told = new Set(certificates.map(({ certificate }) => hex(certificate.fingerprint)));
  if (told.size !== certificates.length) {
    throw new TrustError("malformed", "The same certificate stands here twice.");
  }
}

function identityOfLeaf({ identity }: Certificate, community: string): Identity {
  if (identity === null) {
    throw new TrustError("identity", "This certificate names no member of a community.");
  }
  if (identity.community !== community) {
    throw new TrustError("identity", `${identity.uri} is of another community than ${community}.`);
  }
  return identity;
}

/** The path from the leaf to a root in force, its signatures verified. */
async function pathOf(
  chain: readonly [Keyed, ...Keyed[]],
  anchors: Anchors,
  now: number,
): Promise<readonly Certificate[]> {
  const [leaf, issuer, ...links] = chain;
  const { issuer: issuing, root: certifying } = CERTIFICATE_KEYS[anchors.profile];
  // Skew and grace are judged apart: authorities must have been good while the leaf was.
  const { notBefore, notAfter } = leaf.certificate;
  const within = Math.floor(Math.min(Math.max(now, notBefore), notAfter));
  const roots = anchors.roots.filter((each) => inForce(each, now) && covers(each, within));
  if (roots.length === 0) {
    throw new TrustError("not-in-force", `No root of ${anchors.community} is in force.`);
  }
  if (issuer === undefined || issuer.key.algorithm !== issuing || !(await issued(leaf, issuer))) {
    throw noPath(anchors);
  }
  await checkAuthority(issuer.certificate, 0);
  const usable = links.filter((each) => covers(each, within) && each.key.algorithm === certifying);
  const above = covers(issuer, within) ? await waysUp(issuer, usable, roots) : null;
  if (above === null) {
    for (const { certificate } of chain.slice(1)) checkDates(certificate, 0, now);
    throw noPath(anchors);
  }
  return [leaf, issuer, ...above].map(({ certificate }) => certificate);
}

/** What stands above an issuer: a root, or an old root's word for its successor and that root. */
async function waysUp(
  issuer: Keyed,
  links: readonly Keyed[],
  roots: readonly Keyed[],
): Promise<readonly Keyed[] | null> {
  for (const root of roots) if (await certified(issuer, root, 1)) return [root];
  for (const link of links) {
    if (!(await certified(issuer, link, 1))) continue;
    for (const root of roots) if (await certified(link, root, 2)) return [link, root];
  }
  return null;
}

/** Whether an authority with so many authorities below it has certified another. */
async function certified(authority: Keyed, by: Keyed, below: number): Promise<boolean> {
  if (!(await issued(authority, by))) return false;
  await checkAuthority(by.certificate, below);
  return true;
}

/** Whether a certificate names this issuer and has its signature; what either may do is not asked. */
export async function issued(child: Keyed, issuer: Keyed): Promise<boolean> {
  const { signed } = child.certificate;
  const named = namesIssuer(child.certificate, issuer.certificate);
  if (!named || !same(signed.algorithm, identifierOf(issuer.key.algorithm))) return false;
  try {
    await verify(issuer.key, signed.signature, signed.body, "certificate");
    return true;
  } catch (problem) {
    if (problem instanceof TrustError && problem.code === "not-genuine") return false;
    throw problem;
  }
}

function inForce({ certificate, until }: Anchor, now: number): boolean {
  const last = until ?? certificate.notAfter;
  return certificate.notBefore - SKEW_S <= now && now <= last + SKEW_S;
}

function covers({ certificate }: Keyed, moment: number): boolean {
  return certificate.notBefore <= moment && moment <= certificate.notAfter;
}

function standingOf(leaf: Certificate, identity: Identity, now: number): Peer["standing"] {
  checkDates(leaf, LIFETIMES[identity.kind].grace, now);
  return now <= leaf.notAfter + SKEW_S ? "current" : "grace";
}

function checkDates({ notBefore, notAfter }: Certificate, grace: number, now: number): void {
  // Written so that a time which is no number is refused as well.
  if (!(notBefore - SKEW_S <= now && now <= notAfter + grace + SKEW_S)) {
    throw new TrustError(
      "not-in-force",
      `A certificate of this chain is valid from ${shown(notBefore)} to ${shown(notAfter)}, and ` +
        `it is ${shown(now)} here: refused.`,
    );
  }
}

function noPath({ community }: Anchors): TrustError {
  return new TrustError(
    "not-genuine",
    `This chain does not lead to a root of ${community}: refused. Its holder must enrol there.`,
  );
}
