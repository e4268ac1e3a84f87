/** What this device keeps of the directory: how it is written down, and how it is asked for. */

import { PRECEDENCES, type Precedence } from "../../api/authority";
import { get } from "../../api/client";
import { query } from "../../authority/api";
import { directory, type Person } from "../../authority/shapes";
import { TrustError } from "../../trust/errors";
import { isName } from "../../trust/identity";
import type { Octets } from "../../trust/octets";
import { isObject, type Json, parseJson, writeJson } from "../../trust/strictJson";
import { type Contact, type Contacts, MOST_CONTACTS } from "./people";

export const LARGEST_CONTACTS = 1 << 21;
const FORM = "baluardo/calls/contacts/v1";
const LONGEST_TEXT = 200;
const MOST_NUMBERS = 16;

/**
 * The directory as it is now, page after page.
 *
 * Asked without the way to the sign-in page: a telephone that rings is not led away from its page.
 */
export async function askContacts(ceiling: Precedence | null, now: number): Promise<Contacts> {
  const people: Contact[] = [];
  let after: string | null = null;
  do {
    const page: { people: Person[]; next: string | null } = await get(
      `/api/authority/directory${query({ after })}`,
      directory,
    );
    people.push(...page.people.filter(({ person }) => isName(person)).map(contactOf));
    after = page.next;
  } while (after !== null && people.length < MOST_CONTACTS);
  return { at: now, ceiling, people: people.slice(0, MOST_CONTACTS) };
}

function contactOf({ person, display_name, numbers }: Person): Contact {
  return {
    person,
    name: cut(display_name),
    numbers: numbers
      .filter(({ number }) => number !== "")
      .slice(0, MOST_NUMBERS)
      .map(({ kind, number }) => ({ kind: cut(kind), number: cut(number) })),
  };
}

/** By characters: half of one would be no text any more. */
const cut = (text: string): string => [...text].slice(0, LONGEST_TEXT).join("");

export function writeContacts({ at, ceiling, people }: Contacts): Octets {
  const written = people.map(({ person, name, numbers }) => ({
    person,
    name,
    numbers: numbers.map(({ kind, number }) => ({ kind, number })),
  }));
  return writeJson({ form: FORM, at, ceiling, people: written });
}

/** Reads what `writeContacts` has written; refused as a whole if it is not as that writes. */
export function readContacts(octets: Octets): Contacts {
  const value = parseJson(octets, LARGEST_CONTACTS);
  if (!isObject(value) || value.form !== FORM || !Array.isArray(value.people)) throw damaged();
  const { at, ceiling, people } = value;
  const most = PRECEDENCES.find((each) => each === ceiling) ?? null;
  if (typeof at !== "number" || !Number.isSafeInteger(at) || at < 0) throw damaged();
  if ((ceiling !== null && most === null) || people.length > MOST_CONTACTS) throw damaged();
  return { at, ceiling: most, people: people.map(keptContact) };
}

function keptContact(value: Json): Contact {
  if (!isObject(value) || typeof value.person !== "string" || !isName(value.person)) {
    throw damaged();
  }
  const { numbers } = value;
  if (!Array.isArray(numbers) || numbers.length > MOST_NUMBERS) throw damaged();
  return {
    person: value.person,
    name: textOf(value.name),
    numbers: numbers.map((each) => {
      if (!isObject(each)) throw damaged();
      return { kind: textOf(each.kind), number: textOf(each.number) };
    }),
  };
}

function textOf(value: Json | undefined): string {
  if (typeof value !== "string" || [...value].length > LONGEST_TEXT) throw damaged();
  return value;
}

function damaged(): TrustError {
  return new TrustError(
    "storage",
    "The directory that was kept here is not as this page writes it.",
  );
}
