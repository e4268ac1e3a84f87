/** What the guard answers a request with: a file of the copy, a refusal, or nothing of its own. */

import { hex, type Octets, sha384 } from "../../trust/octets";
import type { Held } from "./judgement";
import { fileAt, MISSING, type PageFile } from "./pageList";

/** Names the number of the list that a page came from, among its server timings. */
export const FROM_LIST = "baluardo-list";

/** As much of a request as decides. */
export interface Asked {
  url: string;
  method: string;
  /** As Fetch defines it: empty for what a script asks for, and means to read as data. */
  destination: string;
}

/** The copy, as the guard reads it. */
export interface Kept {
  held(which: "held" | "before"): Promise<Held | null>;
  octets(sha384: string): Promise<Octets | null>;
}

const DAMAGED =
  "The copy of this page on this device was damaged, and nothing else is shown in its place. " +
  "Reload past it (Ctrl+Shift+R), then remove the copy and install it again.\n";

/** Whether a request is for data: it goes to the edge as if no guard were there, and is not kept. */
export function isData({ url, destination }: Asked, origin: string): boolean {
  return destination === "" || new URL(url).origin !== origin;
}

/**
 * Answers whatever could run or be shown: from the copy alone; null where no copy is kept.
 *
 * What stands at one origin can change what another page there keeps. So an address that the list
 * does not have shows that there is nothing, whatever the edge would say.
 */
export async function answerFrom(kept: Kept, asked: Asked): Promise<Response | null> {
  const held = await kept.held("held");
  if (held === null) return null;
  const { pathname } = new URL(asked.url);
  const found =
    asked.method === "GET" || asked.method === "HEAD" ? fileAt(held.list, pathname) : null;
  if (found !== null) return fileOf(kept, held, found, 200);
  // Names below /assets/ say what they hold: a page of the list before asks for nothing else.
  const before = pathname.startsWith("/assets/") ? await kept.held("before") : null;
  const earlier = before && fileAt(before.list, pathname);
  if (before && earlier) return fileOf(kept, before, earlier, 200);
  if (asked.destination !== "document") return new Response(null, { status: 404 });
  return fileOf(kept, held, fileAt(held.list, MISSING) as PageFile, 404);
}

async function fileOf(
  kept: Kept,
  { list }: Held,
  { type, sha384: digest }: PageFile,
  status: number,
): Promise<Response> {
  const octets = await kept.octets(digest);
  if (octets === null || hex(await sha384(octets)) !== digest) {
    const headers = { ...list.headers, "content-type": "text/plain; charset=utf-8" };
    return new Response(DAMAGED, { status: 500, headers });
  }
  // The page reads from which list it came (Server Timing, W3C): no other header reaches it.
  const told = `${FROM_LIST};desc="${list.number}"`;
  const headers = { ...list.headers, "content-type": type, "server-timing": told };
  return new Response(octets, { status, headers });
}
