/** Whom one may call: the directory as last seen, joined with who sits at which site now. */

import type { Precedence } from "../../api/authority";
import type { Present } from "../signalling/frames";

/** A person as the directory had it; kept on this device. */
export interface Contact {
  /** `anna.rossi` */
  person: string;
  name: string;
  numbers: readonly { kind: string; number: string }[];
}

/** What this device keeps of the directory. */
export interface Contacts {
  /** When the directory was asked, milliseconds. */
  at: number;
  /** The most urgent precedence of the person whose device this is; null where that is not known. */
  ceiling: Precedence | null;
  people: readonly Contact[];
}

export const NO_CONTACTS: Contacts = { at: 0, ceiling: null, people: [] };
/** Of a directory, kept on a device. */
export const MOST_CONTACTS = 2_000;

export type Presence = "free" | "away" | "unknown";

/** Somebody in the list. */
export interface Callee extends Contact {
  presence: Presence;
  /** `office/rome`, where the edges know it. */
  site: string;
}

const PERSON = "person/";

/**
 * Everybody but oneself, those who can be reached first, then by name.
 *
 * `reached` is whether our edge can be asked at all: without it nothing is known of anybody.
 */
export function joinPeople(
  contacts: readonly Contact[],
  present: readonly Present[],
  self: string,
  reached: boolean,
): Callee[] {
  const seats = new Map(present.map((each) => [nameOf(each.person), each]));
  const known = new Map(contacts.map((each) => [each.person, each]));
  for (const name of seats.keys()) {
    if (!known.has(name)) known.set(name, { person: name, name: "", numbers: [] });
  }
  known.delete(self);
  const people = [...known.values()].map((contact) => {
    const seat = seats.get(contact.person);
    const there = (seat?.devices.length ?? 0) > 0;
    const presence: Presence = !reached ? "unknown" : there ? "free" : "away";
    return { ...contact, presence, site: seat?.site ?? "" };
  });
  const order = new Intl.Collator("it", { sensitivity: "base" });
  return people.sort(
    (a, b) =>
      Number(b.presence === "free") - Number(a.presence === "free") ||
      order.compare(shownName(a), shownName(b)),
  );
}

/** The name that people use; that of machines where there is no other. */
export const shownName = (contact: Pick<Contact, "name" | "person">): string =>
  contact.name || contact.person;

/** `anna.rossi` of `person/anna.rossi`, and of itself. */
export const nameOf = (person: string): string =>
  person.startsWith(PERSON) ? person.slice(PERSON.length) : person;

/** Those whom a search finds: every word in a name, or the digits in a number. */
export function findPeople(people: readonly Callee[], wanted: string): Callee[] {
  const words = plain(wanted).split(/\s+/).filter(Boolean);
  const digits = wanted.replace(/[\s()./-]/g, "");
  const isNumber = /^\+?[0-9]+$/.test(digits);
  return people.filter((each) => {
    const text = plain(`${each.name} ${each.person}`);
    if (words.every((word) => text.includes(word))) return true;
    return isNumber && each.numbers.some(({ number }) => dialled(number).includes(digits));
  });
}

/** Whoever has exactly this number; null for nobody, and for several. */
export function whoHas(people: readonly Callee[], number: string): Callee | null {
  const digits = dialled(number);
  if (digits === "") return null;
  const found = people.filter((each) => each.numbers.some((its) => dialled(its.number) === digits));
  return found.length === 1 ? (found[0] ?? null) : null;
}

const dialled = (number: string): string => number.replace(/[^0-9+]/g, "");

/** Without accents and capitals: "Nicolò" is found by "nicolo". */
const plain = (text: string): string =>
  text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase("it");
