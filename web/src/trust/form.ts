/**
 * How a community's certificates are formed, as `trust/certificates/making` makes them: all that
 * may differ between two of one role is a name, a key, a serial number and the dates.
 */

import type { Certificate } from "./certificate";
import { DerReader, oid, sequence, TAG } from "./der";
import { TrustError } from "./errors";
import {
  authorityKeyOf,
  authorityOf,
  EXTENSION,
  type Extension,
  idOf,
  subjectKeyOf,
} from "./extensions";
import { characters, type Octets, ofUtf8, printable, same, sha256 } from "./octets";

/** Characters of a common name (RFC 5280 appendix A.1, ub-common-name). */
const LONGEST_NAME = 64;
const COMMON_NAME = idOf("2.5.4.3");

/** KeyUsage, a BIT STRING: digitalSignature alone, and keyCertSign with cRLSign. */
const SIGNS = Uint8Array.of(0x03, 0x02, 0x07, 0x80);
const CERTIFIES = Uint8Array.of(0x03, 0x02, 0x01, 0x06);
/** ExtendedKeyUsage: TLS clients and servers. */
const BOTH_PURPOSES = sequence(oid("1.3.6.1.5.5.7.3.2"), oid("1.3.6.1.5.5.7.3.1"));

type Name = keyof typeof EXTENSION;

/** Returns if a certificate is formed as a member's. */
export async function checkLeaf(leaf: Certificate): Promise<void> {
  await checkCommon(leaf, ["extendedKeyUsage", "subjectAlternativeName"]);
  if (authorityOf(stated(leaf, "basicConstraints", true)) !== null) {
    throw refused("is an authority's, not a member's");
  }
  if (!same(stated(leaf, "keyUsage", true), SIGNS)) throw refused("is not for signatures alone");
  if (!same(stated(leaf, "extendedKeyUsage", false), BOTH_PURPOSES)) {
    throw refused("is not for members' channels and signatures");
  }
  stated(leaf, "subjectAlternativeName", false);
}

/** Returns if a certificate is formed as an authority's with so many authorities below it. */
export async function checkAuthority(authority: Certificate, below: number): Promise<void> {
  await checkCommon(authority, []);
  const constraints = authorityOf(stated(authority, "basicConstraints", true));
  if (constraints === null || !same(stated(authority, "keyUsage", true), CERTIFIES)) {
    throw refused("is no authority that may sign certificates");
  }
  if (below > constraints.pathLength) throw refused("may not stand above another authority");
}

/** Returns if a certificate says that the other's name and key signed it. */
export function namesIssuer(certificate: Certificate, issuer: Certificate): boolean {
  const signer = authorityKeyOf(stated(certificate, "authorityKeyIdentifier", false));
  return same(certificate.issuer, issuer.subject) && same(signer, issuer.keyId);
}

async function checkCommon(certificate: Certificate, more: readonly Name[]): Promise<void> {
  checkName(certificate.issuer);
  checkName(certificate.subject);
  const known = [
    "basicConstraints",
    "keyUsage",
    "subjectKeyIdentifier",
    "authorityKeyIdentifier",
    ...more,
  ] as const satisfies readonly Name[];
  const ids: readonly string[] = known.map((name) => EXTENSION[name]);
  // What would narrow a path, or belongs to another role, is refused even if it is not critical.
  const meaningful: readonly string[] = Object.values(EXTENSION);
  for (const [id, { critical }] of certificate.extensions) {
    if (!ids.includes(id) && (critical || meaningful.includes(id))) {
      throw refused("has an extension that none of ours has");
    }
  }
  // RFC 7093 section 2, method 4: who looks a key up by its identifier finds this key.
  const keyId = subjectKeyOf(stated(certificate, "subjectKeyIdentifier", false));
  if (!same(keyId, await sha256(certificate.spki))) {
    throw refused("has another key identifier than its key's");
  }
  authorityKeyOf(stated(certificate, "authorityKeyIdentifier", false));
}

/** Returns if a distinguished name is one common name in UTF-8. */
function checkName(name: Octets): void {
  const outer = new DerReader(name);
  const parts = outer.enter(TAG.sequence);
  outer.end();
  const only = parts.enter(TAG.set);
  parts.end();
  const attribute = only.enter(TAG.sequence);
  only.end();
  const id = attribute.oid();
  const text = ofUtf8(attribute.take(TAG.utf8String).content);
  attribute.end();
  const length = characters(text);
  if (id !== COMMON_NAME || length === 0 || length > LONGEST_NAME || !printable(text)) {
    throw refused("has another name than one common name");
  }
}

function stated(certificate: Certificate, name: Name, critical: boolean): Octets {
  const found: Extension | undefined = certificate.extensions.get(EXTENSION[name]);
  if (found === undefined || found.critical !== critical) {
    throw refused(`does not say its ${name} as ours do`);
  }
  return found.value;
}

function refused(what: string): TrustError {
  return new TrustError("malformed", `A certificate of this chain ${what}: the chain is refused.`);
}
