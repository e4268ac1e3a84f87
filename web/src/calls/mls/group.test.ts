import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hex, type Octets, utf8 } from "../../trust/octets";
import { FRESH_KEY } from "./commits";
import { Conversation } from "./group";
import { nameOf } from "./ordering";
import type { Settled } from "./outcomes";
import { makePackage, ownPackage, tidyPackages } from "./packages";
import { SIZES } from "./padding";
import { codeOf, NOW, ORDERER, type Place, placeOf } from "./places.testing";

// Only against hanging: signatures take long where others use the machine too.
vi.setConfig({ testTimeout: 60_000 });
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const NAMES = ["annaPhone", "annaDesk", "brunoPhone", "brunoDesk"] as const;
const text = (said: Octets) => new TextDecoder().decode(said);

interface Four {
  places: Place[];
  groups: Conversation[];
}

/** Two people with two devices each in one conversation. */
async function four(): Promise<Four> {
  const places = await Promise.all(NAMES.map((name) => placeOf(name)));
  const [first, ...others] = places as [Place, ...Place[]];
  const bruno = "spiffe://italia.example/person/bruno.verdi";
  const group = await Conversation.create(first.party, bruno, ORDERER);
  const add = await Promise.all(others.map(({ party }) => makePackage(party, false)));
  const made = await group.change({ ...FRESH_KEY, add });
  if (made.kind !== "settled") throw new Error("a group of one waits for nobody");
  const joined = await Promise.all(
    others.map(({ party }) => Conversation.join(party, made.welcome)),
  );
  return { places, groups: [group, ...joined.map(({ conversation }) => conversation)] };
}

/** Lets one member commit and every other one follow the orderer's word. */
async function committed(groups: Conversation[], by: Conversation, wish = FRESH_KEY) {
  const made = await by.change(wish);
  if (made.kind !== "waits") throw new Error("nobody else is there");
  const { epoch, commit, name } = made;
  const notice = { orderer: ORDERER, group: by.id, epoch, commit: name };
  const settled: Settled[] = [];
  for (const group of groups) settled.push(await group.settle(notice, commit));
  return settled;
}

async function expectAlike(groups: Conversation[]): Promise<void> {
  const [first] = groups as [Conversation];
  const media = hex(await first.mediaKey(32));
  for (const group of groups) {
    expect(group.epoch).toBe(first.epoch);
    expect(hex(await group.mediaKey(32))).toBe(media);
    const names = group.members.map(({ identity, leaf }) => `${leaf} ${identity.uri}`);
    expect(names).toEqual(first.members.map(({ identity, leaf }) => `${leaf} ${identity.uri}`));
  }
}

