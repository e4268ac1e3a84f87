/** The stream of frames: connects, decodes, and comes back by itself when the server has gone. */

import type { Connection } from "../frame/state";
import { decodeFrame, FrameError, type SkyFrame } from "./frames";

const FIRST_WAIT_S = 0.5;
const LONGEST_WAIT_S = 15;
/** A server that has said nothing for so long is gone, whatever the connection says. */
const SILENCE_S = 8;

/** How long to wait before the attempt with this number (0 is the first repeated one), seconds. */
export function waitBefore(attempt: number): number {
  return Math.min(FIRST_WAIT_S * 2 ** attempt, LONGEST_WAIT_S);
}

export interface FeedHandlers {
  frame(frame: SkyFrame): void;
  connection(state: Connection): void;
}

export class Feed {
  readonly #address: string;
  readonly #handlers: FeedHandlers;
  #socket: WebSocket | null = null;
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
    socket.addEventListener("message", (event: MessageEvent<unknown>) => this.#receive(event.data));
    socket.addEventListener("close", () => this.#lost(socket));
    this.#watchSilence(socket);
  }

  #receive(data: unknown): void {
    if (!(data instanceof ArrayBuffer) || !this.#socket) return;
    this.#watchSilence(this.#socket);
    try {
      const frame = decodeFrame(data);
      this.#attempt = 0;
      this.#handlers.connection({ state: "connected" });
      this.#handlers.frame(frame);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#socket.close();
    }
  }

  #watchSilence(socket: WebSocket): void {
    clearTimeout(this.#silence);
    this.#silence = window.setTimeout(() => {
      socket.close();
      this.#lost(socket);
    }, SILENCE_S * 1000);
  }

  #lost(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    clearTimeout(this.#silence);
    this.#socket = null;
    this.#countDown(waitBefore(this.#attempt++));
  }

  #countDown(leftS: number): void {
    this.#handlers.connection({ state: "waiting", retryInS: Math.ceil(leftS) });
    this.#retry = window.setTimeout(() => {
      if (leftS > 1) this.#countDown(leftS - 1);
      else this.start();
    }, Math.min(leftS, 1) * 1000);
  }

  #retryNow(): void {
    if (this.#socket) return;
    clearTimeout(this.#retry);
    this.start();
  }
}
