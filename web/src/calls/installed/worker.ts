/**
 * The guard: the service worker that answers from the copy. Built to /phone-worker.js, on its own.
 *
 * It takes no list and changes nothing; that is for the pages that it answers with (`taking`). It
 * never takes a page over that came from elsewhere: neither `skipWaiting` nor `clients.claim`.
 */

import { heldCopy, keptFile } from "./copyStore";
import { answerFrom, isData, type Kept } from "./serving";

/** As much of the worker's scope as is used; the pages' types have none of it. */
interface Scope {
  location: Location;
  addEventListener(name: "fetch", act: (event: FetchEvent) => void): void;
}

interface FetchEvent {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

const scope = globalThis as unknown as Scope;
const kept: Kept = { held: heldCopy, octets: keptFile };

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  if (isData(request, scope.location.origin)) return;
  event.respondWith(answerFrom(kept, request).then((answer) => answer ?? fetch(request)));
});
