/**
 * The device's own word under what it asks of the post office (`protocol/mail_signed.py`): no site
 * can ask in its name for anything that changes something.
 */

import type { Envelope } from "../../trust/envelope";
import { TrustError } from "../../trust/errors";
import { base64, hex, type Octets, sha256 } from "../../trust/octets";
import { type JsonObject, writeJson } from "../../trust/strictJson";
import { MailRefusal } from "../mail/mailDoor";

export const SIGNED_TYPE = "application/vnd.baluardo.mail-request+json";
/** What changes something for a device or a conversation; whatever else is asked only looks. */
export const SIGNED_KINDS = ["publish", "packages", "begin", "commit", "send", "taken"] as const;

const CHALLENGE = /^[0-9a-f]{64}$/;

/** Who asks, and how it signs. */
export interface Asker {
  /** `spiffe://italia.example/person/anna.rossi/phone` */
  uri: string;
  sign(payload: Octets, payloadType: string): Promise<Envelope>;
}

/** Whether a request is to bear the device's word. */
export function isSigned(request: JsonObject): boolean {
  return SIGNED_KINDS.some((kind) => kind === request.kind);
}

/** The challenge of an answer; MailRefusal if there is none. */
export function challengeOf(answer: JsonObject): string {
  const { challenge } = answer;
  if (typeof challenge !== "string" || !CHALLENGE.test(challenge)) {
    throw new MailRefusal("unavailable", "The authority's challenge is not in the form it has.");
  }
  return challenge;
}

/** What a device signs under a request; `number` is used once under the challenge. */
export async function signedOctets(
  request: JsonObject,
  uri: string,
  challenge: string,
  number: number,
): Promise<Octets> {
  const { kind = "" } = request;
  const digest = hex(await sha256(writeJson(request)));
  return writeJson({ challenge, device: uri, kind, number, request: digest });
}

/** A request with the device's word under it. The chain is the one that it has attended with. */
export async function signedRequest(
  request: JsonObject,
  who: Asker,
  challenge: string,
  number: number,
): Promise<JsonObject> {
  const payload = await signedOctets(request, who.uri, challenge, number);
  const { signatures } = await who.sign(payload, SIGNED_TYPE);
  const [only] = signatures;
  if (only === undefined) throw new TrustError("key", "This device has not signed its request.");
  return { ...request, signed: { challenge, number, signature: base64(only.signature) } };
}
