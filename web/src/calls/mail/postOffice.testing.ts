/** A post office in memory, by the rules of the authority's, with faults that tests ask for. */

import { MEMBER_ALGORITHM, type Profile } from "../../trust/algorithms";
import type { Certificate } from "../../trust/certificate";
import { readChain } from "../../trust/certificate";
import type { DeviceKey } from "../../trust/device";
import { envelopeToJson, signEnvelope } from "../../trust/envelope";
import { identityOf } from "../../trust/identity";
import { signerOfSeed } from "../../trust/mldsa";
import { base64, hex, ofBase64, sha256, utf8 } from "../../trust/octets";
import { type Json, type JsonObject, parseJson, writeJson } from "../../trust/strictJson";
import { nameOf } from "./items";
import { type MailDoor, MailRefusal, type RefusalCode } from "./mailDoor";
import { NOTICE_TYPE } from "./notice";
import type { MailFile } from "./places.testing";

const ITEMS_AT_ONCE = 8;
/** As an edge does, which waits for longer. */
const BROUGHT_AGAIN_MS = 100;

interface Standing {
  group: string;
  epoch: number;
  /** By epoch: the hash of the commit that ended it, and the notice. */
  named: Map<number, { commit: string; notice: JsonObject }>;
}

interface Box {
  next: number;
  items: JsonObject[];
}

interface Supply {
  packages: string[];
  lastResort: string;
  /** One-time packages that came, given out or not. */
  published: number;
}

export class PostOffice {
  readonly orderer: string;
  readonly boxes = new Map<string, Box>();
  readonly supplies = new Map<string, Supply>();
  readonly standings = new Map<string, Standing>();
  readonly sent = new Map<string, number>();
  /** Everything that was ever put into a mailbox, for edges that replay. */
  readonly past: { device: string; item: JsonObject }[] = [];
  /** Devices whose certificates are taken back. */
  readonly revoked = new Set<string>();
  /** Requests as they came, by kind. */
  readonly asked: string[] = [];
  /** Refuses or lets pass; for faults. */
  rule: (device: string, request: JsonObject) => RefusalCode | null = () => null;
  readonly #doors = new Map<string, TestDoor>();
  /** Of whom each group is, those too that stand no more. */
  readonly #pairs = new Map<string, string>();
  readonly #authority: DeviceKey;

  private constructor(authority: DeviceKey) {
    this.#authority = authority;
    this.orderer = authority.identity.uri;
  }

  static async open(file: MailFile, name = "authority"): Promise<PostOffice> {
    return new PostOffice(await keyOf(file, name));
  }

