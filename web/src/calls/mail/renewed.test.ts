/** A device with a new certificate and a new key, whose person only reads. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TrustError } from "../../trust/errors";
import { base64, ofHex, same } from "../../trust/octets";
import type { JsonObject } from "../../trust/strictJson";
import { FRESH_KEY } from "../mls/commits";
import { Conversation } from "../mls/group";
import { MemoryStore } from "../mls/memoryStore";
import { makePackage } from "../mls/packages";
import type { Party } from "../mls/party";
import { newSealingKey, Vault } from "../mls/vault";
import { ordererOf } from "./notice";
import {
  ANNA,
  another,
  BRUNO,
  type Browser,
  browsers,
  fakeClock,
  jump,
  until,
} from "./places.testing";
import type { PostOffice } from "./postOffice.testing";

vi.setConfig({ testTimeout: 180_000 });
const TEN_MINUTES = 600_000;
const NEW_KEYS = "anna.rossi/phone new keys";
const opened: Browser[] = [];
beforeEach(() => fakeClock());
afterEach(() => {
  for (const browser of opened.splice(0)) browser.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Two people who have written to each other, and have no receipt to send. */
async function pair() {
  const { office, all } = await browsers(["annaPhone", "brunoPhone"]);
  opened.push(...all);
  const [anna, bruno] = all as [Browser, Browser];
  anna.letters.send(BRUNO, "uno");
  await until(() => anna.state(BRUNO, "uno") === "delivered");
  const [standing] = [...office.standings.values()];
  return { office, anna, bruno, group: standing?.group ?? "" };
}

/** What a post office does: packages of the former certificate leave when there are newer ones. */
async function renewed(office: PostOffice, browser: Browser): Promise<void> {
  office.supplies.delete(browser.path);
  await browser.reopen("annaPhoneRenewed");
  await until(() => (office.supplies.get(browser.path)?.published ?? 0) > 1);
}

/** From now on these devices know that a key's certificate has been taken back. */
function takenBack(key: Uint8Array, ...among: readonly Browser[]): void {
  for (const { party } of among) {
    const { authentication } = party;
    const before = authentication.peerOf.bind(authentication);
    vi.spyOn(authentication, "peerOf").mockImplementation((credential, signatureKey) => {
      if (!same(signatureKey, key)) return before(credential, signatureKey);
      return Promise.reject(new TrustError("revoked", "The test has taken it back."));
    });
  }
}

/** A group under a name that another one has, in which this person has let somebody in. */
async function forked(by: Party, holder: string, orderer: string, name: string, add: Uint8Array) {
  const vault = new Vault(new MemoryStore(), await newSealingKey(), "spiffe://x/person/x/x");
  const own = ordererOf(orderer, "italia.example");
  const random = vi.spyOn(crypto, "getRandomValues");
  const really = random.getMockImplementation();
  const draw = Object.getPrototypeOf(crypto).getRandomValues.bind(crypto);
  random.mockImplementation((into) => {
    const drawn = draw(into);
    if (into instanceof Uint8Array && into.length === 32) into.set(ofHex(name, 32));
    return drawn;
  });
  const made = await Conversation.create({ ...by, vault }, holder, own);
  random.mockRestore();
  expect([really, made.id]).toEqual([undefined, name]);
  for (let epoch = 1; epoch < 9; epoch++) await made.change();
  const change = await made.change({ ...FRESH_KEY, add: [add.slice()] });
  if (change.kind !== "settled") throw new Error(change.kind);
  return base64(change.welcome);
}

