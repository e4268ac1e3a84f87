import { describe, expect, it } from "vitest";
import published from "../../../tests/vectors/trust/mldsa.json";
import { ALGORITHMS, type Algorithm, type Use } from "./algorithms";
import { implementationOf, native, noble, plainKeys } from "./implementations";
import { publicKeyOf, publicKeyOfRaw, signerOfSeed, verify } from "./mldsa";
import { hex, type Octets, ofHex, sha256, utf8 } from "./octets";

const NAMES = Object.keys(ALGORITHMS) as Algorithm[];
const SEED = new Uint8Array(32).fill(7);
const octets = (text: string) => ofHex(text, text.length / 2);
const flipped = (whole: Octets, at: number) => whole.with(at, (whole[at] ?? 0) ^ 1) as Octets;

/** Which implementations this place has: Node 20 has noble's alone, browsers may have both. */
const here = async (name: Algorithm) =>
  (await implementationOf(name)).name === "native" ? [native, noble] : [noble];

describe("ML-DSA", () => {
  it.each(published.map((each) => [`${each.algorithm} ${each.count}`, each] as const))(
    "verifies the published signature %s and nothing beside it",
    async (_, vector) => {
      const algorithm = vector.algorithm as Algorithm;
      const { publicKey } = plainKeys(algorithm, octets(vector.xi));
      expect(hex(await sha256(publicKey))).toBe(vector.pk_sha256);
      const [signature, message, context] = [vector.sig, vector.msg, vector.ctx].map(octets) as [
        Octets,
        Octets,
        Octets,
      ];
      for (const each of await here(algorithm)) {
        const check = await each.checkOf(algorithm, publicKey);
        expect(await check(signature, message, context)).toBe(true);
        expect(await check(signature, message, utf8("other"))).toBe(false);
        expect(await check(signature, flipped(message, 0), context)).toBe(false);
        for (const at of [0, 40, 1000, signature.length - 1]) {
          expect(await check(flipped(signature, at), message, context)).toBe(false);
        }
        expect(await check(signature.slice(1), message, context)).toBe(false);
      }
    },
  );

  it.each(NAMES)("%s signs for one use of a key and no other", async (algorithm) => {
    const signer = await signerOfSeed(algorithm, SEED);
    const key = await publicKeyOf(signer.spki);
    const message = utf8("a message");
    const signature = await signer.sign(message, "group");
    await verify(key, signature, message, "group");
    // Hedged: the same message is signed in another way each time.
    expect(hex(await signer.sign(message, "group"))).not.toBe(hex(signature));
    for (const use of ["certificate", "envelope", "checkpoint"] satisfies Use[]) {
      await expect(verify(key, signature, message, use)).rejects.toMatchObject({
        code: "not-genuine",
      });
    }
  });

  it.each(NAMES)("%s takes no keys and seeds of other sizes", async (algorithm) => {
    const malformed = { code: "malformed" };
    await expect(signerOfSeed(algorithm, SEED.slice(1))).rejects.toMatchObject(malformed);
    const raw = new Uint8Array(ALGORITHMS[algorithm].publicOctets - 1);
    await expect(publicKeyOfRaw(algorithm, raw)).rejects.toMatchObject(malformed);
    const { spki } = await signerOfSeed(algorithm, SEED);
    for (const at of [0, 1, 5, 8, 16, 17, 21]) {
      await expect(publicKeyOf(flipped(spki, at))).rejects.toMatchObject(malformed);
    }
  });
});
