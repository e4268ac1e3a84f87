/** What each kind of command asks for (protocol/dangerous.py), read from its signed body. */

import { array, type Check, expected, number, string } from "../../api/validate";
import { type CapAlert, readAlertOn } from "../../warnings/capAlert";
import { type Channel, channel } from "../../warnings/shapes";
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
  | { readonly kind: "issuer.adopt"; readonly name: string }
  | ({ readonly kind: "warning.release" } & Release)
  | ({ readonly kind: "warning.preauthorise" } & Standing);

/** An alert that goes out on a channel, read whole from its XML. */
interface Release {
  readonly channel: Channel;
  readonly level: string;
  readonly alert: CapAlert;
}
/** The same, released by so many sensors that agree, until a time (POSIX seconds). */
interface Standing extends Release {
  readonly sensors: readonly string[];
  readonly needed: number;
  readonly until: number;
}

const holders: Check<string[]> = (value, where) => {
  const found = array(string)(value, where);
  return found.length >= 2 ? found : expected("two holders or more")(value, where);
};

interface Written {
  channel: Channel;
  level: string;
  alert: string;
}
const released = { channel, level: string, alert: string };
const standing = exactly<Written & Pick<Standing, "needed" | "until"> & { sensors: string[] }>({
  ...released,
  sensors: array(string),
  needed: number,
  until: number,
});
const understood = <T extends Written>(body: T) => ({
  ...body,
  alert: readAlertOn(body.alert, body.channel),
});

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
      case "warning.release":
        return { kind, ...understood(exactly<Written>(released)(body, kind)) };
      case "warning.preauthorise":
        return { kind, ...understood(standing(body, kind)) };
      default:
        return null;
    }
  } catch {
    return null;
  }
}
