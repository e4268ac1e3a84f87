import { describe, expect, it, vi } from "vitest";
import type { DeviceKey } from "../../trust/device";
import { identityOf } from "../../trust/identity";
import { MemoryStore, memoryVault } from "../mls/memoryStore";
import { type PastCall, readHistory, remembered, writeHistory } from "./history";

vi.stubGlobal("navigator", { languages: ["en"] });
vi.stubGlobal("document", { documentElement: {} });
const { Kept } = await import("./kept");
const { keyToRing, profileOf } = await import("./ownDevice");
const { wayTo } = await import("./way");

const past = (number: number): PastCall => ({
  call: number.toString(16).padStart(32, "0"),
  side: "callee",
  person: "bruno.verdi",
  precedence: "flash",
  emergency: false,
  beganAt: number,
  answeredAt: null,
  endedAt: number,
  cause: "no answer",
  refused: null,
  seen: false,
});
const writing = { kind: "history", name: "calls", write: writeHistory, read: readHistory } as const;

describe("what is kept", () => {
  it("of two pages of one device is both pages' calls", async () => {
    const store = new MemoryStore();
    const vault = await memoryVault(store, "anna");
    const pages = [new Kept(vault, writing), new Kept(vault, writing)];
    await Promise.all(
      Array.from({ length: 6 }, (_, at) =>
        pages[at % 2]?.change((before) => [...remembered(before ?? [], [past(at)])]),
      ),
    );
    expect((await pages[0]?.read())?.map(({ beganAt }) => beganAt)).toEqual([5, 4, 3, 2, 1, 0]);
  });
  it("lies there sealed, and is not read by another device", async () => {
    const store = new MemoryStore();
    const kept = new Kept(await memoryVault(store, "anna"), writing);
    await kept.change(() => [past(1)]);
    for (const { sealed } of store.records.values()) {
      expect(new TextDecoder("latin1").decode(sealed)).not.toContain("bruno");
    }
    expect(await new Kept(await memoryVault(store, "bruno"), writing).read()).toBeNull();
  });
  it("stays as it is where it cannot be read, and can be deleted", async () => {
    const store = new MemoryStore();
    const vault = await memoryVault(store, "anna");
    const kept = new Kept(vault, writing);
    await vault.write([
      { kind: "history", name: "calls", revision: 0, octets: new Uint8Array([1, 2, 3]) },
    ]);
    await expect(kept.change(() => [past(1)])).rejects.toThrow();
    expect((await vault.read("history", "calls"))?.octets).toEqual(new Uint8Array([1, 2, 3]));
    await kept.forget();
    expect(await kept.read()).toBeNull();
    await kept.change(() => [past(2)]);
    expect(await kept.read()).toEqual([past(2)]);
  });
});

describe("the device that rings", () => {
  const key = (path: string, algorithm = "ML-DSA-65") =>
    ({
      identity: identityOf("italia.example", path),
      signer: { algorithm },
    }) as unknown as DeviceKey;
  const laptop = key("person/anna.rossi/laptop");
  const radio = key("person/anna.rossi/radio");
  const other = key("person/bruno.verdi/phone");

  it("is the one chosen before, the only person's, or the signed-in person's", () => {
    expect(keyToRing([laptop, other], other.identity.uri, "anna.rossi")).toBe(other);
    expect(keyToRing([laptop, radio], null, null)).toBe(laptop);
    expect(keyToRing([laptop, other], null, "bruno.verdi")).toBe(other);
    expect(keyToRing([laptop, other], "spiffe://gone", null)).toBeNull();
    expect(keyToRing([], null, "anna.rossi")).toBeNull();
  });
  it("has the profile of its key", () => {
    expect(profileOf(laptop)).toBe("eu-hybrid");
    expect(profileOf(key("person/anna.rossi/laptop", "ML-DSA-87"))).toBe("cnsa");
    expect(() => profileOf(key("person/anna.rossi/laptop", "RSA"))).toThrow();
  });
});

it("the way to a site is its tunnel on the bearer that carries it", () => {
  const tunnels = [
    { peer: "ship/bergamini", active: "sky" },
    { peer: "office/milan", active: null },
  ] as never;
  const bearers = [{ name: "fibre" }, { name: "sky" }] as never;
  const way = (site: string) => wayTo({ tunnels, bearers }, site);
  expect(way("ship/bergamini")?.bearer?.name).toBe("sky");
  expect(way("office/milan")?.bearer).toBeNull();
  expect(way("office/rome")).toBeNull();
});
