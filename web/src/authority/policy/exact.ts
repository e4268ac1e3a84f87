/** Checks that let nothing pass which they do not know: what is consented to must be understood. */

import { type Check, expected } from "../../api/validate";

/** An object with these fields and no other: what is not understood must not be consented to. */
export function exactly<T>(fields: { [K in keyof T]: Check<T[K]> }): Check<T> {
  return (value, where) => {
    const found = plain(value, where);
    for (const name of Object.keys(found)) {
      if (!Object.hasOwn(fields, name)) expected("a known field")(found[name], `${where}.${name}`);
    }
    const result = {} as T;
    for (const name of Object.keys(fields) as (keyof T & string)[]) {
      result[name] = fields[name](found[name], `${where}.${name}`);
    }
    return result;
  };
}

/** An object of any names with values of one shape. */
export function table<T>(check: Check<T>): Check<Record<string, T>> {
  return (value, where) => {
    const found = plain(value, where);
    // From entries: a name such as __proto__ is a name like any other.
    return Object.fromEntries(
      Object.entries(found).map(([name, each]) => [name, check(each, `${where}.${name}`)]),
    );
  };
}

export function plain(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return expected("an object")(value, where);
  return value as Record<string, unknown>;
}
