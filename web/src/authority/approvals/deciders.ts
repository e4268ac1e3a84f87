/** Who lets whom in: the roles of which one decides a request (`inviters` in acts/invitations.py). */

import { isKind, type Kind } from "../../trust/identity";
import type { Role } from "../api";

/** Who is shown requests at all: those they may decide, and auditors every one. */
export const SEERS: readonly Role[] = [
  "security-officer",
  "operator",
  "fleet-officer",
  "communications-officer",
  "auditor",
];
/** Who is shown commands: those who may answer one, and auditors. */
export const READERS: readonly Role[] = ["security-officer", "custodian", "auditor"];
/** Who may answer or propose any command: they need a key to sign with. */
export const SIGNERS: readonly Role[] = ["security-officer", "custodian"];

const DECIDERS: Record<Kind, readonly Role[]> = {
  authority: [],
  office: ["operator", "security-officer"],
  ship: ["operator", "security-officer", "fleet-officer"],
  // Of persons to whom the policy gives roles, the server shows the second nothing.
  person: ["security-officer", "communications-officer"],
  auditor: ["security-officer"],
  // Made by the authority for itself: nobody asks to be one.
  sender: [],
};

/** Tell whether somebody with these roles decides a request for this identity. */
export function decides(identity: string, roles: readonly Role[]): boolean {
  const kind = identity.split("/")[0] ?? "";
  return isKind(kind) && DECIDERS[kind].some((role) => roles.includes(role));
}
