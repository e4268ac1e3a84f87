/** Every question to the authority. A 401 leads to the sign-in page and back from there. */

import { meShape } from "../api/authority";
import { ApiError, get, post, put, remove } from "../api/client";
import type { Check } from "../api/validate";
import { askAuthority, me } from "../frame/authority";
import { signInAddress } from "../frame/ownAddress";
import type { Json, PersonChange } from "./shapes";
import * as shapes from "./shapes";

export { getAuthorityState } from "../api/authority";
export * from "./shapes";

const AT = "/api/authority";
/** Nobody is signed in, or the passkey was used too long ago for what was asked. */
export const NOT_SIGNED_IN = 401;

async function signedIn<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === NOT_SIGNED_IN) {
      await askAuthority();
      // Still signed in: what is asked for is the passkey once more (session.ts, withPasskey).
      if (me.value === null) location.assign(signInAddress(location));
    }
    throw error;
  }
}

/** GET and POST below the authority's address, as who is signed in. */
export const read = <T>(path: string, check: Check<T>) => signedIn(get(AT + path, check));
export const send = <T>(path: string, body: Json, check: Check<T>) =>
  signedIn(post(AT + path, body, check));
const replace = <T>(path: string, body: Json, check: Check<T>) =>
  signedIn(put(AT + path, body, check));
const erase = (path: string) => signedIn(remove(AT + path, shapes.nothing));

/** Path segments of names that others chose. */
const segment = encodeURIComponent;

/** A query of what is not empty: "?a=1&b=2", or "". */
export function query(values: Record<string, string | number | null | undefined>): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") pairs.set(name, String(value));
  }
  const written = pairs.toString();
  return written === "" ? "" : `?${written}`;
}

// Nobody is signed in here: a 401 is the answer itself.
export const askSignIn = () => post(`${AT}/sign-in/options`, {}, shapes.ceremony);
export const signIn = (id: string, credential: Json) =>
  post(`${AT}/sign-in`, { id, credential }, meShape);
export const breakGlass = (person: string, code: string, reason: string) =>
  post(`${AT}/break-glass`, { person, code, reason }, meShape);
export const enterDemonstration = (person: string) =>
  post(`${AT}/demonstration/enter`, { person }, meShape);
export const openEnrolment = (token: string) =>
  post(`${AT}/enrol/open`, { token }, shapes.enrolmentOpened);
export const enrolDevice = (
  token: string,
  request: string,
  passkey: { id: string; credential: Json } | null,
) => post(`${AT}/enrol/device`, { token, request, passkey }, shapes.enrolmentAnswer);
export const enrolmentStatus = (token: string) =>
  post(`${AT}/enrol/status`, { token }, shapes.enrolmentAnswer);
export const getPublicBundle = () => get(`${AT}/public/bundle`, shapes.publicBundle);

export const getSessions = () => read("/me/sessions", shapes.sessions);
export const closeSession = (id: string) => erase(`/me/sessions/${segment(id)}`);
export const getPasskeys = () => read("/me/passkeys", shapes.passkeys);
export const askPasskey = () => send("/me/passkeys/options", {}, shapes.ceremony);
export const addPasskey = (id: string, credential: Json, label: string) =>
  send("/me/passkeys", { id, credential, label }, shapes.nothing);
export const removePasskey = (id: string) => erase(`/me/passkeys/${segment(id)}`);
export const getDevices = () => read("/me/devices", shapes.certificates);
export const inviteDevice = (device: string) =>
  send("/me/devices", { device }, shapes.invitationMade);
export const renewDevice = (envelope: Json) => send("/me/renew", { envelope }, shapes.chain);

export const getDirectory = (q = "", after: string | null = null) =>
  read(`/directory${query({ q, after })}`, shapes.directory);
export const changePerson = (name: string, change: PersonChange) =>
  replace(`/directory/${segment(name)}`, { ...change }, shapes.nothing);

export interface InvitationWanted {
  identity: string;
  display_name?: string;
  languages?: string[];
  numbers?: shapes.PhoneNumber[];
  hours?: number;
}
export const invite = (wanted: InvitationWanted) =>
  send("/invitations", { ...wanted }, shapes.invitationMade);
export const getInvitations = () => read("/invitations", shapes.invitations);
export const withdrawInvitation = (id: string) => erase(`/invitations/${segment(id)}`);

export const getRequests = () => read("/requests", shapes.requests);
export const approveRequest = (id: string) =>
  send(`/requests/${segment(id)}/approve`, {}, shapes.nothing);
export const refuseRequest = (id: string, reason: string) =>
  send(`/requests/${segment(id)}/refuse`, { reason }, shapes.nothing);

export const getCommands = (state = "", after: string | null = null) =>
  read(`/commands${query({ state, after })}`, shapes.commands);
export const getCommand = (id: string) => read(`/commands/${segment(id)}`, shapes.command);
export const propose = (proposal: Json) => send("/commands", { proposal }, shapes.command);
export const answerCommand = (id: string, answer: Json) =>
  send(`/commands/${segment(id)}/answers`, { answer }, shapes.answeredCommand);

export const getPolicy = () => read("/policy", shapes.policyInForce);
export const getPolicies = () => read("/policies", shapes.policySummaries);
export const getPolicyNumber = (number: number) =>
  read(`/policies/${number}`, shapes.policyInForce);

export const getCertificates = (holder = "", after: string | null = null) =>
  read(`/certificates${query({ holder, after })}`, shapes.certificatesPage);
export const revokeHolder = (holder: string, reason: string) =>
  send("/certificates/revoke", { holder, reason }, shapes.revoked);

export const getSites = () => read("/sites", shapes.sites);
export const getIssuers = () => read("/issuers", shapes.issuers);

export const getCheckpoint = () => read("/log/checkpoint", shapes.checkpoint);
export const getLogEntries = (start: number, count: number) =>
  read(`/log/entries${query({ start, count })}`, shapes.logEntries);
export const getInclusion = (index: number, size: number) =>
  read(`/log/inclusion${query({ index, size })}`, shapes.proof);
export const getConsistency = (old: number, now: number) =>
  read(`/log/consistency${query({ old, new: now })}`, shapes.proof);