describe("two people with two devices each", () => {
  it("have the same secrets and names in every epoch", async () => {
    const { groups } = await four();
    await expectAlike(groups);
    const seen = new Set([hex(await (groups[0] as Conversation).mediaKey(32))]);
    for (const by of groups) {
      await committed(groups, by);
      await expectAlike(groups);
      seen.add(hex(await by.mediaKey(32)));
    }
    expect(seen.size).toBe(5);
    expect(new Set(groups.map(({ leaf }) => leaf)).size).toBe(4);
  });

  it("read each other's messages, and know who wrote them", async () => {
    const { groups } = await four();
    for (const by of groups) {
      const sealed = await by.send(utf8("a tutti"));
      const uri = by.members.find(({ leaf }) => leaf === by.leaf)?.identity.uri;
      for (const group of groups.filter((each) => each !== by)) {
        const got = await group.receive(sealed);
        if (got.kind !== "message") throw new Error(got.kind);
        expect([text(got.content), got.from.identity.uri]).toEqual(["a tutti", uri]);
      }
    }
  });

  it("say all lengths in five sizes", async () => {
    const { groups } = await four();
    const [by, other] = groups as [Conversation, Conversation];
    const table: string[] = [];
    for (const size of SIZES) {
      const below = (SIZES[SIZES.indexOf(size) - 1] ?? -1) + 1;
      const sealed = await Promise.all(
        [below, below + 1, size - 1, size].map((length) => by.send(new Uint8Array(length))),
      );
      const lengths = new Set(sealed.map(({ length }) => length));
      expect(lengths.size).toBe(1);
      table.push(`content ${below} to ${size}: message of ${[...lengths]} octets`);
      for (const each of sealed) expect((await other.receive(each)).kind).toBe("message");
    }
    // biome-ignore lint/suspicious/noConsole: what lengths tell is for people to see
    console.info(table.join("\n"));
    expect(await codeOf(() => by.send(new Uint8Array(65_537)))).toBe("too-large");
  });

  it("a device that was taken out reads nothing more and says nothing more", async () => {
    const { groups, places } = await four();
    const [anna, , , lost] = groups as [Conversation, Conversation, Conversation, Conversation];
    const late = await lost.send(utf8("prima"));
    const remove = ["spiffe://italia.example/person/bruno.verdi/desk"];
    const settled = await committed(groups, anna, { ...FRESH_KEY, remove });
    expect(settled.map(({ kind }) => kind)).toEqual(["settled", "settled", "settled", "removed"]);
    const stayed = groups.slice(0, 3);
    await expectAlike(stayed);
    const sealed = await anna.send(utf8("segreto"));
    expect(await codeOf(() => lost.receive(sealed))).toBe("key");
    expect(await codeOf(() => lost.mediaKey(32))).toBe("key");
    expect(lost.ended).toBe(true);
    // Its old message comes late: whoever is out is not heard.
    for (const group of stayed) expect(await codeOf(() => group.receive(late))).toBe("identity");
    const place = places[3] as Place;
    expect(await Conversation.load(place.party, anna.id)).toBeNull();
    const records = [...place.store.records.keys()].filter((name) => name.includes("conversation"));
    expect(records).toEqual([]);
  });

  it("its keys of before open nothing of after, even when they were copied", async () => {
    const { groups, places } = await four();
    const [anna, , , lost] = groups as [Conversation, Conversation, Conversation, Conversation];
    const place = places[3] as Place;
    const copied = new Map(place.store.records);
    const remove = ["spiffe://italia.example/person/bruno.verdi/desk"];
    const made = await anna.change({ ...FRESH_KEY, remove });
    if (made.kind !== "waits") throw new Error("waits");
    const notice = { orderer: ORDERER, group: anna.id, epoch: made.epoch, commit: made.name };
    await anna.settle(notice);
    const sealed = await anna.send(utf8("segreto"));
    for (const [name, record] of copied) place.store.records.set(name, record);
    const thief = await Conversation.load(place.party, anna.id);
    expect(await thief?.receive(sealed)).toEqual({ kind: "early", epoch: anna.epoch });
    expect((await thief?.settle(notice, made.commit))?.kind).toBe("removed");
    expect(lost.ended).toBe(false);
  });

  it("a renewed certificate takes the place of the old one", async () => {
    const { groups } = await four();
    const [anna, desk, old, last] = groups as [
      Conversation,
      Conversation,
      Conversation,
      Conversation,
    ];
    const renewed = await placeOf("brunoPhoneRenewed");
    const add = [await makePackage(renewed.party, true)];
    // Of the epoch that is past then: the former key of the same device says nothing any more.
    const [late, good] = [await old.send(utf8("il vecchio")), await last.send(utf8("tardi"))];
    const settled = await committed([desk, old, last, anna], anna, { ...FRESH_KEY, add });
    expect(settled[1]?.kind).toBe("removed");
    expect(await codeOf(() => desk.receive(late))).toBe("identity");
    expect((await desk.receive(good)).kind).toBe("message");
    const own = settled[3];
    if (own?.kind !== "settled") throw new Error("not settled");
    expect(own.changes.added.map(({ identity }) => identity.device)).toEqual(["phone"]);
    expect(own.changes.removed.map(({ identity }) => identity.device)).toEqual(["phone"]);
    const { conversation } = await Conversation.join(renewed.party, own.welcome);
    await expectAlike([anna, desk, last, conversation]);
  });

  it("a device that was away may be put back; an old welcome puts nobody back", async () => {
    const { groups, places } = await four();
    const [anna, desk, bruno, away] = groups as [
      Conversation,
      Conversation,
      Conversation,
      Conversation,
    ];
    const { party } = places[3] as Place;
    const remove = [party.identity.uri];
    await committed([anna, desk, bruno], anna, { ...FRESH_KEY, remove });
    const add = [await makePackage(party, true)];
    const [own] = await committed([anna, desk, bruno], anna, { ...FRESH_KEY, add });
    if (own?.kind !== "settled") throw new Error("not settled");
    const { conversation } = await Conversation.join(party, own.welcome);
    await expectAlike([anna, desk, bruno, conversation]);
    // The page of before has lost its place; the same welcome, and a last resort, change nothing.
    expect(await codeOf(() => away.send(utf8("sono ancora qui")))).toBe("busy");
    expect(await codeOf(() => Conversation.join(party, own.welcome))).toBe("malformed");
    await expectAlike([anna, conversation]);
  });
});

