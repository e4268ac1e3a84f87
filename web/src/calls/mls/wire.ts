/** Messages of MLS as octets: bounded, whole, and written in the one way only (RFC 9420 section 6). */

import { decodeMlsMessage, encodeMlsMessage, type MLSMessage } from "ts-mls";
import { joined, type Octets, same } from "../../trust/octets";
import { malformed } from "./errors";

export type Wireformat = MLSMessage["wireformat"];
export type MessageOf<W extends Wireformat> = Extract<MLSMessage, { wireformat: W }>;

/**
 * Octets that a message of each kind has at most. Public messages and group information have no
 * place here: whoever is no member neither proposes nor joins by itself.
 */
export const MOST_OCTETS = {
  mls_key_package: 65_536,
  mls_private_message: 524_288,
  mls_welcome: 524_288,
} as const;

export type OurWireformat = keyof typeof MOST_OCTETS;

/** Writes a message. */
export function octetsOf(message: MLSMessage): Octets {
  return joined(encodeMlsMessage(message));
}

/** Reads a message of one kind; refused if it is too long, another, or written in another way. */
export function messageOf<W extends OurWireformat>(octets: Octets, kind: W): MessageOf<W> {
  const most = MOST_OCTETS[kind];
  if (octets.length > most) throw malformed(`A message of this kind has at most ${most} octets`);
  let read: MLSMessage | undefined;
  try {
    // A copy: what ts-mls reads are windows on the caller's octets, which may change.
    read = decodeMlsMessage(octets.slice(), 0)?.[0];
    if (read !== undefined && !same(encodeMlsMessage(read), octets)) read = undefined;
  } catch {
    read = undefined;
  }
  if (read === undefined || read.wireformat !== kind) throw malformed("This is no such message");
  return read as MessageOf<W>;
}
