/** Where to go after signing in: a place of this console, whatever the address asks for. */
export function nextPlace(search: string, origin: string): string | null {
  const wanted = new URLSearchParams(search).get("next");
  if (!wanted?.startsWith("/")) return null;
  let url: URL;
  try {
    url = new URL(wanted, origin);
  } catch {
    return null;
  }
  // "//elsewhere" and "/\elsewhere" begin with a slash too, and lead away.
  if (url.origin !== origin || url.pathname === "/sign-in") return null;
  return url.pathname + url.search + url.hash;
}
