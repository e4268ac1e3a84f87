/** First contact of a person's device: key and passkey are made here, the certificate is asked for. */

import { store } from "../../frame/stored";
import { LARGEST_CERTIFICATE } from "../../trust/certificate";
import { held, install, load, requestOf, waitingKey } from "../../trust/device";
import { TrustError } from "../../trust/errors";
import type { Identity } from "../../trust/identity";
import type { Profile } from "../../trust/mldsa";
import { base64, hex, ofBase64, sha256 } from "../../trust/octets";
import {
  type Ceremony,
  type EnrolmentAnswer,
  enrolDevice,
  enrolmentStatus,
  type Json,
} from "../api";
import { makePasskey } from "../kit";
import type { Invitation } from "./invitation";

export const isProfile = (text: string): text is Profile => text === "eu-hybrid" || text === "cnsa";

/** How the request stands, and whether this browser holds what was granted. */
export type Outcome = EnrolmentAnswer & { kept: boolean };

/** Where the used invitation of a key that waits is kept: it serves to ask how it stands, no more. */
export const ticketOf = (identity: Identity) => `ticket.${identity.uri}`;

/** One try after the other uses the same key and, once made, the same passkey. */
export class Enrolment {
  #passkey: { id: string; credential: Json } | null = null;

  constructor(
    readonly invitation: Invitation,
    readonly profile: Profile,
  ) {}

  /** Make what this device needs and ask for its certificate. */
  async ask(ceremony: Ceremony | null): Promise<Outcome> {
    const waiting = await waitingKey(this.invitation.identity, this.profile);
    const request = await requestOf(waiting);
    if (ceremony && this.#passkey?.id !== ceremony.id) {
      this.#passkey = { id: ceremony.id, credential: await makePasskey(ceremony.options) };
    }
    const { identity, token } = this.invitation;
    const answer = await enrolDevice(token, base64(request), this.#passkey);
    if (answer.state === "waiting") store(ticketOf(identity), token);
    return this.take(answer);
  }

  /** Ask how the request stands. */
  async follow(): Promise<Outcome> {
    return this.take(await enrolmentStatus(this.invitation.token));
  }

  private async take(answer: EnrolmentAnswer): Promise<Outcome> {
    if (answer.state !== "granted" || !answer.chain) return { ...answer, kept: false };
    return { ...answer, kept: await keepChain(this.invitation.identity, answer.chain) };
  }
}

/** SHA-256 of the key that waits here, hex; null where it waits in another browser. */
export async function waitingFingerprint(invitation: Invitation): Promise<string | null> {
  const { waiting } = await held();
  const here = waiting.some(({ uri }) => uri === invitation.identity.uri);
  if (!here || !isProfile(invitation.profile)) return null;
  const { signer } = await waitingKey(invitation.identity, invitation.profile);
  return hex(await sha256(signer.spki));
}

/** Keep a chain with the key that waits for it; false where that key is in another browser. */
async function keepChain(identity: Identity, chain: readonly string[]): Promise<boolean> {
  const ders = chain.map((each) => ofBase64(each, LARGEST_CERTIFICATE));
  const kept = await load(identity);
  if (kept && base64(kept.chain[0].der) === chain[0]) return true;
  try {
    await install(identity, ders);
    return true;
  } catch (error) {
    if (error instanceof TrustError && error.code === "key") return false;
    throw error;
  }
}
