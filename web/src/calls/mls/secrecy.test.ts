import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hex, type Octets, utf8 } from "../../trust/octets";
import { FRESH_KEY } from "./commits";
import { Conversation } from "./group";
import { makePackage } from "./packages";
import { codeOf, courtOf, NOW, ORDERER, type Place, placeOf } from "./places.testing";
import { keptOfOctets } from "./state";
import { secretsOf, wipeBetween } from "./wiping";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

async function two(): Promise<{ anna: Conversation; bruno: Conversation; place: Place }> {
  const [first, place] = [await placeOf("annaPhone"), await placeOf("brunoPhone")];
  const anna = await Conversation.create(first.party, place.party.identity.holder, ORDERER);
  const made = await anna.change({
    ...FRESH_KEY,
    add: [await makePackage(place.party, false)],
  });
  if (made.kind !== "settled") throw new Error("waits");
  const { conversation: bruno } = await Conversation.join(place.party, made.welcome);
  return { anna, bruno, place };
}

/** Everything that a device keeps of a conversation, in the open. */
async function keptBy({ party }: Place, id: string): Promise<Octets> {
  const record = await party.vault.read("conversation", id);
  if (record === null) throw new Error("not kept");
  return record.octets;
}

async function secretsKept(place: Place, id: string): Promise<string[]> {
  const { state } = keptOfOctets(await keptBy(place, id), place.party.config);
  return [...secretsOf(state)].map(hex);
}

describe("keys that are spent are gone", () => {
  it("the key of a message is not kept once it was read", async () => {
    const { anna, bruno, place } = await two();
    const before = await secretsKept(place, anna.id);
    await bruno.receive(await anna.send(utf8("letto")));
    const after = new Set(await secretsKept(place, anna.id));
    expect(before.filter((secret) => !after.has(secret)).length).toBe(1);
  });

  it("of an epoch nothing is kept when three others have followed", async () => {
    const { anna, bruno, place } = await two();
    const before = await secretsKept(place, anna.id);
    expect(new Set(before).size).toBe(15);
    for (let turn = 0; turn < 3; turn++) {
      for (const by of [anna, bruno]) {
        const made = await by.change();
        if (made.kind !== "waits") throw new Error("waits");
        const { epoch, commit, name } = made;
        const notice = { orderer: ORDERER, group: by.id, epoch, commit: name };
        for (const group of [anna, bruno]) await group.settle(notice, commit);
      }
    }
    const kept = hex(await keptBy(place, anna.id));
    for (const secret of before) expect(kept).not.toContain(secret);
  });

  it("arrays in memory are overwritten, those still in use are not", async () => {
    const { anna, place } = await two();
    const octets = await keptBy(place, anna.id);
    const { config } = place.party;
    const { state } = keptOfOctets(octets, config);
    const held = [...secretsOf(state)];
    wipeBetween(state, state);
    expect(held.some((secret) => secret.every((octet) => octet === 0))).toBe(false);
    wipeBetween(state, null);
    expect(held.every((secret) => secret.every((octet) => octet === 0))).toBe(true);
  });
});

it("members who would not be let in today are named with the reason", async () => {
  const clock = { now: NOW };
  const anna = await placeOf("annaPhone", "eu", await courtOf("eu", clock));
  const bruno = await placeOf("brunoOld");
  const group = await Conversation.create(anna.party, bruno.party.identity.holder, ORDERER);
  await group.change({ ...FRESH_KEY, add: [await makePackage(bruno.party, false)] });
  expect(await group.unfit()).toEqual([]);
  clock.now = NOW + 86_400;
  const [found, ...others] = await group.unfit();
  expect(found?.member.identity.device).toBe("old");
  expect(found?.problem).toMatchObject({ code: "not-in-force" });
  expect(others).toEqual([]);
  expect(await codeOf(() => group.send(utf8("resta da togliere")))).toBe("");
});
