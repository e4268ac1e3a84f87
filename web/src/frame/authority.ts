/** Who is signed in, as the frame of every page shows it; nothing where the console has no authority. */

import { computed, signal } from "@preact/signals";
import {
  type AuthorityState,
  getAuthorityState,
  getPolicyNumberInForce,
  getPublicState,
  type Me,
  type Role,
} from "../api/authority";
import { ApiError } from "../api/client";
import type { ConsoleInfo } from "../api/console";
import { store, stored } from "./stored";

/** undefined: not asked yet; null: this console has no authority. */
export const authority = signal<AuthorityState | null | undefined>(undefined);
export const me = computed<Me | null>(() => authority.value?.me ?? null);
/** Why the authority cannot be asked at the moment; the last state stays. */
export const authorityProblem = signal<unknown>(null);

const REFRESH_MS = 30_000;
const NO_AUTHORITY = 404;
let refreshing = false;

/** Ask once; whoever changed something calls this so that the frame follows. */
export const askAuthority = () => take(getAuthorityState);

async function take(ask: () => Promise<AuthorityState>): Promise<void> {
  try {
    authority.value = await ask();
    authorityProblem.value = null;
  } catch (error) {
    if (error instanceof ApiError && error.status === NO_AUTHORITY) {
      authority.value = null;
      authorityProblem.value = null;
      return;
    }
    authorityProblem.value = error;
  }
}

/** Of nobody at the page, news alone: an emergency is shown, the session stays as idle as it is. */
const askForNews = () =>
  take(async () => ({ ...(await getPublicState()), me: authority.value?.me ?? null }));

let touchedS = Date.now() / 1000;
const IDLE_S = 180;
/** The authority ends a session after so long without use; then the page asks how things stand. */
const ENDED_S = 16 * 60;

/** Tell whether somebody is at this page: what a page asks by itself would keep a session open. */
export function attended(): boolean {
  return !document.hidden && Date.now() / 1000 - touchedS < IDLE_S;
}

/** Keep the state fresh for as long as the page lives; a console without authority is asked once. */
export function refreshAuthority(): void {
  if (refreshing) return;
  refreshing = true;
  const ask = async () => {
    if (document.hidden || authority.value === null) return;
    const ended = Date.now() / 1000 - touchedS > ENDED_S;
    await (attended() || ended ? askAuthority() : askForNews());
  };
  const touched = () => {
    touchedS = Date.now() / 1000;
  };
  for (const kind of ["pointerdown", "keydown", "wheel"]) {
    addEventListener(kind, touched, { capture: true, passive: true });
  }
  void ask();
  setInterval(ask, REFRESH_MS);
  document.addEventListener("visibilitychange", () => void ask());
}

/** The same on a page of another part: a console that has no sign-in page has no authority to ask. */
export function refreshIfThere(pages: ConsoleInfo["pages"] | undefined): void {
  if (pages === undefined || refreshing) return;
  if (pages.some(({ path }) => path === "/sign-in")) refreshAuthority();
  else authority.value = null;
}

/** Leave, with this session closed, for the page that lets one in. */
export async function signOut(): Promise<void> {
  const response = await fetch("/api/authority/sign-out", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  if (!response.ok) throw new ApiError("", response.status);
  location.assign("/sign-in");
}

/** Whom a page serves: everybody signed in, or who has one of these roles. */
const AUDIENCES: Record<string, readonly Role[] | "signed-in"> = {
  "/directory": "signed-in",
  "/approvals": [
    "security-officer",
    "custodian",
    "operator",
    "fleet-officer",
    "communications-officer",
    "auditor",
  ],
  "/policy": "signed-in",
  "/sites": ["operator", "security-officer", "fleet-officer", "auditor"],
  "/audit": "signed-in",
  "/start": ["operator", "security-officer"],
  "/warnings": ["civil-protection-officer", "security-officer", "auditor"],
};
/** Reached by the person's own corner of the header, or by a link that was sent. */
const ELSEWHERE = new Set(["/sign-in", "/enrol", "/me", "/handset"]);

/** Tell whether a page has something for this person; pages of other parts always do. */
export function mayUse(path: string, person: Me | null): boolean {
  const audience = AUDIENCES[path];
  if (audience === undefined) return true;
  if (person === null) return false;
  return audience === "signed-in" || person.roles.some((held) => audience.includes(held));
}

/** The roles of which one opens a page; empty where none is asked for. */
export function rolesFor(path: string): readonly Role[] {
  const audience = AUDIENCES[path];
  return audience === undefined || audience === "signed-in" ? [] : audience;
}

/** What the navigation offers. The first steps leave it once they are taken: for who invites sites
with the first site, for security officers with a policy of their own (`begun`). */
export function offered(
  pages: ConsoleInfo["pages"],
  state: AuthorityState | null | undefined,
  begun = false,
): ConsoleInfo["pages"] {
  const officer = state?.me?.roles.includes("security-officer") ?? false;
  const starting = state?.first_run === true || (officer && !begun);
  return pages.filter(
    ({ path }) =>
      !ELSEWHERE.has(path) && mayUse(path, state?.me ?? null) && (path !== "/start" || starting),
  );
}

/** Where a console begins: at its globe, and where it has none at what this person may see. */
export function homeOf(pages: ConsoleInfo["pages"] | undefined, person: Me | null): string {
  if (pages === undefined || pages.some(({ path }) => path === "/")) return "/";
  return person === null ? "/sign-in" : "/directory";
}

/** The ceremony's policy is the first; the second is the state's own. */
const OWN_POLICY = 2;

/** Whether a policy of the state's own is in force; asked once a page for security officers, and
never again in this browser once it is so. */
export const begun = signal(false);
let askedOf = "";

export async function askWhetherBegun(state: AuthorityState | null | undefined): Promise<void> {
  if (!state?.me?.roles.includes("security-officer") || state.root === askedOf) return;
  askedOf = state.root;
  const kept = `begun.${state.root}`;
  begun.value = stored(kept) !== null;
  if (begun.value) return;
  begun.value = await getPolicyNumberInForce().then(
    (number) => number >= OWN_POLICY,
    () => false,
  );
  if (begun.value) store(kept, "yes");
}
