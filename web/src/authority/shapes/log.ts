/** The audit log and the issuers. */

import { array, type Check, nullable, number, object, string } from "../../api/validate";

export interface Checkpoint {
  note: string;
  vkey: string;
  size: number;
}
export const checkpoint = object<Checkpoint>({ note: string, vkey: string, size: number });

/** A detail of a person; `text` is the opening, which alone shows that the entry committed to it. */
export interface LogDetail {
  name: string;
  value: unknown;
  text: string;
}
export interface LogEntry {
  index: number;
  /** Base64. */
  octets: string;
  details: LogDetail[] | null;
}
const anything: Check<unknown> = (value) => value;
export const logEntries = object<{ size: number; entries: LogEntry[] }>({
  size: number,
  entries: array(
    object<LogEntry>({
      index: number,
      octets: string,
      details: nullable(array(object<LogDetail>({ name: string, value: anything, text: string }))),
    }),
  ),
});
export const proof = object<{ hashes: string[] }>({ hashes: array(string) });

export interface Issuer {
  name: string;
  key_id: string;
  not_before: number;
  not_after: number;
  lists: { number: number; next_update: number; revoked: number } | null;
}
export const issuers = array(
  object<Issuer>({
    name: string,
    key_id: string,
    not_before: number,
    not_after: number,
    lists: nullable(
      object<{ number: number; next_update: number; revoked: number }>({
        number,
        next_update: number,
        revoked: number,
      }),
    ),
  }),
);
