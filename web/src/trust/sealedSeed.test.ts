import { describe, expect, it } from "vitest";
import { publicKeyOf, verify } from "./mldsa";
import { utf8 } from "./octets";
import { drawSeed, type SealedSeed, signerOfSealedSeed } from "./sealedSeed";

const OWNER = "spiffe://italia.example/person/anna.rossi/laptop";
const MESSAGE = utf8("pronto");
const altered = expect.objectContaining({ code: "storage" });

/** A copy with one bit wrong. */
function flipped(octets: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  const copy = octets.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

describe("a sealed seed", () => {
  it.each(["ML-DSA-65", "ML-DSA-87"] as const)("signs with the key of %s", async (algorithm) => {
    const kept = await drawSeed(algorithm, OWNER);
    const signer = signerOfSealedSeed(kept, OWNER);
    expect(signer).toMatchObject({ algorithm, spki: kept.spki });
    const key = await publicKeyOf(kept.spki);
    for (const use of ["envelope", "group", "envelope"] as const) {
      await verify(key, await signer.sign(MESSAGE, use), MESSAGE, use);
    }
    const signature = await signer.sign(MESSAGE, "group");
    await expect(verify(key, signature, MESSAGE, "envelope")).rejects.toMatchObject({
      code: "not-genuine",
    });
  });

  it("lies sealed under a key that cannot be taken out", async () => {
    const kept = await drawSeed("ML-DSA-65", OWNER);
    // 32 octets of seed and 16 of tag.
    expect(kept.sealed).toHaveLength(48);
    expect(kept.sealingKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey("raw", kept.sealingKey)).rejects.toThrow();
    const other = await drawSeed("ML-DSA-65", OWNER);
    expect(other.spki).not.toEqual(kept.spki);
    expect(other.sealed).not.toEqual(kept.sealed);
  });

  it("is refused in another's stead, and altered anywhere", async () => {
    const kept = await drawSeed("ML-DSA-65", OWNER);
    const other = await drawSeed("ML-DSA-65", OWNER);
    const wrong: [SealedSeed, string][] = [
      [kept, `${OWNER}-2`],
      [{ ...kept, spki: other.spki }, OWNER],
      [{ ...kept, sealingKey: other.sealingKey }, OWNER],
      [{ ...kept, nonce: flipped(kept.nonce, 11) }, OWNER],
      [{ ...kept, sealed: kept.sealed.slice(1) }, OWNER],
      ...Array.from(kept.sealed, (_, at): [SealedSeed, string] => [
        { ...kept, sealed: flipped(kept.sealed, at) },
        OWNER,
      ]),
    ];
    for (const [each, owner] of wrong) {
      await expect(signerOfSealedSeed(each, owner).sign(MESSAGE, "group")).rejects.toEqual(altered);
    }
  });
});
