/** Hand octets to the browser as a file: a navigation with a name, which the page's policy permits. */

const LASTS_MS = 60_000;

export function download(name: string, type: string, octets: Uint8Array<ArrayBuffer>): void {
  const address = URL.createObjectURL(new Blob([octets], { type }));
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  // The browser reads it after the click; later nobody needs it any more.
  setTimeout(() => URL.revokeObjectURL(address), LASTS_MS);
}
