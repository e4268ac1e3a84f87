/**
 * What the two browsers of a call say to each other in `opaque`, past edges that read nothing of it:
 * canonical JSON with a form, and after it the octets of a group if the form has such (a welcome in
 * base64 would not fit). Read in one way only. Who said it, the codes and keys in it show.
 */

import { TrustError } from "../../trust/errors";
import { base64, type Octets, ofBase64 } from "../../trust/octets";
import {
  isObject,
  type Json,
  type JsonObject,
  parseCanonical,
  writeJson,
} from "../../trust/strictJson";
import { LONGEST_DESCRIPTION } from "../media/description";
import { CODE_OCTETS } from "../mls/binding";
import { framed, unframed } from "../mls/frames";
import { MOST_OPAQUE } from "../signalling/bodies";

/** Octets of the JSON: a description with a code is the most. */
const MOST_JSON = 4 * 1024;

/** The fields of each form, and of what kind they are; of a group no form has more than one. */
const FORMS = {
  offer: { offer: "description" },
  ringing: { answer: "description", package: "group" },
  welcome: { welcome: "group", code: "code" },
  joined: { code: "code" },
  again: { offer: "description", code: "code" },
  "again-answer": { answer: "description", code: "code" },
} as const;

type Kinds = { description: string; group: Octets; code: Octets };
type Forms = typeof FORMS;
export type Form = keyof Forms;
/** What a form says, by field. */
export type Words<F extends Form> = {
  -readonly [Field in keyof Forms[F]]: Kinds[Forms[F][Field] & keyof Kinds];
};
/** Words of any of some forms, told apart by `form`. */
export type Said<F extends Form> = { [Each in F]: { form: Each } & Words<Each> }[F];

/** Writes words of a form. */
export function writeWords<F extends Form>(form: F, words: Words<F>): Octets {
  const fields: JsonObject = { form: nameOf(form) };
  const octets: Octets[] = [];
  for (const [name, value] of Object.entries(words as Record<string, string | Octets>)) {
    if (typeof value === "string") fields[name] = value;
    else if (kindsOf(form)[name] === "code") fields[name] = base64(value);
    else octets.push(value);
  }
  const written = framed(writeJson(fields), ...octets);
  if (written.length > MOST_OPAQUE) throw refused("is larger than a message may be");
  return written;
}

/** Reads words of one of these forms; whatever is anything else is refused. */
export function readWords<F extends Form>(octets: Octets, ...forms: readonly F[]): Said<F> {
  if (octets.length > MOST_OPAQUE) throw refused("is larger than a message may be");
  const [json = new Uint8Array(), ...parts] = unframed(octets);
  const stated = parseCanonical(json, MOST_JSON);
  const form = forms.find((each) => isObject(stated) && stated.form === nameOf(each));
  if (!isObject(stated) || form === undefined) throw refused("is not what belongs here");
  const { form: _, ...fields } = stated;
  const kinds = Object.entries(kindsOf(form));
  const inJson = kinds.filter(([, kind]) => kind !== "group").map(([name]) => name);
  const exact = inJson.every((name) => Object.hasOwn(fields, name));
  if (!exact || Object.keys(fields).length !== inJson.length) {
    throw refused(`has other fields than ${inJson.join(", ")}`);
  }
  const groups = kinds.length - inJson.length;
  if (parts.length !== groups || parts.some(({ length }) => length === 0)) {
    throw refused("lacks what belongs to a group, or has more than that");
  }
  const read = kinds.map(([name, kind]) => [
    name,
    kind === "group" ? parts[0] : readField(kind, fields[name]),
  ]);
  return { form, ...Object.fromEntries(read) } as Said<F>;
}

function readField(kind: "description" | "code", value: Json | undefined): string | Octets {
  if (typeof value !== "string") throw refused("lacks a text");
  if (kind === "description") {
    if (value.length > LONGEST_DESCRIPTION) throw refused("has too long a description");
    return value;
  }
  const code = ofBase64(value, CODE_OCTETS);
  if (code.length !== CODE_OCTETS) throw refused("has no whole code");
  return code;
}

function kindsOf(form: Form): Readonly<Record<string, keyof Kinds>> {
  return FORMS[form];
}

function nameOf(form: Form): string {
  return `baluardo/call/${form}/v1`;
}

function refused(what: string): TrustError {
  return new TrustError("malformed", `What the other browser said of the call ${what}.`);
}
