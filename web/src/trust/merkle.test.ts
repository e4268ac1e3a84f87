import { describe, expect, it } from "vitest";
import {
  emptyRoot,
  isPowerOfTwo,
  leafHash,
  nodeHash,
  prefixRoot,
  rootsOf,
  verifyConsistency,
  verifyInclusion,
} from "./merkle";
import { hex, type Octets, ofHex, utf8 } from "./octets";

// The inputs and roots of Certificate Transparency's reference implementation for RFC 6962
// (merkletree/merkle_tree_test.go: "inputs" and "rootsAtSize").
const INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"].map((text) =>
  ofHex(text, text.length / 2),
);
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
];

const below = (size: number) => 2 ** Math.ceil(Math.log2(size)) / 2;

/** A tree by the definitions of RFC 6962 section 2.1; subtrees are hashed once. */
class Tree {
  readonly #known = new Map<string, Promise<Octets>>();

  constructor(readonly leaf: (index: number) => Promise<Octets>) {}

  root(start: number, end: number): Promise<Octets> {
    const name = `${start}-${end}`;
    const known = this.#known.get(name) ?? this.#hashed(start, end);
    this.#known.set(name, known);
    return known;
  }

  async inclusion(index: number, start: number, end: number): Promise<Octets[]> {
    if (end - start === 1) return [];
    const middle = start + below(end - start);
    return index < middle
      ? [...(await this.inclusion(index, start, middle)), await this.root(middle, end)]
      : [...(await this.inclusion(index, middle, end)), await this.root(start, middle)];
  }

  async consistency(old: number, start: number, end: number, known = true): Promise<Octets[]> {
    if (old === end) return known ? [] : [await this.root(start, end)];
    const middle = start + below(end - start);
    return old <= middle
      ? [...(await this.consistency(old, start, middle, known)), await this.root(middle, end)]
      : [...(await this.consistency(old, middle, end, false)), await this.root(start, middle)];
  }

  async #hashed(start: number, end: number): Promise<Octets> {
    if (end === start) return emptyRoot();
    if (end - start === 1) return this.leaf(start);
    const middle = start + below(end - start);
    return nodeHash(await this.root(start, middle), await this.root(middle, end));
  }
}

const small = new Tree((index) => leafHash(utf8(`${index}`)));
const proof = { code: "proof" };
const spoilt = (hash: Octets) => hash.with(7, (hash[7] ?? 0) ^ 4) as Octets;

describe("Merkle trees", () => {
  it("have the published roots", async () => {
    const tree = new Tree((index) => leafHash(INPUTS[index] ?? new Uint8Array()));
    for (const [size, root] of ROOTS.entries()) {
      expect(hex(await tree.root(0, size))).toBe(root);
    }
  });

  it("prove every entry of every size, and nothing else", async () => {
    for (let size = 1; size <= 17; size++) {
      const root = await small.root(0, size);
      for (let index = 0; index < size; index++) {
        const leaf = await small.leaf(index);
        const path = await small.inclusion(index, 0, size);
        await verifyInclusion(leaf, index, size, path, root);
        for (const [at, hash] of path.entries()) {
          const altered = path.with(at, spoilt(hash));
          await expect(verifyInclusion(leaf, index, size, altered, root)).rejects.toMatchObject(
            proof,
          );
        }
        const wrong: [Octets, number, number, Octets[], Octets][] = [
          [leaf, index, size, [...path, leaf], root],
          [spoilt(leaf), index, size, path, root],
          [leaf, index, size, path, spoilt(root)],
          [leaf, index + 1, size, path, root],
          [leaf, size, size, path, root],
        ];
        if (path.length > 0) wrong.push([leaf, index, size, path.slice(1), root]);
        for (const each of wrong)
          await expect(verifyInclusion(...each)).rejects.toMatchObject(proof);
      }
    }
  });

  it("prove that every size follows every smaller one, and nothing else", async () => {
    for (let size = 0; size <= 17; size++) {
      const root = await small.root(0, size);
      for (let old = 0; old <= size; old++) {
        const oldRoot = await small.root(0, old);
        const path = old > 0 && old < size ? await small.consistency(old, 0, size) : [];
        await verifyConsistency(old, size, path, oldRoot, root);
        const wrong: [number, number, Octets[], Octets, Octets][] = [
          [old, size, path, spoilt(oldRoot), root],
          [old, size, [...path, root], oldRoot, root],
          [size + 1, size, path, oldRoot, root],
        ];
        if (old > 0) wrong.push([old, size, path, oldRoot, spoilt(root)]);
        if (path.length > 0) wrong.push([old, size, path.slice(1), oldRoot, root]);
        for (const [at, hash] of path.entries()) {
          wrong.push([old, size, path.with(at, spoilt(hash)), oldRoot, root]);
        }
        for (const each of wrong)
          await expect(verifyConsistency(...each)).rejects.toMatchObject(proof);
      }
    }
  });

  it("are walked with numbers up to 2^53", async () => {
    const same = leafHash(utf8("the same"));
    const levels: Promise<Octets>[] = [same];
    for (let level = 1; level < 54; level++) {
      levels.push(levels[level - 1]?.then((hash) => nodeHash(hash, hash)) as Promise<Octets>);
    }
    const large = new Tree(() => same);
    const root = large.root.bind(large);
    large.root = (start, end) =>
      isPowerOfTwo(end - start)
        ? (levels[Math.round(Math.log2(end - start))] as Promise<Octets>)
        : root(start, end);
    const size = Number.MAX_SAFE_INTEGER - 2 ** 33;
    for (const index of [0, 2 ** 31, 2 ** 32 + 1, 2 ** 52, 2 ** 52 + 2 ** 40 + 7, size - 1]) {
      const path = await large.inclusion(index, 0, size);
      await verifyInclusion(await same, index, size, path, await large.root(0, size));
      if (index > 0) {
        const steps = await large.consistency(index, 0, size);
        const [old, now] = [await large.root(0, index), await large.root(0, size)];
        await verifyConsistency(index, size, steps, old, now);
        await expect(
          verifyConsistency(index, size, steps.slice(1), old, now),
        ).rejects.toMatchObject(proof);
      }
    }
  });

  it("tell the root of a beginning that is a power of two", async () => {
    for (const old of [1, 2, 4, 8, 16]) {
      for (let size = old + 1; size <= 17; size++) {
        const path = await small.inclusion(old, 0, size);
        const [leaf, root] = [await small.leaf(old), await small.root(0, size)];
        const begins = await prefixRoot(old, size, leaf, path, root);
        expect(hex(begins)).toBe(hex(await small.root(0, old)));
        const steps = await small.consistency(old, 0, size);
        expect((await rootsOf(old, size, steps, begins)).map(hex)).toEqual([
          hex(begins),
          hex(root),
        ]);
      }
    }
    await expect(
      prefixRoot(3, 5, await small.leaf(3), await small.inclusion(3, 0, 5), await small.root(0, 5)),
    ).rejects.toMatchObject(proof);
  });

  it("take no sizes, hashes or lengths that cannot be", async () => {
    const hash = await small.leaf(0);
    const wrong: [number, number, Octets[]][] = [
      [-1, 3, []],
      [0.5, 3, []],
      [Number.NaN, 3, []],
      [0, 2 ** 53, []],
      [0, 3, Array(70).fill(hash)],
      [0, 3, [hash.slice(1)]],
    ];
    for (const [index, size, path] of wrong) {
      await expect(verifyInclusion(hash, index, size, path, hash)).rejects.toMatchObject(proof);
      await expect(verifyConsistency(index, size, path, hash, hash)).rejects.toMatchObject(proof);
    }
  });
});
