/** The stream of frames: connects, decodes, and comes back by itself when the server has gone. */

import type { Connection } from "../frame/state";
import { decodeFrame, FrameError, type SkyFrame } from "./frames";

const FIRST_WAIT_S = 0.5;
const LONGEST_WAIT_S = 15;
/** A server that has said nothing for so long is gone, whatever the connection says. */
const SILENCE_S = 8;
/** Close codes of the server (IANA's registry): another catalogue is in use; no room for a screen. */
const SERVICE_RESTART = 1012;
const TRY_AGAIN_LATER = 1013;

/** How long to wait before the attempt with this number (0 is the first repeated one), seconds. */
export function waitBefore(attempt: number): number {
  return Math.min(FIRST_WAIT_S * 2 ** attempt, LONGEST_WAIT_S);
}

type Why = Extract<Connection, { state: "waiting" }>["why"];

export interface FeedHandlers {
  frame(frame: SkyFrame): void;
  connection(state: Connection): void;
  /** What frames are about has changed: the next ones may come in another order. */
  changed(): void;
}

export class Feed {
  readonly #address: string;
  readonly #handlers: FeedHandlers;
  #socket: WebSocket | null = null;
  #heard = false;
  #attempt = 0;
  #silence = 0;
  #retry = 0;

  constructor(address: string, handlers: FeedHandlers) {
    this.#address = address;
    this.#handlers = handlers;
    // A network that is back, or a page that is looked at again, need not wait for the next try.
    addEventListener("online", () => this.#retryNow());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#retryNow();
    });
  }

  start(): void {
    const socket = new WebSocket(this.#address);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#heard = false;
    socket.addEventListener("message", (event: MessageEvent<unknown>) => {
      this.#receive(socket, event.data);
    });
    socket.addEventListener("close", (event) => this.#closed(socket, event.code));
    this.#watchSilence(socket);
  }

  #receive(socket: WebSocket, data: unknown): void {
    if (!(data instanceof ArrayBuffer) || socket !== this.#socket) return;
    this.#watchSilence(socket);
    try {
      const frame = decodeFrame(data);
      this.#attempt = 0;
      this.#heard = true;
      this.#handlers.connection({ state: "connected" });
      this.#handlers.frame(frame);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      socket.close();
      this.#lost(socket, "misunderstood");
    }
  }

  #watchSilence(socket: WebSocket): void {
    clearTimeout(this.#silence);
    this.#silence = window.setTimeout(() => {
      const why = socket.readyState === WebSocket.OPEN ? "silent" : "lost";
      socket.close();
      this.#lost(socket, why);
    }, SILENCE_S * 1000);
  }

  #closed(socket: WebSocket, code: number): void {
    if (socket === this.#socket && code === SERVICE_RESTART && this.#heard) {
      // Asked to come again: nothing is wrong, so nothing is said.
      clearTimeout(this.#silence);
      this.#handlers.changed();
      this.start();
      return;
    }
    this.#lost(socket, code === TRY_AGAIN_LATER ? "full" : "lost");
  }

  #lost(socket: WebSocket, why: Why): void {
    if (socket !== this.#socket) return;
    clearTimeout(this.#silence);
    this.#socket = null;
    this.#countDown(waitBefore(this.#attempt++), why);
  }

  #countDown(leftS: number, why: Why): void {
    this.#handlers.connection({ state: "waiting", retryInS: Math.ceil(leftS), why });
    this.#retry = window.setTimeout(() => {
      if (leftS > 1) this.#countDown(leftS - 1, why);
      else this.start();
    }, Math.min(leftS, 1) * 1000);
  }

  #retryNow(): void {
    if (this.#socket) return;
    clearTimeout(this.#retry);
    this.start();
  }
}
