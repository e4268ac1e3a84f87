/** What each kind of command asks for (protocol/dangerous.py), read from its signed body. */

import { array, type Check, expected, string } from "../../api/validate";
import { exactly, type Policy, policyDocument } from "../policy/document";

/** Reasons of RFC 5280 that revoke for ever. */
export const REASONS = [
  "unspecified",
  "keyCompromise",
  "cACompromise",
  "affiliationChanged",
  "superseded",
  "cessationOfOperation",
  "privilegeWithdrawn",
] as const;

export type Body =
  | { readonly kind: "policy.set"; readonly policy: Policy }
  | {
      readonly kind: "certificates.revoke";
      readonly holders: readonly string[];
      readonly reason: string;
    }
  | { readonly kind: "passkey.recover"; readonly person: string }
  | { readonly kind: "issuer.adopt"; readonly name: string };

const holders: Check<string[]> = (value, where) => {
  const found = array(string)(value, where);
  return found.length >= 2 ? found : expected("two holders or more")(value, where);
};

/** Read a body; null where this page does not understand all of it, which nobody should sign. */
export function readBody(kind: string, body: unknown): Body | null {
  try {
    switch (kind) {
      case "policy.set":
        return { kind, ...exactly<{ policy: Policy }>({ policy: policyDocument })(body, kind) };
      case "certificates.revoke":
        return {
          kind,
          ...exactly<{ holders: string[]; reason: string }>({ holders, reason: string })(
            body,
            kind,
          ),
        };
      case "passkey.recover":
        return { kind, ...exactly<{ person: string }>({ person: string })(body, kind) };
      case "issuer.adopt":
        return { kind, ...exactly<{ name: string }>({ name: string })(body, kind) };
      default:
        return null;
    }
  } catch {
    return null;
  }
}
