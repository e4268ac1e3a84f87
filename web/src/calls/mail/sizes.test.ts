/** How large what goes through the post office is, with chains as they are. */

import { afterEach, describe, expect, it, vi } from "vitest";
import type { Octets } from "../../trust/octets";
import { utf8 } from "../../trust/octets";
import { FRESH_KEY } from "../mls/commits";
import { Conversation } from "../mls/group";
import { openMemoryVault } from "../mls/memoryStore";
import { makePackage } from "../mls/packages";
import { type Party, partyOf } from "../mls/party";
import { courtOfFile } from "../mls/places.testing";
import { MOST_ADDED } from "./devices";
import { LARGEST_ITEM } from "./items";
import { FILES, fakeClock, type Which } from "./places.testing";
import { keyOf } from "./postOffice.testing";

vi.setConfig({ testTimeout: 60_000 });
afterEach(() => {
  vi.useRealTimers();
});

const NAMES = ["annaPhone", "brunoPhone", "annaDesk", "brunoDesk"];
/** Eight of each person. */
const MOST_MEMBERS = 16;
/** What a browser says at once: a commit and a welcome in base64 (`LARGEST_REQUEST`). */
const LARGEST_REQUEST = 768 << 10;
/** Characters of the device's word under it, with ML-DSA-87 (`protocol/mail_signed.py`). */
const LARGEST_WORD = 6_303;

async function parties(which: Which): Promise<Party[]> {
  const made = FILES[which];
  const court = await courtOfFile(made, () => Date.now() / 1_000, { newest: null });
  return Promise.all(
    NAMES.map(async (name) => {
      const { identity, signer, chain } = await keyOf(made, name);
      const { profile } = court.trust().anchors;
      const own = { profile, signer, chain: chain.map(({ der }) => der) };
      return partyOf(own, court, await openMemoryVault(identity));
    }),
  );
}

async function group(all: readonly Party[], others: readonly Party[]) {
  const [first] = all as [Party];
  const orderer = (await keyOf(FILES.eu, "authority")).identity;
  const made = await Conversation.create(
    first,
    "spiffe://italia.example/person/bruno.verdi",
    orderer,
  );
  const add: Octets[] = await Promise.all(others.map((each) => makePackage(each, false)));
  const done = await made.change({ ...FRESH_KEY, add });
  return { made, done, add };
}

describe("what goes through the post office", () => {
  it.each(["eu", "cnsa"] as Which[])("fits also for sixteen devices of %s", async (which) => {
    fakeClock(which);
    const all = await parties(which);
    const { done: two, made, add } = await group(all, all.slice(1, 2));
    const { done: four } = await group(all, all.slice(1));
    const packed = add[0]?.length ?? 0;
    const each = (four.welcome.length - two.welcome.length) / 2;
    const welcome = four.welcome.length + (MOST_MEMBERS - 4) * each;
    const fresh = await made.change(FRESH_KEY);
    // Each device more is a leaf and a node more in the tree, and an encryption in a commit's path.
    const commit = fresh.commit.length + MOST_ADDED * packed + MOST_MEMBERS * 2_000;
    const [short, long] = await Promise.all(
      [1, 16_000].map(async (length) => (await made.send(utf8("x".repeat(length)))).length),
    );
    // biome-ignore lint/suspicious/noConsole: how large things are is for people to see
    console.info(
      `${which}: package ${packed}, message ${short} to ${long}, commit ${fresh.commit.length}, ` +
        `welcome of 2 ${two.welcome.length}, of 4 ${four.welcome.length}, of 16 about ${welcome}, ` +
        `commit at most about ${commit}`,
    );
    expect(Math.max(welcome, commit)).toBeLessThan(LARGEST_ITEM);
    expect(((welcome + commit) * 4) / 3 + LARGEST_WORD).toBeLessThan(LARGEST_REQUEST);
  });
});
