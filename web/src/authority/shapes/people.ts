/** Persons as the directory has them. */

import { type Precedence, precedence, type Role, role } from "../../api/authority";
import { array, type Check, nullable, object, string } from "../../api/validate";
import { json } from "./json";

export interface PhoneNumber {
  kind: string;
  number: string;
  visible: string;
}
export interface Person {
  person: string;
  display_name: string;
  languages: string[];
  numbers: PhoneNumber[];
  roles: Role[];
  ceiling: Precedence;
  territory: string[];
}
export interface PersonChange {
  display_name: string;
  languages: string[];
  numbers: PhoneNumber[];
}
const asText: Check<string> = (value, where) =>
  typeof value === "boolean" ? String(value) : string(value, where);
export const phoneNumber = object<PhoneNumber>({ kind: string, number: string, visible: asText });
const personFields = {
  display_name: string,
  languages: array(string),
  numbers: array(phoneNumber),
  roles: array(role),
  ceiling: precedence,
  territory: array(string),
};
export const person: Check<Person> = (value, where) => ({
  // `name` is what the directory calls the one name that everything else calls `person`.
  person: string(json(value, where).name ?? json(value, where).person, `${where}.name`),
  ...object<Omit<Person, "person">>(personFields)(value, where),
});
export const directory = object<{ people: Person[]; next: string | null }>({
  people: array(person),
  next: nullable(string),
});
