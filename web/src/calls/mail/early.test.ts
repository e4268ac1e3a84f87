import { describe, expect, it } from "vitest";
import { MemoryStore } from "../mls/memoryStore";
import { newSealingKey, Vault } from "../mls/vault";
import { MOST_EARLY, MOST_EARLY_OF_ALL, withinBounds } from "./early";
import type { Item } from "./items";
import { Ledger } from "./ledger";
import { newThread } from "./thread";

const groupOf = (number: number) => number.toString(16).padStart(64, "0");
const item = (group: string, octets: number, mark = 0): Item => ({
  kind: "message",
  group,
  octets: new Uint8Array(octets).fill(mark),
  notice: null,
});
const several = (count: number, group: string, octets = 10) =>
  Array.from({ length: count }, (_, mark) => item(group, octets, mark));
const counts = (items: readonly Item[]) => {
  const found: Record<string, number> = {};
  for (const { group } of items) found[group] = (found[group] ?? 0) + 1;
  return found;
};

describe("what waits for a commit", () => {
  it("has room of its own in each conversation, and its oldest leaves", () => {
    const kept = withinBounds([item("a", 10, 9), ...several(MOST_EARLY + 3, "b")], (each) => each);
    expect(counts(kept)).toEqual({ a: 1, b: MOST_EARLY });
    expect(kept[1]?.octets[0]).toBe(3);
    const large = withinBounds([item("a", 10), ...several(9, "b", 512 << 10)], (each) => each);
    expect(counts(large)).toEqual({ a: 1, b: 4 });
  });

  it("is pushed out by nobody who has more, however many conversations there are", () => {
    const others = ["b", "c", "d", "e", "f"].flatMap((group) => several(MOST_EARLY, group));
    const kept = withinBounds([...several(20, "a"), ...others], (each) => each);
    expect(kept.length).toBe(MOST_EARLY_OF_ALL);
    expect(counts(kept).a).toBe(20);
    const heavy = ["b", "c", "d"].flatMap((group) => several(4, group, 512 << 10));
    expect(counts(withinBounds([item("a", 90), ...heavy], (each) => each))).toMatchObject({ a: 1 });
  });

  it("of all groups of one person counts together, as it is kept", async () => {
    const vault = new Vault(new MemoryStore(), await newSealingKey(), "spiffe://x/person/a/b");
    const ledger = await Ledger.open(vault);
    const [own, first, second] = [groupOf(1), groupOf(2), groupOf(3)];
    const anna = { ...newThread("anna.rossi"), groups: [own] };
    const carla = { ...newThread("carla.neri"), groups: [first, second] };
    await ledger.write(ledger.draft().put(anna).put(carla));
    const junk = [...several(2 * MOST_EARLY, first), ...several(2 * MOST_EARLY, second)];
    await ledger.write(ledger.draft().early([item(own, 10), ...junk]));
    const read = await Ledger.open(vault);
    expect(counts(read.desk.early)).toEqual({ [own]: 1, [second]: MOST_EARLY });
  });
});
