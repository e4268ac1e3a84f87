import { describe, expect, it } from "vitest";
import { writeHeader } from "./header";
import { drawContext, KEY_ID_BITS, keyIdOf, leafBits, leafOf, MOST_LEAVES } from "./keying";

const refusal = expect.objectContaining({ code: "malformed" });

describe("key identifiers", () => {
  // RFC 9605 section 5.2, figure 9: a group of 64 members, E = 4, S = 6.
  it.each([
    [14n, 3, 0n, 0x3en],
    [14n, 7, 0n, 0x7en],
    [14n, 20, 0n, 0x14en],
    [15n, 3, 0n, 0x3fn],
    [15n, 5, 0n, 0x5fn],
    [16n, 2, 2n, 0x820n],
    [16n, 2, 3n, 0xc20n],
    [17n, 33, 0n, 0x211n],
    [17n, 51, 0n, 0x331n],
  ])("are those of RFC 9605: epoch %d, leaf %d, context %d", (epoch, leaf, context, keyId) => {
    expect(keyIdOf({ epoch, leaf, context }, 64)).toBe(keyId);
    expect(leafOf(keyId, 64)).toBe(leaf);
  });

  it("have as many bits for leaves as the group needs", () => {
    expect([1, 2, 3, 4, 5, 64, 65, MOST_LEAVES].map(leafBits)).toEqual([0, 1, 2, 2, 3, 6, 7, 16]);
    for (const leaves of [0, -1, 1.5, MOST_LEAVES + 1])
      expect(() => leafBits(leaves)).toThrow(refusal);
    expect(leafOf(0x30n, 3)).toBe(-1);
  });

  it("name nobody outside of the group", () => {
    const wrong = [
      { epoch: 1n, leaf: 2, context: 0n },
      { epoch: 1n, leaf: -1, context: 0n },
      { epoch: 1n, leaf: 0.5, context: 0n },
      { epoch: -1n, leaf: 0, context: 0n },
      { epoch: 1n, leaf: 0, context: -1n },
      { epoch: 1n, leaf: 0, context: 1n << 59n },
    ];
    for (const each of wrong) expect(() => keyIdOf(each, 2)).toThrow(refusal);
  });

  it("are of five octets with a context of chance, whatever the group", () => {
    for (const leaves of [1, 2, 50, MOST_LEAVES]) {
      const contexts = Array.from({ length: 200 }, () => drawContext(leaves));
      expect(new Set(contexts).size).toBeGreaterThan(190);
      for (const context of contexts) {
        const keyId = keyIdOf({ epoch: 1n << 60n, leaf: leaves - 1, context }, leaves);
        expect(keyId >> BigInt(KEY_ID_BITS)).toBe(0n);
        expect(writeHeader({ keyId, counter: 0n }).length).toBeLessThanOrEqual(6);
        expect(leafOf(keyId, leaves)).toBe(leaves - 1);
      }
    }
  });
});
