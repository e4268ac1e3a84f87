/**
 * What we do with ts-mls against OpenMLS, in suites of RFC 9420; suite 5 has the AEAD, the KDF and
 * the hash of ours. Commits are public messages here: OpenMLS, as it is built there, takes no other.
 */

import { ConversationId } from "@wireapp/core-crypto/browser";
import { decodeMlsMessage, type KeyPackage } from "ts-mls";
import { encodeKeyPackage } from "ts-mls/keyPackage.js";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { joined, type Octets, utf8 } from "../../trust/octets";
import { random } from "../media/seeded.testing";
import { agree, commitOf, packageOf, party, SUITES } from "./interop.testing";
import { compileOracle, OracleMember } from "./oracle.testing";
import { SIZES } from "./padding";
import { StandardMember } from "./standard.testing";

// Only against hanging: curves of 521 bits take long where others use the machine too.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
beforeAll(compileOracle);

/** Where a message has its epoch: after version, kind, and the group's name of 32 octets. */
const EPOCH = { start: 37, octets: 8 };

/** Refused, and nothing was changed by it. */
async function refused(act: () => Promise<unknown>): Promise<void> {
  const taken = await act().then(
    () => true,
    () => false,
  );
  expect(taken).toBe(false);
}

/** Whatever one says, all others read, once, and nobody reads it changed. */
async function talk(ours: StandardMember[], theirs: OracleMember[], seed: number): Promise<void> {
  const chance = random(seed);
  const changed = (octets: Octets) => {
    const other = octets.slice();
    // Not the epoch: a message of a later one is put aside by OpenMLS, and judged with that.
    const place = chance.below(other.length - EPOCH.octets);
    const at = place < EPOCH.start ? place : place + EPOCH.octets;
    other[at] = (other[at] ?? 0) ^ (1 + chance.below(255));
    return other;
  };
  for (const from of ours) {
    for (const length of [0, 1, SIZES[0], SIZES[1] + 1]) {
      const content = crypto.getRandomValues(new Uint8Array(length));
      const sent = await from.send(content);
      for (const each of theirs) {
        for (let turn = 0; turn < 4; turn++) await refused(() => each.receive(changed(sent)));
        const name = from.party.name;
        expect(await each.receive(sent)).toEqual({ kind: "text", content, from: name });
        await refused(() => each.receive(sent));
      }
      for (const each of ours.filter((one) => one !== from)) {
        expect(await each.open(sent)).toEqual(content);
      }
    }
  }
  for (const from of theirs) {
    const content = utf8(`Pronto? ${"x".repeat(seed)}`);
    const sent = await from.send(content);
    for (const each of ours) {
      for (let turn = 0; turn < 4; turn++) await refused(() => each.open(changed(sent)));
      expect(await each.open(sent)).toEqual(content);
      await refused(() => each.open(sent));
    }
    for (const each of theirs.filter((one) => one !== from)) {
      expect(await each.receive(sent)).toMatchObject({ kind: "text", content });
    }
  }
}

/** A changed commit is followed by nobody, and the true one after it by everybody. */
async function follow(commit: Octets, ours: StandardMember[], theirs: OracleMember[]) {
  for (const at of [commit.length >> 2, commit.length >> 1, commit.length - 1]) {
    const other = commit.slice();
    other[at] = (other[at] ?? 0) ^ 0x40;
    for (const each of theirs) await refused(() => each.receive(other));
    for (const each of ours) {
      await refused(async () => {
        const read = decodeMlsMessage(other.slice(), 0)?.[0];
        if (read?.wireformat !== "mls_public_message") throw new Error("unreadable");
        await each.follow(read);
      });
    }
  }
  for (const each of theirs) {
    expect(await each.receive(commit)).toEqual({ kind: "commit", active: true });
  }
  for (const each of ours) await each.follow(commitOf(commit));
}

