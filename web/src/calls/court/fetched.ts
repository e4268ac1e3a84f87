/** Octets from the own edge, bounded before anything reads them. */

import { TrustError } from "../../trust/errors";
import { joined, type Octets } from "../../trust/octets";
import { isObject, parseJson } from "../../trust/strictJson";

/** As the browser's own `fetch`, for paths of this site. */
export type Fetcher = (path: string, init: RequestInit) => Promise<Response>;

const TIMEOUT_MS = 15_000;
const MOST_REFUSAL_OCTETS = 16_384;
const LONGEST_SENTENCE = 1_000;
const TOO_MANY = 429;
/** Questions of which each was one too many at that time; the next is asked after a pause. */
export const MOST_TRIES = 5;
const SHORTEST_PAUSE_S = 1;
const LONGEST_PAUSE_S = 8;

/** Waits so many milliseconds. */
export type Pause = (milliseconds: number) => Promise<void>;

const waiting: Pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/**
 * GETs a path without anybody's cookie; TrustError `proof` with the edge's sentence if it refuses.
 *
 * Where too many ask at once it is asked again, after as long as the edge says and longer each
 * time, by half a minute at most in all.
 */
export async function fetched(
  fetcher: Fetcher,
  path: string,
  most: number,
  pause: Pause = waiting,
): Promise<Octets> {
  for (let tries = 1; ; tries++) {
    const answer = await once(fetcher, path, most, tries < MOST_TRIES);
    if (typeof answer !== "number") return answer;
    const seconds = Math.min(answer * 2 ** (tries - 1), LONGEST_PAUSE_S);
    // Half as much again at most, by chance, so that not all come back together.
    await pause(1_000 * seconds * (1 + Math.random() / 2));
  }
}

/** The octets; or, if it may be asked again, after how many seconds. */
async function once(
  fetcher: Fetcher,
  path: string,
  most: number,
  again: boolean,
): Promise<Octets | number> {
  let response: Response;
  try {
    response = await fetcher(path, {
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return await bodyOf(response, most);
  } catch (problem) {
    if (problem instanceof TrustError) throw problem;
    throw new TrustError("proof", "This site's edge does not answer: nobody can be judged anew.");
  }
  if (again && response.status === TOO_MANY) {
    await response.body?.cancel().catch(() => {});
    return pauseOf(response);
  }
  throw new TrustError("proof", await sentenceOf(response));
}

function pauseOf(response: Response): number {
  const told = response.headers.get("retry-after") ?? "";
  const seconds = /^[0-9]{1,4}$/.test(told) ? Number(told) : SHORTEST_PAUSE_S;
  return Math.max(SHORTEST_PAUSE_S, Math.min(seconds, LONGEST_PAUSE_S));
}

async function bodyOf(response: Response, most: number): Promise<Octets> {
  const parts: Octets[] = [];
  let octets = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    octets += part.value.length;
    if (octets > most) {
      await reader?.cancel();
      throw new TrustError("too-large", "This site's answer is larger than any about trust.");
    }
    parts.push(part.value);
  }
  return joined(...parts);
}

async function sentenceOf(response: Response): Promise<string> {
  try {
    const octets = await bodyOf(response, MOST_REFUSAL_OCTETS);
    const told = parseJson(octets, MOST_REFUSAL_OCTETS);
    const sentence = isObject(told) ? told.detail : undefined;
    if (typeof sentence === "string" && sentence.length <= LONGEST_SENTENCE) return sentence;
  } catch {
    // It is no answer of ours; the status is told.
  }
  return `This site's edge answers with status ${response.status}.`;
}
