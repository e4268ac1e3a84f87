/**
 * A call from this page. Media are prepared with the first device that rings; each device that rings
 * gets keys of its own, so that whichever answers can talk at once.
 */

import { TrustError } from "../../trust/errors";
import { identityOf } from "../../trust/identity";
import { type MediaEnd, readDescription } from "../media/description";
import { MOST_DEVICES } from "../mls/roster";
import type { PhoneEvent } from "../signalling/events";
import { CallKeys } from "./callKeys";
import { Talk } from "./talk";
import { CallTrouble, troubleOf, unchanged } from "./trouble";
import { readWords, writeWords } from "./words";

/** Milliseconds in which another device may ring where one is not to be believed. Our choice. */
const ANOTHER_MS = 2_000;

/** A device that rings. */
interface Rung {
  answer: MediaEnd;
  keys: CallKeys;
  /** Whether it has shown that the media are its own. */
  shown: boolean;
}

type Ringing = Extract<PhoneEvent, { kind: "ringing" }>;
type Answered = Extract<PhoneEvent, { kind: "answered" }>;
type Info = Extract<PhoneEvent, { kind: "info" }>;

export class CallerTalk extends Talk {
  readonly side = "caller";
  readonly #rung = new Map<string, Rung>();
  /** Devices that are not to be believed, and why. */
  readonly #aside = new Map<string, unknown>();
  /** With which the media are prepared, and which has answered; empty while there is none. */
  #prepared = "";
  #answered = "";
  /** Whether an offer that was made again waits for its answer. */
  #waits = false;

  override answer(): void {
    // One's own call is answered by the others.
  }

  protected override async prepare(): Promise<void> {
    this.openMicrophone();
    const media = await this.freshMedia();
    const opaque = writeWords("offer", { offer: await media.offer() });
    if (this.over) return;
    const wish = { ...this.subject, opaque, fragment: media.own.ufrag };
    if (this.line.tell((phone, now) => phone.dial(wish, now, this.call)) === null) {
      throw new CallTrouble(
        "no edge",
        "This page has not reached its edge yet: nobody was called.",
      );
    }
  }

  protected override heard(event: PhoneEvent): void {
    if (event.kind === "ringing") this.inTurn(() => this.#rang(event));
    if (event.kind === "answered") this.inTurn(() => this.#taken(event));
    if (event.kind === "info") this.inTurn(() => this.#told(event));
  }

  protected override async findAnotherWay(): Promise<void> {
    const rung = this.#rung.get(this.#answered);
    if (rung !== undefined && this.#prepared === this.#answered && !this.#waits) {
      await this.#offerAgain(rung);
    }
  }

  protected override forgetKeys(): void {
    for (const { keys } of this.#rung.values()) keys.forget().catch(() => undefined);
    this.#rung.clear();
  }

  async #rang(event: Ringing): Promise<void> {
    const { device } = event;
    const known = this.#rung.has(device) || this.#aside.has(device);
    if (known || this.#rung.size + this.#aside.size >= MOST_DEVICES) return;
    try {
      await this.#pair(event);
    } catch (problem) {
      // Another device of hers may be to be believed; whether one is, the next moments show.
      this.#aside.set(device, problem);
      const sentence = problem instanceof Error ? problem.message : "A device was refused.";
      this.line.problem({ what: troubleOf(problem), sentence });
      setTimeout(() => this.inTurn(() => this.#refuseIfAlone(problem)), ANOTHER_MS);
    }
  }

  async #pair({ device, opaque, relay }: Ringing): Promise<void> {
    const { party } = this.line;
    const edge = this.line.edge();
    const { media } = this;
    if (media === null || edge === null) return;
    const said = readWords(opaque, "ringing");
    const answer = readDescription(said.answer, "answer");
    const first = this.#prepared === "";
    if (first) this.#prepared = device;
    // The way is looked for while keys are made; nothing is sent over it before they were checked.
    if (first) await media.accept(answer, this.relayOf(relay));
    const identity = identityOf(party.identity.community, device);
    const made = await CallKeys.found(party, this.call, identity, edge, said.package);
    const { keys, welcome } = made;
    this.#rung.set(device, { answer, keys, shown: false });
    const code = await keys.bind(media.own);
    this.info(writeWords("welcome", { welcome, code }), "", device);
  }

  async #refuseIfAlone(problem: unknown): Promise<void> {
    if (this.#rung.size === 0) throw problem;
  }

  async #told({ device, opaque, relay }: Info): Promise<void> {
    const from = device || this.#answered;
    const rung = this.#rung.get(from);
    if (rung === undefined) return;
    const said = readWords(opaque, "joined", "again-answer");
    if (said.form === "again-answer") {
      if (!this.#waits || from !== this.#answered) return;
      const answer = readDescription(said.answer, "answer");
      await unchanged(rung.keys.check(answer, said.code));
      this.#waits = false;
      rung.answer = answer;
      await this.media?.accept(answer, this.relayOf(relay));
      this.#prepared = from;
    } else {
      await unchanged(rung.keys.check(rung.answer, said.code));
    }
    rung.shown = true;
    await this.#talkIfReady();
  }

  async #taken({ device }: Answered): Promise<void> {
    this.#answered = device;
    this.answeredAt = Date.now();
    const rung = this.#rung.get(device);
    if (rung === undefined) throw this.#aside.get(device) ?? unprepared();
    if (device === this.#prepared) {
      await this.#talkIfReady();
    } else {
      await this.freshMedia();
      await this.#offerAgain(rung);
    }
  }

  async #offerAgain({ keys }: Rung): Promise<void> {
    const { media } = this;
    if (media === null) return;
    this.#waits = true;
    const offer = await media.offer();
    const code = await keys.bind(media.own);
    this.info(writeWords("again", { offer, code }), media.own.ufrag, this.#answered);
  }

  async #talkIfReady(): Promise<void> {
    const { media } = this;
    const rung = this.#rung.get(this.#prepared);
    if (media === null || rung === undefined || !rung.shown || this.#waits) return;
    if (!media.keyed) {
      await media.install(await rung.keys.mediaKey());
      this.showWhoIsThere(rung.keys);
    }
    if (this.#answered === "") await this.warmUp();
    else if (this.#answered === this.#prepared) await this.talk();
  }
}

function unprepared(): TrustError {
  return new TrustError("malformed", "A device answered that had not said how it talks.");
}
