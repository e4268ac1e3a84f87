/**
 * One call at this page: what signalling, media and keys have to do with each other. What is alike
 * on both sides is here. Steps come one after the other; whatever fails ends this call.
 */

import type { Precedence } from "../../api/authority";
import type { Octets } from "../../trust/octets";
import type { Relay } from "../media/sdp";
import type { Quality } from "../quality";
import type { Side } from "../signalling/bodies";
import type { Cause, Refusal } from "../signalling/causes";
import type { CallView, PhoneEvent } from "../signalling/events";
import type { SlotEdge } from "../signalling/frames";
import type { CallKeys } from "./callKeys";
import { CallMedia } from "./callMedia";
import type { Line } from "./line";
import { Outage } from "./outage";
import { Reception } from "./reception";
import { Silence } from "./silence";
import { SlotEdges } from "./slotEdges";
import type { MediaState, Security, TalkView } from "./talkView";
import { CallTrouble, isRefusal, type Trouble, troubleOf } from "./trouble";

/** Whom it is with, and how urgent it is. */
export interface Subject {
  /** `person/anna.rossi` */
  person: string;
  precedence: Precedence;
  emergency: boolean;
}

/** Precedences whose receivers keep more in hand. */
const URGENT: readonly Precedence[] = ["flash", "flash-override"];
const STATES: Partial<Record<RTCPeerConnectionState, MediaState>> = { connected: "connected" };

export abstract class Talk {
  abstract readonly side: Side;
  protected media: CallMedia | null = null;
  /** Where this end's media go: the near port of its edge's relay. */
  protected relay: Relay | null = null;
  /** When somebody has answered: milliseconds of `Date.now()`. */
  protected answeredAt: number | null = null;
  readonly #beganAt = Date.now();
  readonly #outage: Outage;
  readonly #reception: Reception;
  #last: Promise<void> = Promise.resolve();
  #seen: CallView | null = null;
  #track: MediaStreamTrack | null = null;
  /** What is sent until there is a microphone's track, once keys were checked; not before. */
  #silence: Silence | null = null;
  readonly #edges = new SlotEdges((ms) => this.media?.keepInHand(ms));
  #talking = false;
  /** Sound goes both ways: somebody has answered, and nobody holds. */
  #open = false;
  #muted = false;
  #lost = false;
  #security: Security = { state: "preparing" };
  #quality: Quality | null = null;
  #ended: { at: number; cause: Cause; instead: string; device: string } | null = null;
  #trouble: Trouble | null = null;
  #problem = "";