  /** Another office with the key packages of this one, before anything was written. */
  copied(): PostOffice {
    const made = new PostOffice(this.#authority);
    for (const [device, supply] of this.supplies) {
      made.supplies.set(device, { ...supply, packages: [...supply.packages] });
    }
    return made;
  }

  /** The way of a device to this office; another one of the same device takes its place. */
  door(device: string): TestDoor {
    const door = new TestDoor(this, device);
    this.#doors.get(device)?.close();
    this.#doors.set(device, door);
    return door;
  }

  boxOf(device: string): Box {
    const box = this.boxes.get(device) ?? { next: 1, items: [] };
    this.boxes.set(device, box);
    return box;
  }

  /** Puts something into a mailbox, whoever it is from. */
  put(device: string, item: JsonObject): void {
    const box = this.boxOf(device);
    const whole = { ...item, number: box.next };
    box.next += 1;
    box.items.push(whole);
    this.past.push({ device, item: whole });
  }

  deliver(): void {
    for (const door of this.#doors.values()) door.push();
  }

  async answer(device: string, request: JsonObject): Promise<JsonObject> {
    this.asked.push(`${request.kind}`);
    const refused = this.rule(device, request);
    if (refused !== null) throw new MailRefusal(refused, `The office says ${refused}.`);
    const answer = await this.#answer(device, request);
    this.deliver();
    return answer;
  }

  /** A notice of this authority, as it signs them. */
  async notice(group: string, epoch: number, commit: string, at: number): Promise<JsonObject> {
    const payload = writeJson({ group, epoch: `${epoch}`, commit, orderer: this.orderer, at });
    return envelopeToJson(await signEnvelope(payload, NOTICE_TYPE, this.#authority));
  }

  async #answer(device: string, request: JsonObject): Promise<JsonObject> {
    switch (request.kind) {
      case "publish":
        return this.#publish(device, request);
      case "devices":
        return { devices: this.#devices(request.people as string[]) };
      case "packages":
        return { packages: this.#packages(request.devices as string[]) };
      case "conversation": {
        const standing = this.standings.get(pairOf(device, `${request.other}`));
        const [group, epoch] = [standing?.group ?? "", standing?.epoch ?? 0];
        return { group, epoch: `${epoch}`, orderer: this.orderer };
      }
      case "begin":
        return this.#begin(device, request);
      case "commit":
        return this.#commit(device, request);
      case "send":
        return this.#send(device, request);
      case "taken": {
        const box = this.boxOf(device);
        const kept = box.items.filter(({ number }) => Number(number) <= Number(request.upto));
        if (request.items !== (await nameOf(kept))) {
          throw new MailRefusal("stale", "That is not what lies there.");
        }
        box.items = box.items.filter((each) => !kept.includes(each));
        this.#doors.get(device)?.taken();
        return {};
      }
      default:
        throw new MailRefusal("malformed", "There is no such request.");
    }
  }

  #publish(device: string, request: JsonObject): JsonObject {
    const supply = this.supplies.get(device) ?? { packages: [], lastResort: "", published: 0 };
    supply.packages.push(...(request.packages as string[]));
    supply.published += (request.packages as string[]).length;
    if (request.last_resort !== "") supply.lastResort = `${request.last_resort}`;
    const any = supply.packages.length > 0 || supply.lastResort !== "";
    if (any) this.supplies.set(device, supply);
    return { held: supply.packages.length };
  }

  #devices(people: string[]): JsonObject[] {
    return [...this.supplies]
      .filter(([device]) => people.includes(personOf(device)) && !this.revoked.has(device))
      .map(([device, { packages }]) => ({
        person: personOf(device),
        device,
        packages: packages.length,
      }));
  }

  #packages(devices: string[]): JsonObject[] {
    return devices.flatMap((device) => {
      const supply = this.supplies.get(device);
      const once = supply?.packages.shift();
      const octets = once ?? supply?.lastResort ?? "";
      return octets === "" ? [] : [{ device, octets, last_resort: once === undefined }];
    });
  }

  #begin(device: string, { other, group, instead }: JsonObject): JsonObject {
    const pair = pairOf(device, `${other}`);
    const standing = this.standings.get(pair)?.group ?? "";
    if (standing !== group) {
      if (standing !== instead) throw new MailRefusal("stale", "Another group stands.");
      this.standings.set(pair, { group: `${group}`, epoch: 0, named: new Map() });
      this.#pairs.set(`${group}`, pair);
    }
    return { group: `${group}`, orderer: this.orderer };
  }

  async #commit(device: string, request: JsonObject): Promise<JsonObject> {
    const { group, octets, welcome } = request;
    const [to, added] = [request.to as string[], request.added as string[]];
    this.#check(device, `${group}`, [...to, ...added]);
    const standing = this.#standingOf(`${group}`);
    const epoch = Number(request.epoch);
    const commit = hex(await sha256(ofBase64(`${octets}`, 1 << 20)));
    const known = standing.named.get(epoch);
    if (known !== undefined && known.commit === commit) return { notice: known.notice };
    if (epoch !== standing.epoch) throw new MailRefusal("stale", "This epoch has ended.");
    const at = Date.now();
    const notice = await this.notice(`${group}`, epoch, commit, at);
    if (standing.epoch !== epoch) throw new MailRefusal("stale", "This epoch has ended.");
    standing.named.set(epoch, { commit, notice });
    standing.epoch += 1;
    const common = { from: device, group: `${group}`, at };
    for (const each of to) {
      this.put(each, { ...common, kind: "commit", octets: `${octets}`, notice });
    }
    for (const each of added) {
      this.put(each, { ...common, kind: "welcome", octets: `${welcome}`, notice: null });
    }
    return { notice };
  }

