/** JSON that is handed on or read by name. */

import { type Check, expected, object, string } from "../../api/validate";

/** Any JSON object, handed on as it is: envelopes, policies and passkey options are read elsewhere. */
export type Json = Record<string, unknown>;
export const json: Check<Json> = (value, where) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Json)
    : expected("an object")(value, where);

/** A value for each name. */
export function record<T>(check: Check<T>): Check<Record<string, T>> {
  return (value, where) =>
    Object.fromEntries(
      Object.entries(json(value, where)).map(([key, item]) => [
        key,
        check(item, `${where}.${key}`),
      ]),
    );
}

/** An answer of which nothing is needed. */
export const nothing: Check<null> = () => null;

export const publicBundle = object<{ files: Record<string, string> }>({ files: record(string) });
