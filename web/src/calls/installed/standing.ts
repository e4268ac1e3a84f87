/** Where the page that runs came from, and the copy of it that this browser keeps. */

import { TrustError } from "../../trust/errors";
import { dropCopy, heldCopy, knownGuard, rememberGuard } from "./copyStore";
import type { Held } from "./judgement";
import { fileAt, GUARD, type PageFile } from "./pageList";
import { FROM_LIST } from "./serving";
import { fetchedFile, isHeld, judgeOffered, offeredList, takeOffered } from "./taking";

/**
 * `fresh`: this edge has served the page, which is trusted. `installed`: it came out of the copy.
 * `refused`: it came out of the copy, and the edge wants to change that in a way that is not rightful.
 */
export interface Standing {
  state: "fresh" | "installed" | "refused";
  /** Why, where there is something to say; English. */
  sentence: string;
  /** Of the list that the page came from; of the one that is kept, where it came from the edge. */
  number: number | null;
  version: string;
  /** The number of a newer list that was taken: it is what runs from the next start. */
  next: number | null;
  /** Whether this page could be installed now: its list is signed, and no copy is kept. */
  installable: boolean;
}

const START_AGAIN =
  "A copy is kept here, and this page did not come out of it: open it anew, without Shift.";
const NO_LIST = "Nobody has signed the pages that this site hands out now; the copy stays.";

/** Heard at the window when what `pageStanding` tells has changed by itself. */
export const STANDING_CHANGED = "baluardo-standing";

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(address: string): string },
  ): { createScriptURL(address: string): string };
}

let looked: Promise<Standing> | null = null;
let address: string | null = null;

/** How the page that runs stands; asked of the edge once, and again after a change. */
export function pageStanding(): Promise<Standing> {
  looked ??= look();
  return looked;
}

/** Keeps a copy of the pages as they were signed, for every later start. TrustError if it may not. */
export async function installCopy(): Promise<Standing> {
  if (!canKeep()) throw new TrustError("unsupported", "This browser cannot keep a copy of a page.");
  const offered = await offeredList();
  if (offered === null) throw new TrustError("proof", "Nobody has signed the pages of this site.");
  const held = await heldCopy();
  if (held === null) {
    await judgeOffered(offered, null);
    const taken = await takeOffered(offered, null);
    await rememberGuard({ sha384: guardOf(taken).sha384, awaited: false });
  }
  looked = null;
  try {
    await navigator.serviceWorker.register(guardAddress(), { scope: "/", updateViaCache: "none" });
  } catch (problem) {
    // Without its guard no start would come out of it.
    if (held === null) await dropCopy();
    throw problem;
  }
  await navigator.serviceWorker.ready;
  return pageStanding();
}

/** Removes the copy and its guard; later starts are served fresh. */
export async function removeCopy(): Promise<void> {
  for (const registration of await navigator.serviceWorker.getRegistrations()) {
    await registration.unregister();
  }
  await dropCopy();
  looked = null;
}

async function look(): Promise<Standing> {
  const fresh: Standing = {
    state: "fresh",
    sentence: "",
    number: null,
    version: "",
    next: null,
    installable: false,
  };
  if (!canKeep()) return fresh;
  try {
    const held = await heldCopy();
    if (held === null) return { ...fresh, installable: (await offeredList()) !== null };
    const { number, version } = held.list;
    const from = cameFrom();
    if (from === null) return { ...fresh, number, version, sentence: START_AGAIN };
    return await lookedFromCopy(held, from);
  } catch (problem) {
    return { ...fresh, sentence: sentenceOf(problem) };
  }
}

