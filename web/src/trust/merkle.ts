/** Merkle trees of RFC 6962 (RFC 9162 section 2.1), SHA-256: hashes and both kinds of proof. */

import { TrustError } from "./errors";
import { joined, type Octets, same, sha256 } from "./octets";

export const HASH_OCTETS = 32;
/** A consistency proof between trees of fewer than 2^63 leaves has fewer hashes. */
export const LONGEST_PROOF = 64;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leafHash(entry: Octets): Promise<Octets> {
  return sha256(joined(LEAF, entry));
}

export function nodeHash(left: Octets, right: Octets): Promise<Octets> {
  return sha256(joined(NODE, left, right));
}

/** Root of the tree without leaves. */
export function emptyRoot(): Promise<Octets> {
  return sha256(new Uint8Array());
}

/** Returns if the leaf hash is at `index` in the tree of `size` (RFC 9162 section 2.1.3.2). */
export async function verifyInclusion(
  leaf: Octets,
  index: number,
  size: number,
  proof: readonly Octets[],
  root: Octets,
): Promise<void> {
  checkSizes(index, size);
  if (index === size) throw refused(`There is no entry ${index} in a log of ${size}.`);
  checkHashes([leaf, root, ...proof]);
  const walk = new Walk(index, size - 1);
  let computed = leaf;
  for (const each of proof) {
    const left = walk.step();
    computed = left ? await nodeHash(each, computed) : await nodeHash(computed, each);
  }
  walk.end();
  if (!same(computed, root)) throw refused(`Entry ${index} is not in this log of ${size}.`);
}

/** Returns if the tree of `size` begins with that of `old` (RFC 9162 section 2.1.4.2). */
export async function verifyConsistency(
  old: number,
  size: number,
  proof: readonly Octets[],
  oldRoot: Octets,
  root: Octets,
): Promise<void> {
  checkSizes(old, size);
  checkHashes([oldRoot, root, ...proof]);
  const [first, second] =
    old === 0 || old === size
      ? await trivial(old, size, proof, oldRoot, root)
      : await rootsOf(old, size, proof, oldRoot);
  if (!same(first, oldRoot) || !same(second, root)) {
    throw refused(`The log of ${size} entries does not begin with that of ${old}.`);
  }
}

/**
 * The roots of the tree of `old` and of that of `size` leaves to which a proof leads; `0 < old <
 * size`. A proof for a power of two does not hold the old root: it must be known.
 */
export async function rootsOf(
  old: number,
  size: number,
  proof: readonly Octets[],
  oldRoot: Octets,
): Promise<[Octets, Octets]> {
  checkSizes(old, size);
  checkHashes([oldRoot, ...proof]);
  const [start, ...path] = isPowerOfTwo(old) ? [oldRoot, ...proof] : proof;
  if (start === undefined) throw refused("The proof of consistency is empty.");
  const walk = new Walk(old - 1, size - 1);
  walk.toComplete();
  let first = start;
  let second = start;
  for (const each of path) {
    if (walk.step()) {
      first = await nodeHash(each, first);
      second = await nodeHash(each, second);
    } else {
      second = await nodeHash(second, each);
    }
  }
  walk.end();
  return [first, second];
}

/**
 * The root of the first `old` leaves, a power of two, from a proof that the leaf right after them
 * is in the tree of `size`: it is the hash in that proof which stands left of everything.
 */
export async function prefixRoot(
  old: number,
  size: number,
  leaf: Octets,
  proof: readonly Octets[],
  root: Octets,
): Promise<Octets> {
  if (!isPowerOfTwo(old)) throw refused(`${old} is no power of two.`);
  await verifyInclusion(leaf, old, size, proof, root);
  const walk = new Walk(old, size - 1);
  for (const each of proof) {
    if (walk.step()) return each; // the leaf is the first on the right: nothing else is left of it
  }
  throw refused("The proof of inclusion does not reach the first entries.");
}

export function isPowerOfTwo(size: number): boolean {
  let rest = size;
  while (rest > 1 && rest % 2 === 0) rest /= 2;
  return rest === 1;
}

/** A leaf's place and the last one's, level by level; with numbers up to 2^53 (shifts end at 2^31). */
class Walk {
  #position: number;
  #last: number;

  constructor(position: number, last: number) {
    this.#position = position;
    this.#last = last;
  }

  /** Goes up one hash of the proof; true if that hash is the left one. */
  step(): boolean {
    if (this.#last === 0) throw refused("The proof is longer than it can be.");
    const left = this.#position % 2 === 1 || this.#position === this.#last;
    if (left) {
      while (this.#position > 0 && this.#position % 2 === 0) this.#up();
    }
    this.#up();
    return left;
  }

  /** Goes up while the place is the right one of two. */
  toComplete(): void {
    while (this.#position % 2 === 1) this.#up();
  }

  end(): void {
    if (this.#last !== 0) throw refused("The proof is shorter than it must be.");
  }

  #up(): void {
    this.#position = Math.floor(this.#position / 2);
    this.#last = Math.floor(this.#last / 2);
  }
}

async function trivial(
  old: number,
  size: number,
  proof: readonly Octets[],
  oldRoot: Octets,
  root: Octets,
): Promise<[Octets, Octets]> {
  if (proof.length > 0) throw refused("This proof of consistency must be empty.");
  return [old === 0 ? await emptyRoot() : oldRoot, old === size ? oldRoot : root];
}

function checkSizes(first: number, second: number): void {
  const whole = Number.isSafeInteger(first) && Number.isSafeInteger(second);
  if (!whole || !(0 <= first && first <= second)) {
    throw refused(`There is no ${first} in a log of ${second}.`);
  }
}

function checkHashes(hashes: readonly Octets[]): void {
  if (hashes.length > LONGEST_PROOF + 2 || hashes.some((each) => each.length !== HASH_OCTETS)) {
    throw refused(`A proof has at most ${LONGEST_PROOF} hashes of ${HASH_OCTETS} octets.`);
  }
}

function refused(message: string): TrustError {
  return new TrustError("proof", message);
}