describe("messages that are lost, late or come twice", () => {
  it("each is read once, in whatever order", async () => {
    const { groups } = await four();
    const [by, other] = groups as [Conversation, Conversation];
    const sealed: Octets[] = [];
    for (let index = 0; index < 12; index++) sealed.push(await by.send(utf8(`${index}`)));
    const order = [11, 3, 0, 7, 1, 2, 10, 5];
    for (const index of order) {
      const got = await other.receive(sealed[index] as Octets);
      expect(got.kind === "message" && text(got.content)).toBe(`${index}`);
    }
    for (const index of order) {
      expect(await codeOf(() => other.receive(sealed[index] as Octets))).toBe("not-genuine");
    }
    expect((await other.receive(sealed[9] as Octets)).kind).toBe("message");
  });

  it("those of two epochs ago are read, older ones not", async () => {
    const { groups } = await four();
    const [by, other] = groups as [Conversation, Conversation];
    const first = await by.send(utf8("vecchio"));
    const second = await by.send(utf8("vecchio anche lui"));
    await committed(groups, by);
    await committed(groups, other);
    expect((await other.receive(first)).kind).toBe("message");
    expect(await codeOf(() => other.receive(first))).toBe("not-genuine");
    await committed(groups, by);
    expect(await codeOf(() => other.receive(second))).toBe("malformed");
  });

  it("a message read before one's own commit counts is not read again after", async () => {
    const { groups } = await four();
    const [by, other] = groups as [Conversation, Conversation];
    const sealed = await by.send(utf8("una volta"));
    const made = await other.change();
    expect((await other.receive(sealed)).kind).toBe("message");
    if (made.kind !== "waits") throw new Error("waits");
    await other.settle({ orderer: ORDERER, group: by.id, epoch: made.epoch, commit: made.name });
    expect(await codeOf(() => other.receive(sealed))).toBe("not-genuine");
  });

  it("one of an epoch to come waits for its commit", async () => {
    const { groups } = await four();
    const [by, other] = groups as [Conversation, Conversation];
    const made = await by.change();
    if (made.kind !== "waits") throw new Error("waits");
    const notice = { orderer: ORDERER, group: by.id, epoch: made.epoch, commit: made.name };
    await by.settle(notice);
    const sealed = await by.send(utf8("presto"));
    expect(await other.receive(sealed)).toEqual({ kind: "early", epoch: by.epoch });
    expect((await other.receive(made.commit)).kind).toBe("held");
    expect((await other.settle(notice)).kind).toBe("settled");
    expect((await other.receive(sealed)).kind).toBe("message");
  });
});

