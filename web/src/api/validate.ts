/** Checks of what the server sends, at the one place where it enters: a wrong shape is an error. */

export class ShapeError extends Error {}

export type Check<T> = (value: unknown, where: string) => T;

/** A check that nothing passes: says what was wanted. */
export const expected = (what: string): Check<never> => {
  return (value, where) => {
    throw new ShapeError(`${where} is ${value === null ? "null" : typeof value}, not ${what}`);
  };
};

export const number: Check<number> = (value, where) =>
  typeof value === "number" ? value : expected("a number")(value, where);

export const string: Check<string> = (value, where) =>
  typeof value === "string" ? value : expected("a text")(value, where);

export const boolean: Check<boolean> = (value, where) =>
  typeof value === "boolean" ? value : expected("true or false")(value, where);

export function nullable<T>(check: Check<T>): Check<T | null> {
  return (value, where) => (value === null || value === undefined ? null : check(value, where));
}

export function array<T>(check: Check<T>): Check<T[]> {
  return (value, where) => {
    if (!Array.isArray(value)) return expected("a list")(value, where);
    return value.map((item, index) => check(item, `${where}[${index}]`));
  };
}

export function pair<A, B>(first: Check<A>, second: Check<B>): Check<[A, B]> {
  return (value, where) => {
    if (!Array.isArray(value) || value.length !== 2) return expected("a pair")(value, where);
    return [first(value[0], `${where}[0]`), second(value[1], `${where}[1]`)];
  };
}

export function oneOf<const T extends string>(...choices: T[]): Check<T> {
  return (value, where) =>
    choices.includes(value as T) ? (value as T) : expected(choices.join(" or "))(value, where);
}

export function object<T>(fields: { [K in keyof T]: Check<T[K]> }): Check<T> {
  return (value, where) => {
    if (typeof value !== "object" || value === null) return expected("an object")(value, where);
    const result = {} as T;
    for (const key of Object.keys(fields) as (keyof T & string)[]) {
      result[key] = fields[key]((value as Record<string, unknown>)[key], `${where}.${key}`);
    }
    return result;
  };
}
