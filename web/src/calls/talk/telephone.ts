/**
 * The telephone of a page: its door to the edge, its calls, and what each of them needs of media and
 * keys. Whatever goes wrong in one call ends that one with a sentence, and no other.
 */

import type { Precedence } from "../../api/authority";
import { drawId } from "../../trust/commands";
import type { DeviceKey } from "../../trust/device";
import { TrustError } from "../../trust/errors";
import { Correspondence } from "../mail/correspondence";
import type { Letters } from "../mail/view";
import { allowMediaWorker, sealsMedia } from "../media/transform";
import type { Court } from "../mls/authentication";
import { openVault } from "../mls/deviceStore";
import { openMemoryVault } from "../mls/memoryStore";
import { type Party, partyOf } from "../mls/party";
import type { Dial } from "../signalling/bodies";
import type { Refusal } from "../signalling/causes";
import { type Connection, type Door, doorOf } from "../signalling/door";
import type { PhoneEvent } from "../signalling/events";
import type { MissedCall, Present } from "../signalling/frames";
import { CalleeTalk } from "./calleeTalk";
import { CallerTalk } from "./callerTalk";
import { warmUp } from "./callKeys";
import type { Line } from "./line";
import type { Talk } from "./talk";
import type { Problem, Sound, TalkView } from "./talkView";
import { troubleOf } from "./trouble";
import { roomFor } from "./yielding";

export type { MediaState, Problem, Security, Sound, TalkView } from "./talkView";

/** Talks at once, each with a worker and a connection; who calls beyond finds this device busy, or
 * takes the place of one that rings for something less urgent. */
const MOST_TALKS = 8;
/** Talks that are over and still shown. */
const MOST_OVER = 32;
const MOST_PROBLEMS = 32;

export class Telephone {
  readonly #party: Party;
  readonly #sound: Sound;
  readonly #witnesses: readonly string[];
  readonly #changed: () => void;
  readonly #door: Door;
  readonly #talks = new Map<string, Talk>();
  #letters: Correspondence | null = null;
  #connection: Connection = { state: "connecting" };
  #people: readonly Present[] = [];
  #problems: readonly Problem[] = [];
  #missed: readonly MissedCall[] = [];