describe("what is kept", () => {
  it("goes on after a reload, with what waited", async () => {
    const { groups, places } = await four();
    const [anna, , bruno] = groups as [Conversation, Conversation, Conversation];
    const made = await anna.change();
    if (made.kind !== "waits") throw new Error("waits");
    const { party } = places[0] as Place;
    const again = await Conversation.load(party, anna.id);
    if (again === null) throw new Error("not kept");
    expect(await nameOf(again.waiting as Octets)).toBe(made.name);
    const sealed = await again.send(utf8("rieccomi"));
    expect((await bruno.receive(sealed)).kind).toBe("message");
    const notice = { orderer: ORDERER, group: anna.id, epoch: made.epoch, commit: made.name };
    expect((await again.settle(notice)).kind).toBe("settled");
    await bruno.settle(notice, made.commit);
    await expectAlike([again, bruno]);
    // The page of before must not go on beside it: its keys would be used twice.
    expect(await codeOf(() => anna.send(utf8("due volte")))).toBe("busy");
  });

  it("lies on the disk sealed: neither names nor keys can be read, and nothing can be altered", async () => {
    const { groups, places } = await four();
    const [anna] = groups as [Conversation];
    const { store, party } = places[0] as Place;
    const [name, record] = [...store.records].find(([each]) => each.includes("conversation")) ?? [];
    if (name === undefined || record === undefined) throw new Error("nothing kept");
    expect(new TextDecoder("latin1").decode(record.sealed)).not.toContain("spiffe:");
    const sealed = record.sealed.slice();
    sealed[100] = (sealed[100] ?? 0) ^ 1;
    for (const altered of [
      { ...record, sealed },
      { ...record, revision: record.revision + 1 },
    ]) {
      store.records.set(name, altered);
      expect(await codeOf(() => Conversation.load(party, anna.id))).toBe("storage");
    }
  });

  it("what cannot be kept is not given out, and changes nothing", async () => {
    const { groups, places } = await four();
    const [anna, , bruno] = groups as [Conversation, Conversation, Conversation];
    const { store } = places[0] as Place;
    const fails = vi.spyOn(store, "change").mockRejectedValue(new Error("the disk is full"));
    expect(await codeOf(() => anna.send(utf8("perso")))).toBe("storage");
    fails.mockRestore();
    const sealed = await anna.send(utf8("arriva"));
    const got = await bruno.receive(sealed);
    expect(got.kind === "message" && text(got.content)).toBe("arriva");
  });

  it("a package is spent by its first welcome, the last resort is not", async () => {
    const anna = await placeOf("annaPhone");
    const bruno = await placeOf("brunoPhone");
    const holder = bruno.party.identity.holder;
    for (const lastResort of [false, true]) {
      const octets = await makePackage(bruno.party, lastResort);
      const codes: string[] = [];
      for (let turn = 0; turn < 2; turn++) {
        const group = await Conversation.create(anna.party, holder, ORDERER);
        const made = await group.change({ ...FRESH_KEY, add: [octets] });
        if (made.kind !== "settled") throw new Error("waits");
        codes.push(await codeOf(() => Conversation.join(bruno.party, made.welcome)));
      }
      expect(codes).toEqual(["", lastResort ? "" : "key"]);
    }
    expect(await ownPackage(bruno.party, new Uint8Array(64))).toBeNull();
    expect(await tidyPackages(bruno.party)).toBe(0);
    await makePackage(bruno.party, false);
    expect(await tidyPackages(bruno.party)).toBe(1);
  });
});

it("the other profile's suite does the same", async () => {
  const anna = await placeOf("annaPhone", "cnsa");
  const bruno = await placeOf("brunoPhone", "cnsa");
  const group = await Conversation.create(anna.party, bruno.party.identity.holder, ORDERER);
  const add = [await makePackage(bruno.party, false)];
  const made = await group.change({ ...FRESH_KEY, add });
  if (made.kind !== "settled") throw new Error("waits");
  const { conversation, by } = await Conversation.join(bruno.party, made.welcome);
  expect(by.identity.uri).toBe(anna.party.identity.uri);
  await expectAlike([group, conversation]);
  expect((await group.receive(await conversation.send(utf8("pronto")))).kind).toBe("message");
});
