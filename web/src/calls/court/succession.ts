/** A new root follows only from one that is trusted, as in `certificates/anchors`. */

import { type Anchor, issued, type Keyed, keyed } from "../../trust/chain";
import { SKEW_S } from "../../trust/dates";
import { TrustError } from "../../trust/errors";
import { checkAuthority } from "../../trust/form";
import { type Octets, same } from "../../trust/octets";
import type { ToldRoot } from "./answers";

/**
 * The roots after what a site tells: those held, and each new one for which a held one vouches.
 *
 * `links` are words of older roots for their successors. TrustError for a root without such a word.
 * Whether a new root is formed as one, whoever opens them as anchors must see.
 */
export async function succeeded(
  held: readonly ToldRoot[],
  told: readonly ToldRoot[],
  links: readonly Octets[],
  now: number,
): Promise<readonly ToldRoot[]> {
  let roots = held;
  for (const root of told) {
    if (roots.some(({ der }) => same(der, root.der))) continue;
    roots = await followed(roots, root, links, now);
  }
  return roots;
}

async function followed(
  held: readonly ToldRoot[],
  told: ToldRoot,
  links: readonly Octets[],
  now: number,
): Promise<readonly ToldRoot[]> {
  const root = await keyed(told.der);
  for (const der of links) {
    const link = await keyed(der);
    const { spki, subject } = link.certificate;
    const speaksOfIt = same(spki, root.certificate.spki) && same(subject, root.certificate.subject);
    if (!speaksOfIt || !inForce(link, now) || !inForce(root, now)) continue;
    await checkAuthority(link.certificate, 1);
    for (const [at, old] of held.entries()) {
      const voucher = await keyed(old.der);
      if (old.until !== null || !inForce(voucher, now) || !(await issued(link, voucher))) continue;
      const until = Math.min(link.certificate.notAfter, voucher.certificate.notAfter);
      return [...held.with(at, { der: old.der, until }), { der: told.der, until: null }];
    }
  }
  throw new TrustError(
    "not-genuine",
    "This site tells a root for which none vouches that this browser knows: nothing was changed. " +
      "Ask a security officer whether the root was replaced.",
  );
}

/** The authority of a list: a root that is trusted, or what one of them has certified. */
export async function listIssuer(der: Octets, roots: readonly Anchor[]): Promise<Keyed> {
  const issuer = await keyed(der);
  if (roots.some(({ certificate }) => same(certificate.der, der))) return issuer;
  for (const root of roots) {
    if (await issued(issuer, root)) {
      await checkAuthority(issuer.certificate, 0);
      return issuer;
    }
  }
  throw new TrustError("not-genuine", "A list is of an issuer that no root here has certified.");
}

function inForce({ certificate }: Keyed, now: number): boolean {
  return certificate.notBefore - SKEW_S <= now && now <= certificate.notAfter + SKEW_S;
}
