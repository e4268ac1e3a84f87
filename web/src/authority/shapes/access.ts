/** First contact, sessions, passkeys, certificates, invitations and requests. */

import { array, boolean, nullable, number, object, oneOf, string } from "../../api/validate";
import { type Json, json } from "./json";

export interface Ceremony {
  id: string;
  options: Json;
}
export const ceremony = object<Ceremony>({ id: string, options: json });

export interface EnrolmentOpened {
  identity: string;
  display_name: string;
  community: string;
  profile: string;
  root: string;
  expires: number;
  approval: boolean;
  /** What it leads to: enrol, device or recover. */
  purpose: string | null;
  state: "open" | "waiting" | "granted" | "refused";
  passkey: Ceremony | null;
}
export const enrolmentOpened = object<EnrolmentOpened>({
  identity: string,
  display_name: string,
  community: string,
  profile: string,
  root: string,
  expires: number,
  approval: boolean,
  purpose: nullable(string),
  state: oneOf("open", "waiting", "granted", "refused"),
  passkey: nullable(ceremony),
});

export interface EnrolmentAnswer {
  state: "open" | "waiting" | "granted" | "refused";
  /** DER in base64, the holder's certificate first. */
  chain: string[] | null;
  sentence: string | null;
}
export const enrolmentAnswer = object<EnrolmentAnswer>({
  state: oneOf("open", "waiting", "granted", "refused"),
  chain: nullable(array(string)),
  sentence: nullable(string),
});

export interface Session {
  id: string;
  host: string;
  made: number;
  seen: number;
  agent: string;
  current: boolean;
}
export const sessions = array(
  object<Session>({
    id: string,
    host: string,
    made: number,
    seen: number,
    agent: string,
    current: boolean,
  }),
);

export interface Passkey {
  id: string;
  label: string;
  made: number;
  used: number | null;
}
export const passkeys = array(
  object<Passkey>({ id: string, label: string, made: number, used: nullable(number) }),
);

export interface Certificate {
  serial: string;
  identity: string;
  issuer: string;
  /** Number of the entry in the audit log that issued it. */
  issued: number;
  not_after: number;
  /** The end of life and the grace of its class: until then others accept it. */
  accepted_until: number;
  state: "current" | "revoked" | "expired";
  /** SHA-256 of the public key, hex. */
  key: string;
}
export const certificate = object<Certificate>({
  serial: string,
  identity: string,
  issuer: string,
  issued: number,
  not_after: number,
  accepted_until: number,
  state: oneOf("current", "revoked", "expired"),
  key: string,
});
export const certificates = array(certificate);
export const certificatesPage = object<{ certificates: Certificate[]; next: string | null }>({
  certificates: certificates,
  next: nullable(string),
});

export const revoked = object<{ certificates: Certificate[] }>({ certificates });
export const chain = object<{ chain: string[] }>({ chain: array(string) });

export interface InvitationMade {
  id: string;
  token: string;
  link: string | null;
  qr: string | null;
  expires: number;
  identity: string;
}
export const invitationMade = object<InvitationMade>({
  id: string,
  token: string,
  link: nullable(string),
  qr: nullable(string),
  expires: number,
  identity: string,
});

export interface Invitation {
  id: string;
  identity: string;
  display_name: string | null;
  made: number | null;
  by: string | null;
  expires: number;
  state: string | null;
}
export const invitations = array(
  object<Invitation>({
    id: string,
    identity: string,
    display_name: nullable(string),
    made: nullable(number),
    by: nullable(string),
    expires: number,
    state: nullable(string),
  }),
);

export interface Request {
  id: string;
  identity: string;
  display_name: string;
  made: number;
  by: string;
  key: string;
  state: string;
}
export const requests = array(
  object<Request>({
    id: string,
    identity: string,
    display_name: string,
    made: number,
    by: string,
    key: string,
    state: string,
  }),
);
