/**
 * What is asked about written messages over one connection after another, and the post that comes.
 *
 * Few asks are under way at a time, so that calls which leave the page after them do not wait long.
 * What changes something is signed here, under the challenge that the authority has drawn for this
 * device at its site; where that stands no more, another one is asked for and the same signed anew.
 */

import { TrustError } from "../../trust/errors";
import type { Json, JsonObject } from "../../trust/strictJson";
import { type MailDoor, MailRefusal } from "../mail/mailDoor";
import { type Frame, MOST_ASK, mailFrame } from "./frames";
import { type Asker, challengeOf, isSigned, signedRequest } from "./mailSigning";

/** Asks without an answer; an edge refuses more. */
export const MOST_UNANSWERED = 8;
/** Characters of those asks together, unless one alone is larger. Our choice. */
export const MOST_UNDER_WAY = 512 << 10;
/** Times that one request is signed: sites come to other authorities meanwhile. Our choice. */
const MOST_SIGNED = 3;

interface Asked {
  /** Characters that it took. */
  length: number;
  settle(answer: JsonObject | MailRefusal): void;
}

interface Waiting {
  request: JsonObject;
  settle(answer: JsonObject | MailRefusal): void;
}

export class MailWay implements MailDoor {
  onPost: (items: readonly Json[], more: boolean) => void = () => {};
  onOpen: () => void = () => {};
  readonly #send: (frame: string) => boolean;
  readonly #who: Asker;
  readonly #asked = new Map<number, Asked>();
  #waiting: Waiting[] = [];
  #drawn = 0;
  #open = false;
  #challenge: Promise<string> | null = null;
  /** Of what was signed; it only rises, whatever the challenge. */
  #numbered = 0;

  /** `send` says a frame to the edge; false if that cannot be done now. */
  constructor(send: (frame: string) => boolean, who: Asker) {
    this.#send = send;
    this.#who = who;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  ask(request: JsonObject): Promise<JsonObject> {
    return isSigned(request) ? this.#askSigned(request) : this.#ask(request);
  }

  async #askSigned(request: JsonObject): Promise<JsonObject> {
    for (let times = 1; ; times++) {
      const asked = this.#challengeNow();
      const challenge = await asked;
      this.#numbered += 1;
      try {
        return await this.#ask(await signedRequest(request, this.#who, challenge, this.#numbered));
      } catch (problem) {
        if (!(problem instanceof MailRefusal) || problem.code !== "challenge") throw problem;
        this.#forget(asked);
        if (times === MOST_SIGNED) throw new MailRefusal("unavailable", problem.message);
      }
    }
  }

  #challengeNow(): Promise<string> {
    if (this.#challenge !== null) return this.#challenge;
    const asked = this.#ask({ kind: "challenge" }).then(challengeOf);
    this.#challenge = asked;
    asked.catch(() => this.#forget(asked));
    return asked;
  }

  #forget(challenge: Promise<string>): void {
    if (this.#challenge === challenge) this.#challenge = null;
  }

  #ask(request: JsonObject): Promise<JsonObject> {
    return new Promise((resolve, reject) => {
      const settle = (answer: JsonObject | MailRefusal) =>
        answer instanceof MailRefusal ? reject(answer) : resolve(answer);
      if (!this.#open) return settle(away());
      this.#waiting.push({ request, settle });
      this.#carry();
    });
  }

  /** Begins with a connection at which the edge believes this device. */
  opened(): void {
    this.#drawn = 0;
    this.#challenge = null;
    this.#open = true;
    this.onOpen();
  }

  /** The connection is gone, and with it every answer that did not come. */
  closed(): void {
    if (!this.#open) return;
    this.#open = false;
    const unanswered = [...this.#asked.values(), ...this.#waiting];
    this.#asked.clear();
    this.#waiting = [];
    for (const { settle } of unanswered) settle(away());
    this.onOpen();
  }

  /** Takes what the edge says of it; refused if nobody has asked for it. */
  take(frame: Frame & { type: "mailed" | "post" }): void {
    if (frame.type === "post") {
      this.onPost(frame.items, frame.more);
      return;
    }
    const asked = this.#asked.get(frame.ask);
    if (asked === undefined) {
      throw new TrustError("malformed", "The edge answered what nobody asked: dropped.");
    }
    this.#asked.delete(frame.ask);
    asked.settle(frame.answer);
    this.#carry();
  }

  #carry(): void {
    while (this.#asked.size < MOST_UNANSWERED && this.#drawn < MOST_ASK) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      const frame = this.#framed(first);
      if (frame !== null) {
        const underWay = [...this.#asked.values()].reduce((sum, { length }) => sum + length, 0);
        if (underWay > 0 && underWay + frame.length > MOST_UNDER_WAY) return;
        this.#say(first, frame);
      }
      this.#waiting.shift();
    }
  }

  #framed({ request, settle }: Waiting): string | null {
    try {
      return mailFrame(this.#drawn + 1, request);
    } catch (problem) {
      const known = problem instanceof Error ? problem.message : "It cannot be written.";
      settle(problem instanceof MailRefusal ? problem : new MailRefusal("malformed", known));
      return null;
    }
  }

  #say({ settle }: Waiting, frame: string): void {
    this.#drawn += 1;
    if (this.#send(frame)) this.#asked.set(this.#drawn, { length: frame.length, settle });
    else settle(new MailRefusal("unavailable", "Too much waits to leave this page: ask again."));
  }
}

function away(): MailRefusal {
  return new MailRefusal("unavailable", "The connection to this site is gone: ask again later.");
}