describe("a device whose key was renewed, and whose person only reads", () => {
  it("is let in with the new key by the first text, of which it tells that it came", async () => {
    const { office, anna, bruno, group } = await pair();
    await renewed(office, anna);
    bruno.letters.send(ANNA, "due");
    await until(() => bruno.state(ANNA, "due") === "delivered");
    expect(bruno.changes(ANNA)).toContain(NEW_KEYS);
    expect([...office.standings.values()][0]?.group).not.toBe(group);
    bruno.letters.send(ANNA, "tre");
    anna.letters.read(BRUNO);
    await until(() => anna.said(BRUNO).includes("tre"));
    anna.letters.read(BRUNO);
    await until(() => bruno.state(ANNA, "tre") === "read");
    expect(anna.said(BRUNO)).toEqual(["uno", "due", "tre"]);
    expect([anna.problems, bruno.problems]).toEqual([[], []]);
  });

  it("is let in again by who writes, once its former certificate is over", async () => {
    const { office, anna, bruno, group } = await pair();
    const former = anna.party.publicKey;
    await renewed(office, anna);
    takenBack(former, anna, bruno);
    await jump(TEN_MINUTES);
    bruno.letters.send(ANNA, "due");
    await until(() => bruno.state(ANNA, "due") === "delivered");
    expect(anna.said(BRUNO)).toEqual(["uno", "due"]);
    // In the same conversation, in which the former leaf is no more.
    const [standing] = [...office.standings.values()];
    expect([standing?.group, standing?.epoch]).toEqual([group, 2]);
    for (const each of [anna.changes(BRUNO), bruno.changes(ANNA)]) expect(each).toEqual([NEW_KEYS]);
    expect(bruno.with(ANNA)?.keys?.members).toEqual(["anna.rossi/phone", "bruno.verdi/phone"]);
    await anna.reopen("annaPhoneRenewed");
    anna.letters.send(BRUNO, "tre");
    await until(() => bruno.said(ANNA).includes("tre"));
    expect([anna.problems, bruno.problems]).toEqual([[], []]);
  });

  it("says once more what its former key had sealed", async () => {
    const { office, anna, bruno } = await pair();
    const former = anna.party.publicKey;
    office.rule = (_, { kind }) => (kind === "send" ? "unavailable" : null);
    anna.letters.send(BRUNO, "due");
    await until(() => anna.letters.problem !== "");
    await anna.letters.settled();
    office.rule = () => null;
    takenBack(former, anna, bruno);
    anna.close();
    bruno.letters.send(ANNA, "tre");
    await renewed(office, anna);
    await until(() => bruno.said(ANNA).includes("due") && anna.said(BRUNO).includes("tre"));
    await until(() => anna.state(BRUNO, "due") === "delivered");
    expect(bruno.said(ANNA).filter((text) => text === "due")).toEqual(["due"]);
    expect(anna.problems).toEqual([]);
  });
});

describe("a welcome into a conversation under the name of another one", () => {
  const common = { from: "person/bruno.verdi/phone", kind: "welcome", at: 1, notice: null };

  it("puts nobody in whose key is in it, whoever has made it", async () => {
    const { office, anna, bruno, group } = await pair();
    const add = await makePackage(anna.party, true);
    const { holder } = anna.party.identity;
    const octets = await forked(bruno.party, holder, office.orderer, group, add);
    office.put(anna.path, { ...common, group, octets } as JsonObject);
    office.deliver();
    await until(() => office.boxOf(anna.path).items.length === 0);
    expect(anna.with(BRUNO)?.keys?.epoch).toBe(1);
    bruno.letters.send(ANNA, "due");
    await until(() => anna.said(BRUNO).includes("due"));
    expect(anna.problems).toEqual([]);
  });

  it("puts nobody in whose key was renewed, unless a member has made it", async () => {
    const { office, anna, bruno, group } = await pair();
    const carla = await another(office, "carlaPhone");
    opened.push(carla);
    await renewed(office, anna);
    const add = await makePackage(anna.party, true);
    const { holder } = anna.party.identity;
    const octets = await forked(carla.party, holder, office.orderer, group, add);
    office.put(anna.path, { ...common, group, octets } as JsonObject);
    office.deliver();
    await until(() => office.boxOf(anna.path).items.length === 0);
    expect(anna.problems.join()).toContain("nobody in the conversation");
    expect(anna.with(BRUNO)?.keys?.epoch).toBe(1);
    bruno.letters.send(ANNA, "due");
    await until(() => anna.said(BRUNO).includes("due"));
    expect(anna.with("carla.neri")).toBeNull();
  });
});
