import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hex, type Octets, utf8 } from "../../trust/octets";
import { FRESH_KEY } from "./commits";
import { Conversation } from "./group";
import type { Notice } from "./ordering";
import type { Made } from "./outcomes";
import { makePackage } from "./packages";
import { codeOf, NOW, ORDERER, OTHER_ORDERER, placeOf } from "./places.testing";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

type Waits = Extract<Made, { kind: "waits" }>;

function waiting(made: Made): Waits {
  if (made.kind !== "waits") throw new Error("nobody else is there");
  return made;
}

const naming = (group: Conversation, made: Waits, orderer = ORDERER): Notice => ({
  orderer,
  group: group.id,
  epoch: made.epoch,
  commit: made.name,
});

async function two(): Promise<[Conversation, Conversation]> {
  const [anna, bruno] = [await placeOf("annaPhone"), await placeOf("brunoPhone")];
  const group = await Conversation.create(anna.party, bruno.party.identity.holder, ORDERER);
  const made = await group.change({ ...FRESH_KEY, add: [await makePackage(bruno.party, false)] });
  if (made.kind !== "settled") throw new Error("waits");
  return [group, (await Conversation.join(bruno.party, made.welcome)).conversation];
}

describe("the orderer's word", () => {
  it("of two commits at once one wins, and the other is made again", async () => {
    const [anna, bruno] = await two();
    const desk = await placeOf("annaDesk");
    const add = [await makePackage(desk.party, false)];
    const mine = waiting(await anna.change({ ...FRESH_KEY, add }));
    const theirs = waiting(await bruno.change());
    expect((await anna.receive(theirs.commit)).kind).toBe("held");
    expect((await bruno.receive(mine.commit)).kind).toBe("held");
    // Nothing has happened yet: neither's own commit counts for itself.
    expect([anna.epoch, bruno.epoch]).toEqual([1n, 1n]);
    const word = naming(anna, theirs);
    expect((await bruno.settle(word)).kind).toBe("settled");
    const lost = await anna.settle(word);
    if (lost.kind !== "settled" || lost.again === null) throw new Error("nothing to make again");
    expect(lost.welcome.length).toBe(0);
    expect(hex(await anna.mediaKey(32))).toBe(hex(await bruno.mediaKey(32)));
    const again = waiting(await anna.change(lost.again));
    const won = await anna.settle(naming(anna, again));
    await bruno.settle(naming(anna, again), again.commit);
    if (won.kind !== "settled") throw new Error("not settled");
    const { conversation } = await Conversation.join(desk.party, won.welcome);
    expect(hex(await conversation.mediaKey(32))).toBe(hex(await bruno.mediaKey(32)));
  });

  it("what somebody else did meanwhile is not done twice", async () => {
    const [anna, bruno] = await two();
    const desk = await placeOf("annaDesk");
    const add = [await makePackage(desk.party, false)];
    const mine = waiting(await anna.change({ ...FRESH_KEY, add }));
    const theirs = waiting(await bruno.change({ ...FRESH_KEY, add }));
    expect(mine.name).not.toBe(theirs.name);
    const lost = await anna.settle(naming(anna, theirs), theirs.commit);
    expect(lost.kind === "settled" && lost.again).toBeNull();
  });

  it("a minority waits, and still talks", async () => {
    const [anna, bruno] = await two();
    const made = waiting(await anna.change());
    expect(await codeOf(() => anna.change())).toBe("busy");
    expect((await bruno.receive(await anna.send(utf8("sono qui")))).kind).toBe("message");
    expect([anna.epoch, bruno.epoch]).toEqual([1n, 1n]);
    expect(anna.waiting).toEqual(made.commit);
  });

  it("is followed only from the orderer that the group names, for this group and epoch", async () => {
    const [anna, bruno] = await two();
    const made = waiting(await anna.change());
    const word = naming(anna, made);
    const refused: [Partial<Notice>, string][] = [
      [{ orderer: OTHER_ORDERER }, "identity"],
      [{ group: "00".repeat(32) }, "malformed"],
    ];
    for (const [part, code] of refused) {
      expect(await codeOf(() => bruno.settle({ ...word, ...part }, made.commit))).toBe(code);
    }
    const ahead = await bruno.settle({ ...word, epoch: 5n }, made.commit);
    expect(ahead).toEqual({ kind: "missing", from: 1n });
    expect(await bruno.settle(word)).toEqual({ kind: "wanted", commit: made.name });
    expect(bruno.epoch).toBe(1n);
    expect((await bruno.settle(word, made.commit)).kind).toBe("settled");
    expect(await bruno.settle(word, made.commit)).toEqual({ kind: "past" });
  });

  it("two words for one epoch are found out", async () => {
    const [anna, bruno] = await two();
    const [mine, theirs] = [waiting(await anna.change()), waiting(await bruno.change())];
    await anna.settle(naming(anna, mine));
    expect(await codeOf(() => anna.settle(naming(anna, theirs), theirs.commit))).toBe(
      "not-genuine",
    );
    expect(anna.epoch).toBe(2n);
  });

  it("goes to another orderer by a commit alone, in the first one's order", async () => {
    const [anna, bruno] = await two();
    const wish = { ...FRESH_KEY, orderer: OTHER_ORDERER.uri };
    const made = waiting(await anna.change(wish));
    const word = naming(anna, made);
    expect(await codeOf(() => anna.settle({ ...word, orderer: OTHER_ORDERER }))).toBe("identity");
    await anna.settle(word);
    await bruno.settle(word, made.commit);
    for (const { terms } of [anna, bruno]) expect(terms.orderer.uri).toBe(OTHER_ORDERER.uri);
    const next = waiting(await bruno.change());
    expect(await codeOf(() => anna.settle(naming(anna, next), next.commit))).toBe("identity");
    const settled = await anna.settle(naming(anna, next, OTHER_ORDERER), next.commit);
    expect(settled.kind).toBe("settled");
  });

  it("is not gone round by a person as orderer, or by one of another community", async () => {
    const [anna] = await two();
    for (const orderer of [
      "spiffe://italia.example/person/anna.rossi/phone",
      "spiffe://altrove.example/office/porto",
      "no identity at all",
    ]) {
      expect(await codeOf(() => anna.change({ ...FRESH_KEY, orderer }))).toBe("identity");
    }
    expect(anna.waiting).toBeNull();
  });

  it("commits that were never named do not fill the memory", async () => {
    const [anna, bruno] = await two();
    const real = waiting(await anna.change());
    for (let index = 0; index < 40; index++) {
      const junk = real.commit.slice() as Octets;
      junk[junk.length - 1] = index;
      await bruno.receive(junk);
    }
    expect((await bruno.settle(naming(anna, real), real.commit)).kind).toBe("settled");
  });
});
