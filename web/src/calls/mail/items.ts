/** What lies in a mailbox, read strictly; nothing of it is genuine yet. */

import { type Envelope, envelopeOfJson, envelopeToJson } from "../../trust/envelope";
import { TrustError } from "../../trust/errors";
import { hex, joined, type Octets, ofEitherBase64, sha256, utf8 } from "../../trust/octets";
import { isObject, type Json, writeJson } from "../../trust/strictJson";
import { framed } from "../mls/frames";
import { GROUP_ID_OCTETS } from "../mls/numbers";
import { MOST_OCTETS } from "../mls/wire";
import { checkDevice, LONGEST_PATH } from "../signalling/places";

/** Octets of an item. */
export const LARGEST_ITEM = MOST_OCTETS.mls_welcome;
const GROUP = new RegExp(`^[0-9a-f]{${2 * GROUP_ID_OCTETS}}$`);
const FIELDS = ["number", "from", "kind", "group", "at", "octets", "notice"];

export interface Item {
  kind: "message" | "commit" | "welcome";
  /** Hexadecimal. */
  group: string;
  octets: Octets;
  /** With a commit. */
  notice: Envelope | null;
}

/** The number by which an item is taken; 0 if it has none. */
export function numberOf(value: Json): number {
  const number = isObject(value) ? value.number : undefined;
  return typeof number === "number" && Number.isSafeInteger(number) && number > 0 ? number : 0;
}

/** Reads one item. */
export function itemOf(value: Json): Item {
  if (!isObject(value) || Object.keys(value).length !== FIELDS.length) throw refused();
  const { from, kind, group, octets, notice } = value;
  if (kind !== "message" && kind !== "commit" && kind !== "welcome") throw refused();
  if (typeof from !== "string" || from.length > LONGEST_PATH) throw refused();
  checkDevice(from);
  if (typeof octets !== "string" || (notice === null) !== (kind !== "commit")) throw refused();
  return {
    kind,
    group: groupOf(group),
    octets: ofEitherBase64(octets, LARGEST_ITEM),
    notice: notice === null ? null : envelopeOfJson(notice),
  };
}

/**
 * By what this device says which items it keeps: SHA-256 of their digests in their order,
 * hexadecimal. All of what it was brought is under it, whether it is in any form or not: where a
 * site has altered, left out or added something, the post office does not know the name.
 */
export async function nameOf(values: readonly Json[]): Promise<string> {
  const digests = await Promise.all(values.map((each) => sha256(writeJson(each))));
  return hex(await sha256(joined(...digests)));
}

/** The identifier of a group, as others wrote it. */
export function groupOf(value: Json | undefined): string {
  if (typeof value !== "string" || !GROUP.test(value)) throw refused();
  return value;
}

/** By which an item is known again, whatever number it comes under. */
export async function markOf({ kind, group, octets, notice }: Item): Promise<string> {
  // The whole notice: one that was forged must not stand for the one that was signed.
  const signed = notice === null ? new Uint8Array() : writeJson(envelopeToJson(notice));
  const digest = await sha256(framed(utf8(kind), utf8(group), octets, signed));
  return hex(digest).slice(0, 32);
}

function refused(): TrustError {
  return new TrustError("malformed", "The mailbox had something in it that is no post: dropped.");
}
