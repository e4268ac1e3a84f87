/** This browser as another device of whoever is signed in: invited, asked for and granted in one go. */

import { signal } from "@preact/signals";
import { stored } from "../../frame/stored";
import { keepingOf } from "../../trust/device";
import { TrustError } from "../../trust/errors";
import type { Identity } from "../../trust/identity";
import { type AuthorityState, getDevices, inviteDevice } from "../api";
import { identityParts, withPasskey } from "../kit";
import { deviceName } from "../me/agent";
import { Enrolment, isProfile, type Outcome, ticketOf } from "./enrolment";
import { contradictions, type Invitation, readInvitation } from "./invitation";

/** Counts up whenever a key here has come or gone: whoever shows keys looks again. */
export const keysChanged = signal(0);

/** Make this browser a device of the person: nobody has to carry an invitation to where it is. */
export async function addThisBrowser(state: AuthorityState, person: string): Promise<Outcome> {
  const { community, root, profile } = state;
  if (!isProfile(profile) || (await keepingOf(profile)) === "none") {
    throw new TrustError("unsupported", "This browser holds no keys of this profile.");
  }
  const devices = (await getDevices()).map(({ identity }) => identityParts(identity)?.device ?? "");
  const device = deviceName(navigator.userAgent, devices);
  const made = await withPasskey(() => inviteDevice(device));
  const invitation = readInvitation(made.token);
  const wanted = { community, identity: `person/${person}/${device}`, root, profile };
  if (!invitation || contradictions(invitation, wanted).length > 0) {
    throw new TrustError("identity", "The invitation is for somebody else.");
  }
  const outcome = await new Enrolment(invitation, profile).ask(null);
  keysChanged.value += 1;
  return outcome;
}

/** The invitation that a waiting key came by; null where it was opened elsewhere. */
export function ticketFor(identity: Identity): Invitation | null {
  return readInvitation(stored(ticketOf(identity)) ?? "");
}

/** Ask how the request of a waiting key stands, and keep the certificate once it is granted. */
export async function askAgain(ticket: Invitation): Promise<Outcome | null> {
  if (!isProfile(ticket.profile)) return null;
  const outcome = await new Enrolment(ticket, ticket.profile).follow();
  if (outcome.state === "granted") keysChanged.value += 1;
  return outcome;
}