  private constructor(
    party: Party,
    device: DeviceKey,
    witnesses: readonly string[],
    sound: Sound,
    changed: () => void,
  ) {
    this.#party = party;
    this.#witnesses = witnesses;
    this.#sound = sound;
    this.#changed = changed;
    this.#door = doorOf(device, {
      connection: (state) => this.#show(() => (this.#connection = state)),
      people: (people) => this.#show(() => (this.#people = people)),
      problem: (sentence) => this.#problem({ what: "edge", sentence }),
      missed: (calls) => this.#show(() => (this.#missed = calls)),
      slot: (edge) => {
        for (const talk of this.#talks.values()) if (!talk.over) talk.expect(edge);
      },
      event: (event) => this.#hear(event),
    });
  }

  /**
   * Opens the telephone of a device of this browser, and comes to the edge of this page.
   *
   * `changed` is called whenever something that is shown may have changed. Refused where the
   * browser cannot seal a call's frames, or the device would not stand before its own court.
   */
  static async open(
    device: DeviceKey,
    court: Court,
    sound: Sound,
    changed: () => void,
  ): Promise<Telephone> {
    if (!sealsMedia()) {
      throw new TrustError("unsupported", "This browser cannot seal the frames of a call.");
    }
    allowMediaWorker();
    const { profile } = court.trust().anchors;
    const chain = device.chain.map(({ der }) => der);
    const own = { profile, signer: device.signer, chain };
    const party = await partyOf(own, court, await openMemoryVault(device.identity));
    const witnesses = court.policy.witnesses.map(({ name }) => name);
    const made = new Telephone(party, device, witnesses, sound, changed);
    // Before the door: what comes by the post has nobody else to take it in.
    await made.#openLetters(device, court);
    made.#door.start();
    // So that the first call is as quick as the next one: code is compiled, own chain is judged.
    warmUp(party).catch((problem: Error) =>
      made.#problem({ what: troubleOf(problem), sentence: problem.message }),
    );
    return made;
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** Everybody who is known, and where they are. */
  get people(): readonly Present[] {
    return this.#people;
  }

  /** The talks that go on and those that are over, oldest first. */
  get talks(): readonly TalkView[] {
    return [...this.#talks.values()].map((talk) => talk.view);
  }

  /** Written messages; null where this browser can keep none. */
  get letters(): Letters | null {
    return this.#letters;
  }

  /** Calls while no device of this person was connected, until the page has `noted` them. */
  get missed(): readonly MissedCall[] {
    return this.#missed;
  }

  /** What was refused without harm to any talk, and what ended one; the newest last. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Calls a person (`anna.rossi`); returns the call's id. */
  dial(person: string, precedence: Precedence, emergency = false): string {
    const call = drawId();
    const wish = { person: `person/${person}`, precedence, emergency };
    this.#add(new CallerTalk(call, wish, this.#line()));
    return call;
  }

  /** Answers as soon as the media is prepared. */
  answer(call: string): void {
    this.#of(call)?.answer();
  }

  refuse(call: string, cause: Refusal): void {
    this.#of(call)?.refuse(cause);
  }

  end(call: string): void {
    this.#of(call)?.end();
  }

  hold(call: string): void {
    this.#of(call)?.hold(true);
  }

  resume(call: string): void {
    this.#of(call)?.hold(false);
  }

  /** Sends silence from now on, or speech again. */
  mute(call: string, on: boolean): void {
    this.#of(call)?.mute(on);
  }

  /** Takes that the page keeps these missed calls now: the edge need not. */
  noted(calls: readonly MissedCall[]): void {
    if (this.#missed === calls) this.#missed = [];
    this.#door.noted(calls.map(({ call }) => call));
  }

  /** Ends every talk, and comes to the edge no more. */
  close(): void {
    for (const talk of this.#talks.values()) talk.end();
    this.#letters?.close();
    this.#door.close();
  }

  /** Without them the telephone rings all the same. */
  async #openLetters({ identity }: DeviceKey, court: Court): Promise<void> {
    const outside = {
      changed: this.#changed,
      problem: (sentence: string) => this.#problem({ what: "texts", sentence }),
    };
    try {
      const party = { ...this.#party, vault: await openVault(identity) };
      this.#letters = await Correspondence.open(party, court, this.#door.mail, outside);
    } catch (problem) {
      const sentence = problem instanceof Error ? problem.message : "Messages cannot be kept here.";
      this.#problem({ what: "texts", sentence });
    }
  }

  #of(call: string): Talk | undefined {
    return this.#talks.get(call);
  }

  #hear(event: PhoneEvent): void {
    if (event.kind === "problem") this.#problem({ what: "edge", sentence: event.sentence });
    else if (event.kind === "incoming") this.#called(event.call, event.dial);
    else this.#of(event.call)?.hear(event);
    this.#changed();
  }

  #called(call: string, dial: Dial): void {
    const going = [...this.#talks.values()].filter(({ over }) => !over);
    if (going.length < MOST_TALKS) {
      this.#add(new CalleeTalk(call, dial, this.#line()));
      return;
    }
    const claims = going.map(({ view }) => view);
    const { goes, cause } = roomFor({ ...dial, call }, claims);
    this.#door.act((phone, now) => phone.refuse(goes, cause, now));
    if (goes !== call) this.#add(new CalleeTalk(call, dial, this.#line()));
  }

  #add(talk: Talk): void {
    const over = [...this.#talks.values()].filter((each) => each.over);
    for (const each of over.slice(0, -MOST_OVER)) this.#talks.delete(each.call);
    this.#talks.set(talk.call, talk);
    talk.begin();
    this.#changed();
  }

  #line(): Line {
    return {
      party: this.#party,
      sound: this.#sound,
      witnesses: this.#witnesses,
      edge: () => this.#door.phone?.edge ?? null,
      look: (call) => this.#door.phone?.calls.find((each) => each.call === call) ?? null,
      tell: (what) => this.#door.act(what),
      report: (call, report) => this.#door.report(call, report),
      changed: this.#changed,
      problem: (problem) => this.#problem(problem),
    };
  }

  #problem(problem: Problem): void {
    this.#show(() => {
      this.#problems = [...this.#problems, problem].slice(-MOST_PROBLEMS);
    });
  }

  #show(change: () => void): void {
    change();
    this.#changed();
  }
}
