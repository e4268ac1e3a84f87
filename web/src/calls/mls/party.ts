/** This device as a member of groups: its key, its chain, and by what it judges others. */

import {
  type CiphersuiteImpl,
  type ClientConfig,
  type Credential,
  defaultKeyPackageEqualityConfig,
} from "ts-mls";
import { TrustError } from "../../trust/errors";
import type { Identity } from "../../trust/identity";
import type { Profile, Signer } from "../../trust/mldsa";
import type { Octets } from "../../trust/octets";
import { type Court, MemberAuthentication } from "./authentication";
import { rawKeyOf, suiteOf } from "./suites";
import type { Vault } from "./vault";

/** Messages of a sender that may come after later ones. Our choice. */
const LATE_MESSAGES = 64;
/** Epochs before the present one whose messages are still read. Our choice. */
export const PAST_EPOCHS = 2;
/** Messages of a sender that may be lost in a row. Our choice. */
const MOST_LOST = 1_000;
/** Seconds that a key package lives at most (RFC 9420 section 10.1); a last resort's too. */
export const LONGEST_LIFE_S = 90 * 86_400;

/** What a device brings along. */
export interface Device {
  profile: Profile;
  signer: Signer;
  /** DER, leaf first, root not. */
  chain: readonly Octets[];
}

export interface Party {
  profile: Profile;
  identity: Identity;
  credential: Credential;
  /** As FIPS 204 encodes it. */
  publicKey: Octets;
  /** End of the certificate, POSIX seconds. */
  notAfter: number;
  suite: CiphersuiteImpl;
  authentication: MemberAuthentication;
  config: ClientConfig;
  vault: Vault;
}

/** A device that may be in groups; refused if it would not pass its own authentication. */
export async function partyOf(device: Device, court: Court, vault: Vault): Promise<Party> {
  const { profile, signer, chain } = device;
  const authentication = new MemberAuthentication(court);
  if (court.trust().anchors.profile !== profile) {
    throw new TrustError("key", "A device's profile is its community's.");
  }
  const credential: Credential = { credentialType: "x509", certificates: [...chain] };
  const publicKey = rawKeyOf(signer.spki);
  const peer = await authentication.peerOf(credential, publicKey);
  return {
    profile,
    identity: peer.identity,
    credential,
    publicKey,
    notAfter: peer.leaf.notAfter,
    suite: await suiteOf(profile, signer),
    authentication,
    config: configOf(authentication),
    vault,
  };
}

/** How ts-mls is to work; refused with any other authentication service than ours. */
export function configOf(authentication: MemberAuthentication): ClientConfig {
  if (!(authentication instanceof MemberAuthentication)) {
    throw new TrustError("identity", "Groups are made with our authentication service only.");
  }
  return {
    keyRetentionConfig: {
      retainKeysForGenerations: LATE_MESSAGES,
      retainKeysForEpochs: PAST_EPOCHS,
      maximumForwardRatchetSteps: MOST_LOST,
    },
    // A leaf that was added long ago may outlive its package: its certificate is judged instead.
    lifetimeConfig: {
      maximumTotalLifetime: BigInt(LONGEST_LIFE_S),
      validateLifetimeOnReceive: false,
    },
    keyPackageEqualityConfig: defaultKeyPackageEqualityConfig,
    paddingConfig: { kind: "alwaysPad", paddingLength: 0 },
    authService: authentication,
  };
}