  constructor(
    readonly call: string,
    protected readonly subject: Subject,
    protected readonly line: Line,
  ) {
    this.#outage = new Outage(
      () => this.inTurn(() => this.findAnotherWay()),
      (lost) => {
        this.#lost = lost;
        line.changed();
      },
    );
    this.#reception = new Reception((report, quality) => {
      this.#quality = quality;
      line.report(call, report);
      line.changed();
    });
  }

  /** Prepares media, and says so. */
  protected abstract prepare(): Promise<void>;
  /** Takes what signalling tells of this call, but for holds and its end. */
  protected abstract heard(event: PhoneEvent): void;
  /** The connection has been away for a while: the caller's side names its ends of ICE anew. */
  protected abstract findAnotherWay(): Promise<void>;
  /** Forgets all keys. */
  protected abstract forgetKeys(): void;
  abstract answer(): void;

  get over(): boolean {
    return this.#ended !== null;
  }

  get view(): TalkView {
    const seen = this.#look();
    const begun = this.side === "caller" ? "dialling" : "incoming";
    const device = this.#ended?.device || (seen?.device ?? "");
    return {
      call: this.call,
      side: this.side,
      person: this.subject.person.slice("person/".length),
      device: device.slice(device.lastIndexOf("/") + 1),
      precedence: this.subject.precedence,
      emergency: this.subject.emergency,
      state: this.over ? "over" : (seen?.state ?? begun),
      heldHere: seen?.heldHere ?? false,
      heldThere: seen?.heldThere ?? false,
      muted: this.#muted,
      beganAt: this.#beganAt,
      answeredAt: this.answeredAt,
      endedAt: this.#ended?.at ?? null,
      security: this.#security,
      media: this.#mediaState(),
      quality: this.#quality,
      cause: this.#ended?.cause ?? null,
      instead: this.#ended?.instead ?? "",
      trouble: this.#trouble,
      problem: this.#problem,
    };
  }

  begin(): void {
    this.inTurn(() => this.prepare());
  }

  /** Takes what signalling tells of this call. */
  hear(event: PhoneEvent): void {
    if (event.kind === "ended") this.#finish(event.cause, event.instead);
    else if (event.kind === "held") this.inTurn(() => this.#apply());
    else this.heard(event);
  }

  /** Takes when the ways by satellite are disturbed next, as the edge says. */
  expect(edge: SlotEdge): void {
    if (this.#talking) this.#edges.expect(edge);
  }

  refuse(cause: Refusal): void {
    this.line.tell((phone, now) => phone.refuse(this.call, cause, now));
  }

  end(): void {
    const told = this.line.tell(
      (phone, now) =>
        phone.end(this.call, "hung up", now) || phone.refuse(this.call, "declined", now),
    );
    // It was not dialled yet: nobody else knows of it.
    if (told !== true) this.#finish("hung up", "");
  }

  hold(on: boolean): void {
    const done = this.line.tell((phone, now) =>
      on ? phone.hold(this.call, now) : phone.resume(this.call, now),
    );
    if (done === true) this.inTurn(() => this.#apply());
  }

  mute(on: boolean): void {
    this.#muted = on;
    if (this.#track !== null) this.#track.enabled = !on;
    this.line.changed();
  }

  /** Does a step after those before it; one that fails ends the call, and tells why. */
  protected inTurn(step: () => Promise<void>): void {
    this.#last = this.#last.then(async () => {
      if (this.over) return;
      try {
        await step();
      } catch (problem) {
        this.#fail(problem);
      }
      // What a step had begun when the call ended is undone as well.
      if (this.over) this.#release();
      this.line.changed();
    });
  }

  /** Makes the media anew, in the place of those that were there. */
  protected async freshMedia(): Promise<CallMedia> {
    this.media?.close();
    this.media = null;
    const urgent = URGENT.includes(this.subject.precedence);
    const made = await CallMedia.make(this.call, urgent, () => {
      if (this.media === made) this.#outage.see(made.state);
      this.line.changed();
    });
    this.media = made;
    return made;
  }

  /** Keeps where this end's media go, as its edge told it last. */
  protected relayOf(told: Relay | null): Relay {
    this.relay = told ?? this.relay;
    if (this.relay === null) {
      throw new CallTrouble("no relay", "This site's edge has no relay for the sound of calls.");
    }
    return this.relay;
  }

  /** Asks for the microphone; the call goes on meanwhile. */
  protected openMicrophone(): void {
    this.line.sound.microphone().then(
      (track) => {
        if (this.over) return track.stop();
        track.enabled = !this.#muted;
        this.#track = track;
        this.inTurn(() => this.#apply());
      },
      (problem: Error) =>
        this.#fail(
          new CallTrouble("microphone", `The microphone cannot be used: ${problem.message}`),
        ),
    );
  }

  /** Sends silence, sealed, and plays nothing: all that a talk needs runs before somebody answers. */
  protected async warmUp(): Promise<void> {
    const { media } = this;
    if (media === null || this.#talking) return;
    await media.seal();
    this.#silence ??= new Silence();
    this.line.sound.play(this.call, media.stream);
    await this.#apply();
  }

  /** Begins to seal and to be heard: somebody has answered, and both ends' keys were checked. */
  protected async talk(): Promise<void> {
    const { media } = this;
    if (media === null) return;
    await media.seal();
    this.#talking = true;
    this.line.sound.play(this.call, media.stream);
    this.#reception.listenTo(media);
    await this.#apply();
  }

  /** Shows who is at the other end; what it takes to tell goes on beside the call. */
  protected showWhoIsThere(keys: CallKeys): void {
    const { epoch } = keys;
    const { party, witnesses } = this.line;
    const { profile } = party;
    Promise.all([keys.peer(), keys.keyPrint(), keys.safety()]).then(
      ([peer, keyPrint, safety]) => {
        const whose = { peer, keyPrint, safety, witnesses };
        this.#security = { state: "secured", profile, epoch, ...whose };
        this.line.changed();
      },
      (problem) => this.#fail(problem),
    );
  }

  protected info(opaque: Octets, fragment: string, device = ""): void {
    this.line.tell((phone, now) => phone.info(this.call, { opaque, fragment }, now, device));
  }

  #look(): CallView | null {
    this.#seen ??= this.line.look(this.call);
    return this.#seen;
  }

  #mediaState(): MediaState {
    if (this.over || this.media === null) return "none";
    return this.#lost ? "lost" : (STATES[this.media.state] ?? "connecting");
  }

  async #apply(): Promise<void> {
    const seen = this.#look();
    const held = seen?.heldHere || seen?.heldThere;
    const open = this.#talking && !held;
    if (open !== this.#open) this.#reception.pause(!open);
    this.#open = open;
    const spoken = open ? this.#track : null;
    await this.media?.speak(held ? null : (spoken ?? this.#silence?.track ?? null));
    if (spoken !== null) {
      this.#silence?.close();
      this.#silence = null;
    }
    this.media?.hear(open);
  }

  #fail(problem: unknown): void {
    if (this.over) return;
    this.#problem = problem instanceof Error ? problem.message : "The call failed.";
    this.#trouble = troubleOf(problem);
    if (isRefusal(this.#trouble)) {
      this.#security = { state: "refused", sentence: this.#problem };
    }
    this.line.problem({ what: this.#trouble, sentence: this.#problem });
    const told = this.line.tell(
      (phone, now) => phone.end(this.call, "unable", now) || phone.refuse(this.call, "unable", now),
    );
    if (told !== true) this.#finish("unable", "");
  }

  #finish(cause: Cause, instead: string): void {
    if (this.over) return;
    const device = this.#look()?.device ?? "";
    this.#ended = { at: Date.now(), cause, instead, device };
    this.#release();
    this.line.sound.play(this.call, null);
    this.line.changed();
  }

  #release(): void {
    this.#outage.close();
    this.#reception.close();
    this.#edges.close();
    this.#track?.stop();
    this.#silence?.close();
    this.media?.close();
    this.media = null;
    this.forgetKeys();
  }
}
