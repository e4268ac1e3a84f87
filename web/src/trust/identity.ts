/** Who somebody is: the SPIFFE identity in a certificate's one URI. */

import { DAY_S } from "./dates";
import { TrustError } from "./errors";

export const KINDS = ["authority", "office", "ship", "person", "auditor", "sender"] as const;
export type Kind = (typeof KINDS)[number];

/** Seconds after the end of a certificate, and past due of a list, that a holder's class allows. */
export const LIFETIMES: Record<Kind, { grace: number; listGrace: number }> = {
  authority: { grace: 0, listGrace: 2 * DAY_S },
  office: { grace: 0, listGrace: 7 * DAY_S },
  ship: { grace: 30 * DAY_S, listGrace: 60 * DAY_S },
  person: { grace: 0, listGrace: 7 * DAY_S },
  auditor: { grace: 0, listGrace: 7 * DAY_S },
  sender: { grace: 0, listGrace: 2 * DAY_S },
};

const LONGEST_URI = 255;
const PART = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** A member of a community, or one device of a person. */
export interface Identity {
  /** `spiffe://COMMUNITY/PATH` */
  uri: string;
  community: string;
  /** `ship/bergamini`, `person/anna.rossi/phone` */
  path: string;
  kind: Kind;
  name: string;
  /** Empty for all but persons. */
  device: string;
  /** The same for every device of one person. */
  holder: string;
}

/** Whether a text can name a rule, a kind of command or a part of an identity. */
export function isName(text: string): boolean {
  return PART.test(text);
}

export function isKind(text: string): text is Kind {
  return (KINDS as readonly string[]).includes(text);
}

/** The identity of a path within a community. */
export function identityOf(community: string, path: string): Identity {
  const [kind = "", name = "", device = "", ...others] = path.split("/");
  const parts = device ? [community, name, device] : [community, name];
  const uri = `spiffe://${community}/${path}`;
  const named = isKind(kind) && parts.every(isName) && uri.length <= LONGEST_URI;
  const whole = others.length === 0 && path.split("/").length === parts.length;
  if (!named || !whole || (kind === "person") !== (device !== "")) {
    throw new TrustError("identity", "This is no identity of a member of a community.");
  }
  return {
    uri,
    community,
    path,
    kind,
    name,
    device,
    holder: `spiffe://${community}/${kind}/${name}`,
  };
}

/** The identity of a SPIFFE URI. */
export function identityOfUri(uri: string): Identity {
  const match = /^spiffe:\/\/([^/]+)\/(.+)$/.exec(uri.length <= LONGEST_URI ? uri : "");
  if (match === null) throw new TrustError("identity", "This is no SPIFFE identity.");
  return identityOf(match[1] ?? "", match[2] ?? "");
}
