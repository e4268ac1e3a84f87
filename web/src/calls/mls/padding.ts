/** How long messages seem: five sizes only, so that lengths tell little (RFC 9420 section 15.1). */

import { TrustError } from "../../trust/errors";
import { ALGORITHMS, MEMBER_ALGORITHM, type Profile } from "../../trust/mldsa";

/** Octets of content that a message is filled up to. Our choice: a word, a note, a letter, files. */
export const SIZES = [256, 1_024, 4_096, 16_384, 65_536] as const;
/** Two length prefixes of at most four octets each (RFC 9420 section 2.1.2). */
const PREFIXES = 8;

/** The size that a content is filled up to. */
export function sizeOf(length: number): number {
  const found = SIZES.find((size) => length <= size);
  if (found === undefined) {
    throw new TrustError("too-large", `A message has at most ${SIZES.at(-1)} octets.`);
  }
  return found;
}

/** Length of a message's inner content (section 6.3.1), signature included, once it is filled up. */
export function paddedLength(length: number, profile: Profile): number {
  return sizeOf(length) + ALGORITHMS[MEMBER_ALGORITHM[profile]].signatureOctets + PREFIXES;
}
