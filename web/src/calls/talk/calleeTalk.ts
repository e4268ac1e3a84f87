/** A call to this page: it prepares its media at once, rings, and answers when its person does. */

import { identityOf } from "../../trust/identity";
import { readDescription } from "../media/description";
import type { Dial } from "../signalling/bodies";
import type { PhoneEvent } from "../signalling/events";
import { personOf } from "../signalling/places";
import { CallKeys, type Waiting, waitForWelcome } from "./callKeys";
import type { Line } from "./line";
import { Talk } from "./talk";
import { unchanged } from "./trouble";
import { readWords, type Said, writeWords } from "./words";

type Info = Extract<PhoneEvent, { kind: "info" }>;

export class CalleeTalk extends Talk {
  readonly side = "callee";
  readonly #dial: Dial;
  #waiting: Waiting | null = null;
  #keys: CallKeys | null = null;
  #rings = false;
  #wanted = false;

  constructor(call: string, dial: Dial, line: Line) {
    const { caller, precedence, emergency } = dial;
    super(call, { person: personOf(caller), precedence, emergency }, line);
    this.#dial = dial;
  }

  /** Answers; as soon as the media is prepared, if it is not yet. */
  override answer(): void {
    if (this.#wanted || this.over) return;
    this.#wanted = true;
    this.openMicrophone();
    if (this.#rings) this.#take();
  }

  protected override async prepare(): Promise<void> {
    const { offer } = readWords(this.#dial.opaque, "offer");
    const end = readDescription(offer, "offer");
    const relay = this.relayOf(this.#dial.relay);
    const media = await this.freshMedia();
    const answer = await media.answer(end, relay);
    this.#waiting = await waitForWelcome(this.line.party);
    const opaque = writeWords("ringing", { answer, package: this.#waiting.keyPackage });
    const fragment = media.own.ufrag;
    this.line.tell((phone, now) => phone.ring(this.call, { opaque, fragment }, now));
    this.#rings = true;
    if (this.#wanted) this.#take();
  }

  protected override heard(event: PhoneEvent): void {
    if (event.kind === "wanted") this.answer();
    if (event.kind === "info") this.inTurn(() => this.#told(event));
  }

  protected override async findAnotherWay(): Promise<void> {
    // The caller makes the offers; both ends see that the way was lost.
  }

  protected override forgetKeys(): void {
    this.#keys?.forget().catch(() => undefined);
    this.#keys = null;
    this.#waiting = null;
  }

  #take(): void {
    const fragment = this.media?.own.ufrag ?? "";
    const media = { opaque: new Uint8Array(), fragment };
    const taken = this.line.tell((phone, now) => phone.answer(this.call, media, now));
    if (taken !== true) return;
    this.answeredAt = Date.now();
    this.inTurn(() => this.#talkIfReady());
  }

  async #told({ opaque, relay }: Info): Promise<void> {
    const said = readWords(opaque, "welcome", "again");
    if (said.form === "welcome") await this.#join(said);
    else await this.#again(said, this.relayOf(relay));
    await this.#talkIfReady();
  }

  async #join({ welcome, code }: Said<"welcome">): Promise<void> {
    const { media } = this;
    const waiting = this.#waiting;
    if (media === null || waiting === null || this.#keys !== null) return;
    const { community } = waiting.party.identity;
    const caller = identityOf(community, this.#dial.caller);
    const keys = await CallKeys.join(waiting, this.call, caller, welcome);
    this.#keys = keys;
    await unchanged(keys.check(media.other, code));
    await media.install(await keys.mediaKey());
    this.info(writeWords("joined", { code: await keys.bind(media.own) }), "");
    this.showWhoIsThere(keys);
  }

  /** Media anew: the caller's own are others now, or the same by another way. */
  async #again({ offer, code }: Said<"again">, relay: NonNullable<Dial["relay"]>): Promise<void> {
    const keys = this.#keys;
    if (keys === null || this.media === null) return;
    const end = readDescription(offer, "offer");
    await unchanged(keys.check(end, code));
    const same = end.fingerprint === this.media.other.fingerprint;
    const media = same ? this.media : await this.freshMedia();
    const answer = await media.answer(end, relay);
    if (!media.keyed) await media.install(await keys.mediaKey());
    const bound = await keys.bind(media.own);
    this.info(writeWords("again-answer", { answer, code: bound }), media.own.ufrag);
  }

  async #talkIfReady(): Promise<void> {
    if (this.media?.keyed !== true) return;
    if (this.answeredAt === null) await this.warmUp();
    else await this.talk();
  }
}
