/** Whom a revocation can name: `ship/bergamini`, or `person/anna.rossi` with every device. */

const HOLDER = /^(authority|office|ship|person|auditor)\/[a-z0-9][a-z0-9._-]{0,62}$/;

/** Holders as people type them, one a line or separated by commas, in alphabetical order. */
export function holdersOf(typed: string): string[] {
  return [...new Set(typed.split(/[\s,;]+/).filter(Boolean))].sort();
}

/** Those that are no holder. */
export function noHolders(found: readonly string[]): string[] {
  return found.filter((each) => !HOLDER.test(each));
}

/** Reasons that accuse nobody: who runs sites may give these alone (acts/revocation.py). */
const HOUSEKEEPING = ["superseded", "cessationOfOperation"];

/** The reasons for which one person may revoke a holder by their roles; none if they may not. */
export function reasonsFor(
  holder: string,
  roles: readonly string[],
  all: readonly string[],
): string[] {
  const kind = holder.split("/")[0];
  if (kind === "authority") return [];
  if (roles.includes("security-officer")) return [...all];
  const runs =
    (roles.includes("operator") && (kind === "office" || kind === "ship")) ||
    (roles.includes("fleet-officer") && kind === "ship");
  return runs ? HOUSEKEEPING.filter((each) => all.includes(each)) : [];
}
