import { type Check, ShapeError } from "./validate";

/** The server refused or could not be reached; the message is a sentence for a person. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** The server answered well, but not in the shape this page knows: one of them is of another version. */
export class MisunderstoodError extends ApiError {}

const TIMEOUT_MS = 10_000;

/** HTTP 202: nothing is wrong, but the answer is still being worked out. Ask again. */
export const NOT_YET = 202;

async function ask<T>(path: string, check: Check<T>, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new ApiError("", 0);
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok || response.status === NOT_YET) {
    const detail = (body as { detail?: unknown } | null)?.detail;
    throw new ApiError(typeof detail === "string" ? detail : "", response.status);
  }
  try {
    return check(body, path);
  } catch (error) {
    if (error instanceof ShapeError) {
      throw new MisunderstoodError(error.message, response.status);
    }
    throw error;
  }
}

/** GET a path and check what comes back. */
export function get<T>(path: string, check: Check<T>): Promise<T> {
  return ask(path, check, { method: "GET" });
}

/** The same as somebody unknown: without the cookie, so that nobody's session counts as in use. */
export function getUnknown<T>(path: string, check: Check<T>): Promise<T> {
  return ask(path, check, { method: "GET", credentials: "omit" });
}

/** POST JSON to a path and check what comes back. */
export function post<T>(path: string, body: unknown, check: Check<T>): Promise<T> {
  return ask(path, check, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** PUT JSON to a path and check what comes back. */
export function put<T>(path: string, body: unknown, check: Check<T>): Promise<T> {
  return ask(path, check, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** DELETE a path and check what comes back. */
export function remove<T>(path: string, check: Check<T>): Promise<T> {
  // The console's door takes changes as JSON only, with or without a body.
  return ask(path, check, { method: "DELETE", headers: { "content-type": "application/json" } });
}
