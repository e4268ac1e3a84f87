/** What this device asks the post office, and its answers, read strictly. */

import { type Envelope, envelopeOfJson } from "../../trust/envelope";
import { TrustError } from "../../trust/errors";
import { base64, type Octets, ofEitherBase64 } from "../../trust/octets";
import { isObject, type Json, type JsonObject } from "../../trust/strictJson";
import { MOST_OCTETS } from "../mls/wire";
import { checkDevice, LONGEST_PATH } from "../signalling/places";
import { groupOf, nameOf, numberOf } from "./items";
import { type MailDoor, MailRefusal } from "./mailDoor";

/** Questions without an answer yet, of this device. Our choice, below what an edge allows (8). */
const MOST_AT_ONCE = 4;
/** Milliseconds after which an answer is given up; everything may be asked again. Our choice. */
const PATIENCE_MS = 90_000;
/** Devices of two people that one answer tells of (`protocol/mail_fields.py`). */
const MOST_KNOWN = 512;
const EPOCH = /^(?:0|[1-9][0-9]{0,15})$/;

/** A commit to be named, with all that travels with it. */
export interface Offer {
  group: string;
  /** The epoch that it ends. */
  epoch: bigint;
  octets: Octets;
  /** Devices that were members, without this one (`person/anna.rossi/phone`). */
  to: readonly string[];
  welcome: Octets;
  added: readonly string[];
}

/** A sealed message on its way. */
export interface Parcel {
  /** 16 octets, hexadecimal. */
  id: string;
  group: string;
  to: readonly string[];
  octets: Octets;
}

/** Which group stands between two people. */
export interface Standing {
  /** Empty if none does. */
  group: string;
  epoch: bigint;
  /** SPIFFE URI. */
  orderer: string;
}

export class Asks {
  readonly #door: MailDoor;
  #going = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(door: MailDoor) {
    this.#door = door;
  }

  /** Tells how many one-time packages the post office has of this device then. */
  async publish(packages: readonly Octets[], lastResort: Octets): Promise<number> {
    const told = { packages: packages.map(base64), last_resort: base64(lastResort) };
    return whole((await this.#ask({ kind: "publish", ...told }, ["held"])).held);
  }

  /** The devices of people that can be written to, in alphabetical order. */
  async devices(people: readonly string[]): Promise<string[]> {
    const { devices } = await this.#ask({ kind: "devices", people: [...people] }, ["devices"]);
    const known = list(devices, MOST_KNOWN).map((each) => {
      const device = deviceOf(isObject(each) ? each.device : undefined);
      if (!people.some((person) => device.startsWith(`${person}/`))) throw refused();
      return device;
    });
    return [...new Set(known)].sort();
  }

  /** A key package of each device that has one; those that nobody asked for are dropped. */
  async packages(devices: readonly string[]): Promise<Map<string, Octets>> {
    const answer = await this.#ask({ kind: "packages", devices: [...devices] }, ["packages"]);
    const given = list(answer.packages, devices.length).map((each): [string, Octets] => {
      if (!isObject(each) || typeof each.octets !== "string") throw refused();
      return [deviceOf(each.device), ofEitherBase64(each.octets, MOST_OCTETS.mls_key_package)];
    });
    return new Map(given.filter(([device]) => devices.includes(device)));
  }

  async conversation(other: string): Promise<Standing> {
    const fields = ["group", "epoch", "orderer"];
    const { group, epoch, orderer } = await this.#ask({ kind: "conversation", other }, fields);
    if (typeof epoch !== "string" || !EPOCH.test(epoch)) throw refused();
    if (typeof orderer !== "string") throw refused();
    return { group: group === "" ? "" : groupOf(group), epoch: BigInt(epoch), orderer };
  }

  /** `stale` where another group stands than the one it takes the place of. */
  async begin(other: string, group: string, instead: string): Promise<void> {
    const answer = await this.#ask({ kind: "begin", other, group, instead }, ["group", "orderer"]);
    if (answer.group !== group) throw refused();
  }

  /** The orderer's word for a commit; `stale` where another one has ended the epoch. */
  async commit({ group, epoch, octets, to, welcome, added }: Offer): Promise<Envelope> {
    const sealed = { octets: base64(octets), welcome: base64(welcome) };
    const who = { to: [...to], added: [...added] };
    const request = { kind: "commit", group, epoch: `${epoch}`, ...sealed, ...who };
    return envelopeOfJson((await this.#ask(request, ["notice"])).notice);
  }

  /** Returns when it lies in the mailboxes. */
  async send({ id, group, to, octets }: Parcel): Promise<void> {
    const sealed = { octets: base64(octets), to: [...to] };
    await this.#ask({ kind: "send", id, group, ...sealed }, ["at"]);
  }

  /** Lets items leave the mailbox, if they are what lay there: all of a post, kept here. */
  async taken(items: readonly Json[]): Promise<void> {
    const upto = numberOf(items.at(-1) ?? null);
    if (upto > 0) await this.#ask({ kind: "taken", upto, items: await nameOf(items) }, []);
  }

  async #ask(request: JsonObject, fields: readonly string[]): Promise<JsonObject> {
    while (this.#going >= MOST_AT_ONCE) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#going += 1;
    try {
      if (!this.#door.isOpen) throw unavailable();
      const answer = await patiently(this.#door.ask(request));
      const held = Object.keys(answer);
      const whole = held.length === fields.length && fields.every((name) => name in answer);
      if (!whole) throw refused();
      return answer;
    } finally {
      this.#going -= 1;
      this.#waiting.shift()?.();
    }
  }
}

function patiently(answer: Promise<JsonObject>): Promise<JsonObject> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(unavailable()), PATIENCE_MS);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function deviceOf(value: Json | undefined): string {
  if (typeof value !== "string" || value.length > LONGEST_PATH) throw refused();
  checkDevice(value);
  return value;
}

function list(value: Json | undefined, most: number): Json[] {
  if (!Array.isArray(value) || value.length > most) throw refused();
  return value;
}

function whole(value: Json | undefined): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw refused();
  return value;
}

function unavailable(): MailRefusal {
  return new MailRefusal("unavailable", "The authority is out of reach.");
}

function refused(): TrustError {
  return new TrustError("malformed", "The post office's answer is not in the form it has.");
}
