/** Asking for a certificate: PKCS#10 (RFC 2986), signed by ML-DSA with the key it is for (RFC 9881). */

import { SUBJECT_ALTERNATIVE_NAME } from "./certificate";
import {
  bitString,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  set,
  tagged,
  utf8String,
} from "./der";
import type { Identity } from "./identity";
import { ALGORITHMS, type Signer } from "./mldsa";
import { type Octets, utf8 } from "./octets";

const COMMON_NAME = "2.5.4.3";
const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
/** Characters of a common name (RFC 5280 appendix A.1). */
const LONGEST_NAME = 64;
/** GeneralName's uniformResourceIdentifier (RFC 5280 section 4.2.1.6). */
const URI = 6;

/** A request for a member's certificate, DER. */
export async function makeRequest(signer: Signer, identity: Identity): Promise<Octets> {
  const asked = requestInfo(signer.spki, identity);
  const signature = await signer.sign(asked, "certificate");
  return sequence(asked, sequence(oid(ALGORITHMS[signer.algorithm].oid)), bitString(signature));
}

/** What is signed (RFC 2986 section 4.1): the name, the key, and the wish for one URI. */
export function requestInfo(spki: Octets, identity: Identity): Octets {
  const name = utf8String(identity.path.slice(0, LONGEST_NAME));
  const names = sequence(implicit(URI, utf8(identity.uri)));
  const extensions = sequence(sequence(oid(SUBJECT_ALTERNATIVE_NAME), octetString(names)));
  return sequence(
    integer(0),
    sequence(set(sequence(oid(COMMON_NAME), name))),
    spki,
    tagged(0, sequence(oid(EXTENSION_REQUEST), set(extensions))),
  );
}
