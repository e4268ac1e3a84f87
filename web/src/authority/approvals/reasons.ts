/** Reasons to revoke a certificate, by the names of RFC 5280. */

import { wordsOf } from "../kit/language";

export const en: Record<string, string> = {
  unspecified: "not stated",
  keyCompromise: "the key was stolen, lost or copied",
  cACompromise: "the issuer's key was stolen or copied",
  affiliationChanged: "the holder belongs elsewhere now",
  superseded: "replaced by another",
  cessationOfOperation: "no longer in operation",
  privilegeWithdrawn: "the right was withdrawn",
};

export const it: Record<string, string> = {
  unspecified: "non indicato",
  keyCompromise: "la chiave è stata rubata, persa o copiata",
  cACompromise: "la chiave dell'emittente è stata rubata o copiata",
  affiliationChanged: "il titolare ora appartiene altrove",
  superseded: "sostituito da un altro",
  cessationOfOperation: "non più in servizio",
  privilegeWithdrawn: "il diritto è stato ritirato",
};

const reasons = wordsOf({ it, en });

/** A reason in the reader's language; one without a name here as it is. */
export const reasonTold = (reason: string) => reasons.value[reason] ?? reason;