  #send(device: string, request: JsonObject): JsonObject {
    const to = request.to as string[];
    this.#check(device, `${request.group}`, to);
    this.#standingOf(`${request.group}`);
    const name = `${device} ${request.id}`;
    const known = this.sent.get(name);
    if (known !== undefined) return { at: known };
    const at = Date.now();
    this.sent.set(name, at);
    const common = { from: device, group: `${request.group}`, at, notice: null };
    for (const each of to) {
      this.put(each, { ...common, kind: "message", octets: `${request.octets}` });
    }
    return { at };
  }

  #check(device: string, group: string, others: readonly string[]): void {
    const pair = this.#pairs.get(group);
    const known = pair?.split(" ") ?? [];
    const good = [device, ...others].every((each) => known.includes(personOf(each)));
    const gone = others.some((each) => this.revoked.has(each) || !this.supplies.has(each));
    if (!good || gone) throw new MailRefusal("unknown", "There is no such conversation or device.");
  }

  #standingOf(group: string): Standing {
    const found = [...this.standings.values()].find((each) => each.group === group);
    if (found === undefined) throw new MailRefusal("stale", "Another group stands.");
    return found;
  }
}

/** A device's way to the office, as its edge makes it. */
export class TestDoor implements MailDoor {
  readonly device: string;
  readonly #office: PostOffice;
  onPost: MailDoor["onPost"] = () => {};
  onOpen: MailDoor["onOpen"] = () => {};
  isOpen = false;
  /** Answers that are lost on the way, with the connection. */
  loseAnswers = 0;
  /** Changes what is posted; for edges that do. */
  meddle: (items: JsonObject[]) => JsonObject[] = (items) => items;
  #posted = false;
  #visit = 0;

  constructor(office: PostOffice, device: string) {
    this.#office = office;
    this.device = device;
  }

  open(): void {
    this.isOpen = true;
    this.#visit += 1;
    this.#posted = false;
    this.onOpen();
    this.push();
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#visit += 1;
    this.onOpen();
  }

  async ask(request: JsonObject): Promise<JsonObject> {
    const visit = this.#visit;
    // As text, so that nothing but what is said goes over.
    const heard = parseJson(writeJson(request), 1 << 20) as JsonObject;
    await Promise.resolve();
    if (!this.isOpen) throw gone();
    let answer: JsonObject;
    try {
      answer = await this.#office.answer(this.device, heard);
    } catch (problem) {
      if (!(problem instanceof MailRefusal)) throw problem;
      if (visit !== this.#visit) throw gone();
      if (heard.kind === "taken") setTimeout(() => this.#again(visit), BROUGHT_AGAIN_MS);
      throw problem;
    }
    if (this.loseAnswers > 0) {
      this.loseAnswers -= 1;
      this.close();
    }
    if (visit !== this.#visit) throw gone();
    return parseJson(writeJson(answer), 1 << 22) as JsonObject;
  }

  taken(): void {
    this.#posted = false;
  }

  /** What the device says that it keeps was not what waits. */
  #again(visit: number): void {
    if (visit !== this.#visit) return;
    this.#posted = false;
    this.push();
  }

  /** Posts what waits, unless something is posted that was not taken. */
  push(): void {
    const { items } = this.#office.boxOf(this.device);
    if (!this.isOpen || this.#posted) return;
    const some = this.meddle(items.slice(0, ITEMS_AT_ONCE));
    if (some.length === 0) return;
    this.#posted = true;
    const told = some.map((each): Json => parseJson(writeJson(each), 1 << 21));
    const visit = this.#visit;
    queueMicrotask(() => {
      if (visit === this.#visit) this.onPost(told, items.length > ITEMS_AT_ONCE);
    });
  }
}

function gone(): MailRefusal {
  return new MailRefusal("unavailable", "The connection is lost.");
}

export const personOf = (device: string): string => device.slice(0, device.lastIndexOf("/"));

function pairOf(device: string, other: string): string {
  return [personOf(device), other].sort().join(" ");
}

/** A member's key with its chain, grown from the seed that the file names. */
export async function keyOf(file: MailFile, name: string): Promise<DeviceKey> {
  const member = file.members[name];
  if (member === undefined) throw new Error(`no member ${name}`);
  const ders = [member.leaf, file.issuer].map((text) => ofBase64(text, 1 << 20));
  const chain = (await readChain(ders)) as [Certificate, ...Certificate[]];
  const seed = new Uint8Array(32).fill(member.seed);
  const signer = await signerOfSeed(MEMBER_ALGORITHM[file.profile as Profile], seed);
  const identity = chain[0].identity ?? identityOf(file.community, "authority/none");
  return { identity, signer, readable: true, chain };
}

export const notMls = base64(utf8("this is no message of MLS"));