async function lookedFromCopy(held: Held, from: number): Promise<Standing> {
  const running = [held, await heldCopy("before")].find((each) => each?.list.number === from);
  const standing: Standing = {
    state: "installed",
    sentence: "",
    number: from,
    version: running?.list.version ?? "",
    next: held.list.number === from ? null : held.list.number,
    installable: false,
  };
  await watchGuard();
  let offered: Awaited<ReturnType<typeof offeredList>>;
  try {
    offered = await offeredList();
  } catch (problem) {
    if (isAbsence(problem)) return { ...standing, sentence: sentenceOf(problem) };
    return { ...standing, state: "refused", sentence: sentenceOf(problem) };
  }
  try {
    let now = held;
    if (offered !== null && !isHeld(offered, held)) {
      await judgeOffered(offered, held);
      now = await takeOffered(offered, held);
    }
    await checkGuard(now);
    const next = now.list.number === from ? null : now.list.number;
    return { ...standing, next, sentence: offered === null ? NO_LIST : "" };
  } catch (problem) {
    return { ...standing, state: "refused", sentence: sentenceOf(problem) };
  }
}

/** The number of the list that this page came from; null if the edge has served it. */
function cameFrom(): number | null {
  const [entry] = performance.getEntriesByType("navigation");
  const { serverTiming } = entry as PerformanceNavigationTiming;
  const told = serverTiming?.find(({ name }) => name === FROM_LIST)?.description ?? "";
  return /^[1-9][0-9]{0,15}$/.test(told) ? Number(told) : null;
}

/**
 * Refuses an edge that has another guard than was signed.
 *
 * A browser asks the edge for the guard at every start by itself, and runs what comes: no page can
 * keep it from that. So the guard is the one file that is compared at every start, and a guard that
 * changes without its list is told while the copy still runs.
 */
async function checkGuard(held: Held): Promise<void> {
  await fetchedFile(guardOf(held));
  const { sha384 } = guardOf(held);
  const known = await knownGuard();
  const changed = known?.sha384 !== sha384;
  const another = await anotherGuard();
  if (another && !changed && !known.awaited) throw foreignGuard();
  // Until the browser has put the new one to work, seeing it is no sign of harm.
  const awaited = changed || (known.awaited && another);
  if (changed || awaited !== known.awaited) await rememberGuard({ sha384, awaited });
}

/** Whether the browser has another guard than the one that answers this page. */
async function anotherGuard(): Promise<boolean> {
  const { serviceWorker } = navigator;
  const registration = await serviceWorker.getRegistration();
  if (registration === undefined) return false;
  const { installing, waiting, active } = registration;
  return installing !== null || waiting !== null || active !== serviceWorker.controller;
}

/** Tells, by the standing, of a guard that comes while the page runs. */
async function watchGuard(): Promise<void> {
  const { serviceWorker } = navigator;
  const registration = await serviceWorker.getRegistration();
  registration?.addEventListener("updatefound", () => void foundAnother());
  serviceWorker.addEventListener("controllerchange", () => void foundAnother());
}

async function foundAnother(): Promise<void> {
  const before = await pageStanding();
  const known = await knownGuard();
  if (before.state !== "installed" || known === null || known.awaited) return;
  looked = Promise.resolve({ ...before, state: "refused", sentence: foreignGuard().message });
  dispatchEvent(new Event(STANDING_CHANGED));
}

function guardOf({ list }: Held): PageFile {
  return fileAt(list, GUARD) as PageFile;
}

/** The guard's address, past the one Trusted Types policy that is for it. */
function guardAddress(): string {
  if (address !== null) return address;
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy("guard", {
    createScriptURL(asked) {
      if (asked === GUARD) return asked;
      throw new TypeError("no script but the guard's may be registered");
    },
  });
  address = policy?.createScriptURL(GUARD) ?? GUARD;
  return address;
}

function canKeep(): boolean {
  const { isSecureContext, indexedDB } = globalThis;
  return isSecureContext && indexedDB !== undefined && "serviceWorker" in navigator;
}

function isAbsence(problem: unknown): boolean {
  return problem instanceof TrustError && problem.code === "proof";
}

function foreignGuard(): TrustError {
  return new TrustError(
    "not-genuine",
    "This site has put another guard before this copy than the one that was signed: from the next " +
      "start on, what is shown here is the edge's. Tell a security officer, and close this page.",
  );
}

function sentenceOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : `${problem}`;
}
