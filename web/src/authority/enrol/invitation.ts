/** The invitation as text: read here only to compare what it says with what the server says. */

import { type Identity, identityOf } from "../../trust/identity";
import { ofBase64url } from "../../trust/octets";
import { isObject, parseJson } from "../../trust/strictJson";
import type { EnrolmentOpened } from "../api";

const PREFIX = "baluardo-invitation:";
const LONGEST_TEXT = 2_048;
const FINGERPRINT = /^[0-9a-f]{64}$/;

export interface Invitation {
  /** The text itself, which holds the secret. */
  token: string;
  community: string;
  profile: string;
  /** SHA-256 of the root certificate, hex. */
  root: string;
  identity: Identity;
  /** POSIX seconds. */
  expires: number;
}

/** Read the text that was handed over, alone or as a link; null where it is no invitation. */
export function readInvitation(handed: string): Invitation | null {
  const token = handed.trim().replace(/^https?:\/\/[^#\s]*#/, "");
  if (token.length > LONGEST_TEXT || !token.startsWith(PREFIX)) return null;
  try {
    const octets = ofBase64url(token.slice(PREFIX.length), LONGEST_TEXT);
    const fields = parseJson(octets, LONGEST_TEXT);
    if (!isObject(fields) || fields.v !== 1) return null;
    const { community, profile, root, identity, expires } = fields;
    if (typeof community !== "string" || typeof identity !== "string") return null;
    if (typeof profile !== "string" || typeof expires !== "number") return null;
    if (typeof root !== "string" || !FINGERPRINT.test(root)) return null;
    return {
      token,
      community,
      profile,
      root,
      identity: identityOf(community, identity),
      expires,
    };
  } catch {
    return null;
  }
}

/** In what the server contradicts the invitation. Anything at all means: it is not the one meant. */
export function contradictions(
  invitation: Invitation,
  opened: Pick<EnrolmentOpened, "community" | "identity" | "root" | "profile">,
): ("community" | "identity" | "root" | "profile")[] {
  const same = {
    community: opened.community === invitation.community,
    identity: opened.identity === invitation.identity.path,
    root: opened.root === invitation.root,
    profile: opened.profile === invitation.profile,
  };
  return (Object.keys(same) as (keyof typeof same)[]).filter((name) => !same[name]);
}

/** Take the invitation out of the address, so that no history, bookmark or onlooker keeps it. */
export function takeFromAddress(place: Location, history: History): string {
  const { hash } = place;
  if (hash.length <= 1) return "";
  history.replaceState(history.state, "", place.pathname + place.search);
  try {
    return decodeURIComponent(hash.slice(1));
  } catch {
    return hash.slice(1);
  }
}
