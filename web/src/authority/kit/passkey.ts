/** WebAuthn ceremonies: options from the server in, what the authenticator made out, both as JSON. */

import type { Json } from "../shapes";

/** Why no passkey came of it. */
export class PasskeyError extends Error {
  constructor(readonly why: "unsupported" | "cancelled" | "known" | "failed") {
    super(why);
  }
}

function octets(text: unknown): ArrayBuffer {
  if (typeof text !== "string") throw new PasskeyError("failed");
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0)).buffer;
}

function text(buffer: ArrayBuffer | null): string | undefined {
  if (buffer === null) return undefined;
  let plain = "";
  for (const octet of new Uint8Array(buffer)) plain += String.fromCharCode(octet);
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const descriptors = (list: unknown): PublicKeyCredentialDescriptor[] =>
  (Array.isArray(list) ? list : []).map((item: Json) => ({
    ...(item as unknown as PublicKeyCredentialDescriptor),
    id: octets(item.id),
  }));

/** PublicKeyCredentialRequestOptionsJSON as the browser takes it (WebAuthn level 3, 5.1.10). */
export function requestOptions(from: Json): PublicKeyCredentialRequestOptions {
  return {
    ...(from as unknown as PublicKeyCredentialRequestOptions),
    challenge: octets(from.challenge),
    allowCredentials: descriptors(from.allowCredentials),
  };
}

/** PublicKeyCredentialCreationOptionsJSON as the browser takes it (WebAuthn level 3, 5.1.9). */
export function creationOptions(from: Json): PublicKeyCredentialCreationOptions {
  const user = from.user as Json;
  return {
    ...(from as unknown as PublicKeyCredentialCreationOptions),
    challenge: octets(from.challenge),
    user: { ...(user as unknown as PublicKeyCredentialUserEntity), id: octets(user.id) },
    excludeCredentials: descriptors(from.excludeCredentials),
  };
}

function described(credential: PublicKeyCredential, response: Json): Json {
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { clientDataJSON: text(credential.response.clientDataJSON), ...response },
  };
}

/** Tell whether this browser, at this address, can hold passkeys. */
export const hasPasskeys = (): boolean =>
  typeof PublicKeyCredential === "function" && navigator.credentials !== undefined;

async function ask(ceremony: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!hasPasskeys()) throw new PasskeyError("unsupported");
  let made: Credential | null;
  try {
    made = await ceremony();
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "InvalidStateError") throw new PasskeyError("known");
    if (name === "NotAllowedError" || name === "AbortError") throw new PasskeyError("cancelled");
    throw new PasskeyError(name === "NotSupportedError" ? "unsupported" : "failed");
  }
  if (!(made instanceof PublicKeyCredential)) throw new PasskeyError("failed");
  return made;
}

/** Show a passkey that this person has: an assertion as the server reads it. */
export async function usePasskey(options: Json): Promise<Json> {
  const credential = await ask(() =>
    navigator.credentials.get({ publicKey: requestOptions(options) }),
  );
  const response = credential.response as AuthenticatorAssertionResponse;
  return described(credential, {
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: text(response.userHandle),
  });
}

/** Make a passkey: an attestation as the server reads it. */
export async function makePasskey(options: Json): Promise<Json> {
  const credential = await ask(() =>
    navigator.credentials.create({ publicKey: creationOptions(options) }),
  );
  const response = credential.response as AuthenticatorAttestationResponse;
  return described(credential, {
    attestationObject: text(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  });
}
