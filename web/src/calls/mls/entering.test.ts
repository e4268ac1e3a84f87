/** What a welcome brings beside the tree: the secret of the path above, and what remains of it. */

import type { CiphersuiteName, KeyPackage } from "ts-mls";
import { getHpkePublicKey } from "ts-mls/ratchetTree.js";
import { describe, expect, it } from "vitest";
import { hex } from "../../trust/octets";
import { entered, type OpenedWelcome, openedWelcome } from "./entering";
import { SUITES } from "./numbers";
import { StandardMember, type StandardParty, standardParty } from "./standard.testing";
import { messageOf } from "./wire";

const SUITE = "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519";
const foreign = "This welcome brings keys that are not those of its group";

const party = (name: number, suite: CiphersuiteName) =>
  standardParty(suite, Uint8Array.of(name), Math.floor(Date.now() / 1000));

/** A group of three into which a fourth is asked: with a path in the place of one, or without any. */
async function invited(path: boolean, suite: CiphersuiteName = SUITE) {
  const anna = await party(1, suite);
  const others: KeyPackage[] = [];
  for (const name of [2, 3]) others.push((await party(name, suite)).keyPackage);
  const guest = await party(4, suite);
  const group = await StandardMember.create(anna, new Uint8Array(32).fill(7));
  await group.commit(others);
  const { welcome } = await group.commit([guest.keyPackage], path ? [Uint8Array.of(2)] : []);
  return { guest, welcome };
}

function open({ suite, keyPackage, keys }: StandardParty, octets: Uint8Array) {
  const { welcome } = messageOf(octets.slice(), "mls_welcome");
  return openedWelcome(suite, welcome, keyPackage, keys.initPrivateKey);
}

function enter({ suite, keyPackage, keys, config }: StandardParty, opened: OpenedWelcome) {
  return entered(suite, opened, keyPackage, keys, config);
}

function expectForgotten({ secrets }: OpenedWelcome): void {
  for (const secret of [secrets.joinerSecret, secrets.pathSecret ?? new Uint8Array()]) {
    expect(secret.every((octet) => octet === 0)).toBe(true);
  }
}

describe("the secret of the path", () => {
  // KEMs differ in what of a secret they hold on to.
  it.each([SUITE, SUITES["eu-hybrid"].base, SUITES.cnsa.base] as const)(
    "gives the keys of the nodes above, and is forgotten (%s)",
    async (suite) => {
      const { guest, welcome } = await invited(true, suite);
      const opened = await open(guest, welcome);
      const { privatePath, ratchetTree } = await enter(guest, opened);
      // The second leaf, its parent, and the top of four leaves.
      expect(Object.keys(privatePath.privateKeys)).toEqual(["1", "2", "3"]);
      const { hpke } = guest.suite;
      const [said, none] = [Uint8Array.of(1, 2, 3), new Uint8Array()];
      for (const [at, octets] of Object.entries(privatePath.privateKeys)) {
        const node = ratchetTree[Number(at)];
        if (node === undefined) throw new Error("a blank node has no key");
        const { ct, enc } = await hpke.seal(
          await hpke.importPublicKey(getHpkePublicKey(node)),
          said,
          none,
        );
        const key = await hpke.importPrivateKey(octets.slice());
        expect(hex(await hpke.open(key, enc, ct, none)), at).toBe(hex(said));
      }
      expectForgotten(opened);
    },
  );

  it("is refused where it is another", async () => {
    const { guest, welcome } = await invited(true);
    const opened = await open(guest, welcome);
    const { pathSecret } = opened.secrets;
    if (pathSecret === undefined) throw new Error("no path");
    pathSecret[0] = (pathSecret[0] ?? 0) ^ 1;
    await expect(enter(guest, opened)).rejects.toThrow(foreign);
    expectForgotten(opened);
  });

  it("is refused where nobody has made a path", async () => {
    const { guest, welcome } = await invited(false);
    const opened = await open(guest, welcome);
    expect(opened.secrets.pathSecret).toBeUndefined();
    opened.secrets.pathSecret = new Uint8Array(guest.suite.kdf.size).fill(1);
    await expect(enter(guest, opened)).rejects.toThrow(foreign);
    expectForgotten(opened);
  });
});

describe("the secrets of a welcome that is refused", () => {
  it("are forgotten before anything of the group is judged", async () => {
    const { guest, welcome } = await invited(true);
    const opened = await open(guest, welcome);
    const info = { ...opened.info, signer: 9 };
    await expect(enter(guest, { ...opened, info })).rejects.toThrow("of nobody in the group");
    expectForgotten(opened);
  });

  it("are forgotten where the group cannot be read", async () => {
    const { guest, welcome } = await invited(true);
    const { hpke } = guest.suite;
    let plain = new Uint8Array();
    const torn: StandardParty = {
      ...guest,
      suite: {
        ...guest.suite,
        hpke: {
          ...hpke,
          async open(...sealed) {
            plain = new Uint8Array(await hpke.open(...sealed));
            return plain;
          },
          decryptAead: () => Promise.reject(new Error("torn")),
        },
      },
    };
    await expect(open(torn, welcome)).rejects.toThrow("torn");
    // Two vectors, each behind its length: the joiner's secret, and the path's behind a one.
    const size = guest.suite.kdf.size;
    expect(plain.subarray(1, 1 + size).every((octet) => octet === 0)).toBe(true);
    expect([...plain.subarray(1 + size, 3 + size)]).toEqual([1, size]);
    expect(plain.subarray(3 + size, 3 + 2 * size).every((octet) => octet === 0)).toBe(true);
  });
});