describe.each(SUITES)("%s", (suite, number) => {
  it("a group of ours: OpenMLS joins, talks, is removed and comes again", async () => {
    const group = crypto.getRandomValues(new Uint8Array(32));
    const anna = await StandardMember.create(await party(suite, 1), group);
    const [bruno, carla] = [await OracleMember.make(number, 2), await OracleMember.make(number, 3)];
    const both = await anna.commit([
      packageOf(await bruno.keyPackage()),
      packageOf(await carla.keyPackage()),
    ]);
    // No welcome that was changed lets anybody in.
    const { welcome } = both;
    const changed = welcome.slice();
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    await refused(() => bruno.join(changed));
    await bruno.join(welcome);
    await carla.join(welcome);
    await agree([anna], [bruno, carla]);
    await talk([anna], [bruno, carla], 1);

    // A fresh key of ours, one of theirs, and one of ours by the keys of both.
    await follow((await anna.commit()).commit, [], [bruno, carla]);
    await agree([anna], [bruno, carla]);
    await follow((await bruno.rekey()).commit, [anna], [carla]);
    await agree([anna], [bruno, carla]);
    await follow((await anna.commit()).commit, [], [bruno, carla]);
    await talk([anna], [bruno, carla], 2);

    // Who was removed is told so, and reads no more.
    const name = joined(carla.name.copyBytes());
    const out = await anna.commit([], [name]);
    await follow(out.commit, [], [bruno]);
    expect(await carla.receive(out.commit)).toEqual({ kind: "commit", active: false });
    await agree([anna], [bruno]);
    const secret = await anna.send(utf8("without Carla"));
    await refused(() => carla.receive(secret));
    expect(await bruno.receive(secret)).toMatchObject({ kind: "text" });

    const again = await OracleMember.make(number, 3);
    const added = await anna.commit([packageOf(await again.keyPackage())]);
    await follow(added.commit, [], [bruno]);
    await again.join(added.welcome);
    await agree([anna], [bruno, again]);
    await talk([anna], [bruno, again], 3);
  });

  it("a group of OpenMLS: ours join, talk, commit, and are removed", async () => {
    const bruno = await OracleMember.make(number, 2);
    await bruno.create(new ConversationId(crypto.getRandomValues(new Uint8Array(32))));
    const [one, other, third] = [
      await party(suite, 1),
      await party(suite, 4),
      await party(suite, 5),
    ];
    const bare = (each: { keyPackage: KeyPackage }) => joined(encodeKeyPackage(each.keyPackage));
    const made = await bruno.add(bare(one), bare(other));
    const changed = made.welcome.slice();
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    await refused(async () => StandardMember.join(one, changed));
    const anna = await StandardMember.join(one, made.welcome);
    const dario = await StandardMember.join(other, made.welcome);
    await agree([anna, dario], [bruno]);
    await talk([anna, dario], [bruno], 4);

    await follow((await dario.commit()).commit, [anna], [bruno]);
    await follow((await bruno.rekey()).commit, [anna, dario], []);
    await agree([anna, dario], [bruno]);

    // Ours adds ours into a tree of theirs; theirs removes ours; ours replaces a leaf that is empty.
    const added = await anna.commit([third.keyPackage]);
    await follow(added.commit, [dario], [bruno]);
    const elena = await StandardMember.join(third, added.welcome);
    await agree([anna, dario, elena], [bruno]);
    const out = await bruno.remove(other.id);
    await follow(out.commit, [anna, elena], []);
    await dario.follow(commitOf(out.commit));
    expect(dario.removed).toBe(true);
    await agree([anna, elena], [bruno]);
    const carla = await OracleMember.make(number, 6);
    const more = await elena.commit([packageOf(await carla.keyPackage())]);
    await follow(more.commit, [anna], [bruno]);
    await carla.join(more.welcome);
    await follow((await carla.rekey()).commit, [anna, elena], [bruno]);
    await agree([anna, elena], [bruno, carla]);
    await talk([anna, elena], [bruno, carla], 5);
  });
});
