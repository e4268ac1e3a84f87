/** The map library's worker, from our own server, through the one Trusted Types policy there is. */

import { setWorkerCount, setWorkerUrl } from "maplibre-gl";
import workerAddress from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): unknown;
}

/**
 * Name the worker's address to the library. The library starts it by a plain string, which only a
 * policy called `default` is asked about; ours knows that one address, and no HTML and no script.
 */
export function allowMapWorker(): void {
  const address = new URL(workerAddress, location.href).href;
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  trustedTypes?.createPolicy("default", {
    createScriptURL(asked) {
      if (asked === address) return asked;
      throw new TypeError("no script but the map's worker may be started");
    },
  });
  setWorkerUrl(address);
  setWorkerCount(1);
}
