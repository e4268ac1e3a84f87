/** The orderer's signed word: which commit ends which epoch (`protocol/mail_notice.py`). */

import { verifyChain } from "../../trust/chain";
import { type Envelope, preAuthenticationEncoding } from "../../trust/envelope";
import { TrustError } from "../../trust/errors";
import { type Identity, identityOfUri } from "../../trust/identity";
import { verify } from "../../trust/mldsa";
import { isObject, parseCanonical } from "../../trust/strictJson";
import type { Court } from "../mls/authentication";
import type { Notice } from "../mls/ordering";

export const NOTICE_TYPE = "application/vnd.baluardo.mail-notice+json";
const LARGEST_NOTICE = 1_024;
/** Seconds that a notice may have lain in a mailbox: 30 days, and a day for clocks and channels. */
const LONGEST_WAY_S = 31 * 86_400;
const EPOCH = /^(?:0|[1-9][0-9]{0,15})$/;
const GROUP = /^[0-9a-f]{64}$/;

/** A notice, and when its orderer says that it was given. */
export interface Word extends Notice {
  /** POSIX milliseconds. */
  at: number;
}

/** Judges notices by what this device judges everybody by. */
export async function verifyNotice(envelope: Envelope, court: Court): Promise<Word> {
  const { payload, payloadType, signatures } = envelope;
  const [only, ...others] = signatures;
  if (payloadType !== NOTICE_TYPE || only === undefined || others.length > 0) {
    throw new TrustError("not-genuine", "This is no notice of one orderer: it was not followed.");
  }
  const word = readNotice(payload);
  const peer = await judged(only.chain, court, word.at / 1_000);
  if (peer.identity.kind !== "authority" || peer.identity.uri !== word.orderer.uri) {
    throw new TrustError("identity", "Somebody else than the orderer has signed this notice.");
  }
  const message = preAuthenticationEncoding(payloadType, payload);
  await verify(peer.key, only.signature, message, "envelope");
  return word;
}

/** The orderer of an answer, which must be an authority of the own community. */
export function ordererOf(uri: string, community: string): Identity {
  const identity = identityOfUri(uri);
  if (identity.kind !== "authority" || identity.community !== community) {
    throw new TrustError("identity", "Written messages are ordered by the community's authority.");
  }
  return identity;
}

/** Who signed; a notice that has lain long is judged by when it was given, as its key may have ended. */
async function judged(chain: Parameters<typeof verifyChain>[0], court: Court, at: number) {
  const now = court.now();
  try {
    return await verifyChain(chain, court.trust(), now);
  } catch (problem) {
    const ended = problem instanceof TrustError && problem.code === "not-in-force";
    if (ended && at < now && now - at < LONGEST_WAY_S) {
      return verifyChain(chain, court.trust(), at);
    }
    if (!(await court.renew?.())) throw problem;
    return verifyChain(chain, court.trust(), now);
  }
}

function readNotice(payload: Uint8Array): Word {
  const value = parseCanonical(payload, LARGEST_NOTICE);
  if (!isObject(value) || Object.keys(value).length !== 5) throw refused();
  const { group, epoch, commit, orderer, at } = value;
  if (typeof group !== "string" || typeof commit !== "string" || typeof epoch !== "string") {
    throw refused();
  }
  if (!GROUP.test(group) || !GROUP.test(commit) || !EPOCH.test(epoch)) throw refused();
  if (typeof at !== "number" || !Number.isSafeInteger(at) || at < 0) throw refused();
  if (typeof orderer !== "string") throw refused();
  return { orderer: identityOfUri(orderer), group, epoch: BigInt(epoch), commit, at };
}

function refused(): TrustError {
  return new TrustError("malformed", "This notice is not in the form it has: not followed.");
}
