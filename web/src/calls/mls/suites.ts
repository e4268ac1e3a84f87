/** The suites of MLS (RFC 9420) that profiles ask for, with the device's own key as the signer. */

import {
  type Capabilities,
  type CiphersuiteImpl,
  type CiphersuiteName,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
} from "ts-mls";
import { DerReader, TAG, wholeOctets } from "../../trust/der";
import { TrustError } from "../../trust/errors";
import {
  MEMBER_ALGORITHM,
  type Profile,
  publicKeyOfRaw,
  type Signer,
  verify,
} from "../../trust/mldsa";
import { joined, type Octets, same, utf8 } from "../../trust/octets";
import { LAST_RESORT_EXTENSION, SUITES, TERMS_EXTENSION } from "./numbers";

/** What ts-mls holds in the private key's place; the key itself stays with whoever signs. */
export const KEY_HANDLE = utf8("baluardo/mls: the key of this device's certificate");

/** The name by which ts-mls writes a suite of ours: its number. */
export function suiteName(profile: Profile): CiphersuiteName {
  // ts-mls names suites that it does not list by their number (`openEnumNumberEncoder`).
  return `${SUITES[profile].number}` as CiphersuiteName;
}

/** What every member's leaf says it can do. */
export function capabilitiesOf(profile: Profile): Capabilities {
  return {
    versions: ["mls10"],
    ciphersuites: [suiteName(profile)],
    extensions: [LAST_RESORT_EXTENSION, TERMS_EXTENSION],
    proposals: [],
    credentials: ["x509"],
  };
}

/** A suite that signs with this device's key, under the context of MLS and no other. */
export async function suiteOf(profile: Profile, signer: Signer): Promise<CiphersuiteImpl> {
  const algorithm = MEMBER_ALGORITHM[profile];
  if (signer.algorithm !== algorithm) {
    throw new TrustError("key", `A member of ${profile} has a key of ${algorithm}.`);
  }
  const built = await getCiphersuiteImpl(getCiphersuiteFromName(SUITES[profile].base));
  return {
    ...built,
    name: suiteName(profile),
    signature: {
      async sign(handle, message) {
        if (!same(handle, KEY_HANDLE)) {
          throw new TrustError("key", "Only the key of this device's certificate signs here.");
        }
        return signer.sign(joined(message), "group");
      },
      async verify(raw, message, signature) {
        const key = await publicKeyOfRaw(algorithm, joined(raw));
        return verify(key, joined(signature), joined(message), "group").then(
          () => true,
          () => false,
        );
      },
      keygen() {
        throw new TrustError("key", "Keys of members are made with their certificates only.");
      },
    },
  };
}

/** A public key as FIPS 204 encodes it, which is how leaves hold it. */
export function rawKeyOf(spki: Octets): Octets {
  const outer = new DerReader(spki).enter(TAG.sequence);
  outer.take(TAG.sequence);
  return wholeOctets(outer.take(TAG.bitString));
}
