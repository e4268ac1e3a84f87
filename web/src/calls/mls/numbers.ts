/** Numbers of RFC 9420's registries that are ours (private use: 0xF000 to 0xFFFF), all in one place. */

import type { CiphersuiteName } from "ts-mls";
import type { Profile } from "../../trust/mldsa";
import { BASE_KEY_LABEL } from "../media/keying";

/** What a profile's groups are made of. */
export interface SuiteConfiguration {
  /** Private use; both ends must have the same. */
  number: number;
  /**
   * The suite of ts-mls whose KEM, KDF, AEAD and hash these are. Its number and its signature are
   * not: members sign with the keys of their certificates (`MEMBER_ALGORITHM`).
   */
  base: CiphersuiteName;
}

/** As `trust.suites` of the authority lists them; AES-256-GCM and SHA-512 in both. */
export const SUITES: Record<Profile, SuiteConfiguration> = {
  "eu-hybrid": { number: 0xf0b1, base: "MLS_256_XWING_AES256GCM_SHA512_MLDSA87" },
  cnsa: { number: 0xf0b2, base: "MLS_256_MLKEM1024_AES256GCM_SHA512_MLDSA87" },
};

/** Extension of the group context: who talks, and who orders commits. */
export const TERMS_EXTENSION = 0xf0b1;
/** Extension of a key package that may be used again (RFC 9750 section 5.1, draft-ietf-mls-extensions). */
export const LAST_RESORT_EXTENSION = 0x000a;

/** Random octets that name a group. */
export const GROUP_ID_OCTETS = 32;

/** Labels of the exporter (RFC 9420 section 8.5), each for one use. */
export const EXPORT = {
  /** RFC 9605 section 5.2. */
  media: BASE_KEY_LABEL,
  /** Binds what an end of a call says of its media to the group. */
  call: "baluardo call binding v2",
} as const;
