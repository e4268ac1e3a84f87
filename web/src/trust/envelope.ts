/** Signed octets that carry who signed them: DSSE v1 envelopes as `trust/envelope.py` defines them. */

import { type Certificate, LARGEST_CERTIFICATE, LONGEST_CHAIN, readChain } from "./certificate";
import type { DeviceKey } from "./device";
import { TrustError } from "./errors";
import { publicKeyOf, verify } from "./mldsa";
import {
  base64,
  characters,
  hex,
  joined,
  type Octets,
  ofEitherBase64,
  printable,
  utf8,
} from "./octets";
import { isObject, type Json, type JsonObject } from "./strictJson";

export const LARGEST_PAYLOAD = 1 << 20;
const MOST_SIGNATURES = 16;
const LONGEST_SIGNATURE = 4627;
const LONGEST_TYPE = 255;
const LONGEST_KEY_ID = 128;

export interface EnvelopeSignature {
  /** DER, leaf first. */
  chain: readonly Octets[];
  signature: Octets;
  /** A hint, which decides nothing. */
  keyId: string;
}

/** Nothing of it is genuine yet. */
export interface Envelope {
  payload: Octets;
  payloadType: string;
  signatures: readonly EnvelopeSignature[];
}

/** DSSE's pre-authentication encoding: the message that is signed. */
export function preAuthenticationEncoding(payloadType: string, payload: Octets): Octets {
  const kind = utf8(payloadType);
  const head = utf8(`DSSEv1 ${kind.length} `);
  return joined(head, kind, utf8(` ${payload.length} `), payload);
}

/** An envelope of a payload with this device's signature. */
export async function signEnvelope(
  payload: Octets,
  payloadType: string,
  device: DeviceKey,
): Promise<Envelope> {
  checkPayload(payload, payloadType);
  const message = preAuthenticationEncoding(payloadType, payload);
  const signature = await device.signer.sign(message, "envelope");
  const chain = device.chain.map((certificate) => certificate.der);
  return {
    payload,
    payloadType,
    signatures: [{ chain, signature, keyId: hex(device.chain[0].keyId) }],
  };
}

/** The JSON envelope as a value. */
export function envelopeToJson(envelope: Envelope): JsonObject {
  return {
    payload: base64(envelope.payload),
    payloadType: envelope.payloadType,
    signatures: envelope.signatures.map((each) => ({
      keyid: each.keyId,
      sig: base64(each.signature),
      chain: each.chain.map(base64),
    })),
  };
}

/** Reads a JSON envelope. */
export function envelopeOfJson(value: unknown): Envelope {
  const fields = only(value, ["payload", "payloadType", "signatures"]);
  const { signatures } = fields;
  if (
    !Array.isArray(signatures) ||
    !(0 < signatures.length && signatures.length <= MOST_SIGNATURES)
  ) {
    throw malformed(`1 to ${MOST_SIGNATURES} signatures`);
  }
  const payload = ofEitherBase64(text(fields.payload, Number.MAX_SAFE_INTEGER), LARGEST_PAYLOAD);
  const payloadType = text(fields.payloadType, LONGEST_TYPE);
  checkPayload(payload, payloadType);
  return { payload, payloadType, signatures: signatures.map(signatureOf) };
}

/**
 * Returns who says that they signed it, if the one signature is genuine under the key of the leaf.
 *
 * That the leaf is one of the community's, and in force, is for the authority and the edges to say.
 */
export async function verifySigner(envelope: Envelope, payloadType: string): Promise<Certificate> {
  const [only, ...others] = envelope.signatures;
  if (envelope.payloadType !== payloadType || only === undefined || others.length > 0) {
    throw new TrustError("not-genuine", `This is not one signed ${payloadType}.`);
  }
  const [leaf] = await readChain(only.chain);
  const message = preAuthenticationEncoding(envelope.payloadType, envelope.payload);
  await verify(await publicKeyOf(leaf.spki), only.signature, message, "envelope");
  return leaf;
}

function checkPayload(payload: Octets, payloadType: string): void {
  if (payload.length > LARGEST_PAYLOAD) {
    throw new TrustError("too-large", `A payload has at most ${LARGEST_PAYLOAD} octets.`);
  }
  const length = characters(payloadType);
  if (length === 0 || length > LONGEST_TYPE || !printable(payloadType)) {
    throw malformed(`a payloadType of 1 to ${LONGEST_TYPE} printable characters`);
  }
}

function signatureOf(value: Json): EnvelopeSignature {
  const fields = only(value, ["keyid", "sig", "chain"]);
  const { chain } = fields;
  if (!Array.isArray(chain) || !(0 < chain.length && chain.length <= LONGEST_CHAIN)) {
    throw malformed(`a chain of 1 to ${LONGEST_CHAIN} certificates`);
  }
  return {
    chain: chain.map((der) => ofEitherBase64(text(der), LARGEST_CERTIFICATE)),
    signature: ofEitherBase64(text(fields.sig), LONGEST_SIGNATURE),
    keyId: fields.keyid === undefined ? "" : text(fields.keyid, LONGEST_KEY_ID),
  };
}

function only(value: unknown, names: readonly string[]): JsonObject {
  if (!isObject(value) || !Object.keys(value).every((name) => names.includes(name))) {
    throw malformed(`an object with ${names.join(", ")} and nothing more`);
  }
  return value;
}

function text(value: Json | undefined, most = Number.MAX_SAFE_INTEGER): string {
  if (typeof value !== "string" || value.length > 2 * most || characters(value) > most) {
    throw malformed("a text within its bounds");
  }
  return value;
}

function malformed(wanted: string): TrustError {
  return new TrustError("malformed", `An envelope has ${wanted}.`);
}
