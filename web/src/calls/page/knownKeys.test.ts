import { describe, expect, it, vi } from "vitest";
import { ofUtf8, utf8 } from "../../trust/octets";
import { MemoryStore, memoryVault } from "../mls/memoryStore";
import type { Vault } from "../mls/vault";
import type { Security, TalkView } from "../talk/talkView";
import { KeyWatch } from "./keyWatch";
import {
  type KnownKey,
  LARGEST_KNOWN,
  MOST_KNOWN,
  newsOfKey,
  readKnown,
  withKey,
  writeKnown,
} from "./knownKeys";

const PHONE = "person/bruno.verdi/phone";
const DESK = "person/bruno.verdi/desk";
const [ONE, OTHER] = ["1".repeat(64), "2".repeat(64)];
const THEN = 1_800_000_000_000;
const key = (change: Partial<KnownKey> = {}): KnownKey => ({
  device: PHONE,
  print: ONE,
  at: THEN,
  ...change,
});

describe("the keys of past calls", () => {
  it("tell a first call, a new key, and nothing of one that is the same", () => {
    const known = withKey([], key());
    expect(newsOfKey(known, PHONE, ONE)).toBeNull();
    expect(newsOfKey(known, PHONE, OTHER)).toEqual({ kind: "new", since: THEN });
    expect(newsOfKey(known, DESK, ONE)).toEqual({ kind: "first" });
    expect(newsOfKey([], PHONE, ONE)).toEqual({ kind: "first" });
  });
  it("are one for a device, and no more than their bound: who was talked with last stays", () => {
    let known: readonly KnownKey[] = [];
    for (let at = 0; at < MOST_KNOWN + 5; at++)
      known = withKey(known, key({ device: `d${at}`, at }));
    known = withKey(known, key({ device: "d7", print: OTHER, at: THEN }));
    expect(known.length).toBe(MOST_KNOWN);
    expect(known[0]).toEqual(key({ device: "d7", print: OTHER }));
    expect(newsOfKey(known, "d4", ONE)).toEqual({ kind: "first" });
  });
  it("are read as they were written, also when there is no room for more", () => {
    const full = Array.from({ length: MOST_KNOWN }, (_, at) =>
      key({ device: `${at} `.padEnd(160, "x"), at }),
    );
    const octets = writeKnown(full);
    expect(octets.length).toBeLessThan(LARGEST_KNOWN);
    expect(readKnown(octets)).toEqual(full);
  });
  it.each<[string, (text: string) => string]>([
    ["another form", (text) => text.replace("keys/v1", "keys/v2")],
    ["no digest", (text) => text.replace(ONE, ONE.slice(1))],
    ["nobody", (text) => text.replace(PHONE, "")],
    ["a moment before all", (text) => text.replace('"at":1', '"at":-1')],
    ["one device twice", (text) => text.replace(DESK, PHONE)],
    ["a text that breaks off", (text) => text.slice(0, -1)],
  ])("are refused with %s", (_, change) => {
    const text = ofUtf8(writeKnown([key(), key({ device: DESK, print: OTHER })]));
    const other = change(text);
    expect(other).not.toBe(text);
    expect(() => readKnown(utf8(other))).toThrow();
  });
  it("are refused, or read as a whole, whatever octet of them is altered", () => {
    const octets = writeKnown([key(), key({ device: DESK })]);
    for (let at = 0; at < octets.length; at++) {
      const altered = octets.slice();
      altered[at] = (altered[at] ?? 0) ^ 0x11;
      try {
        for (const { print } of readKnown(altered)) expect(print).toMatch(/^[0-9a-f]{64}$/);
      } catch (problem) {
        expect((problem as Error).name).toBe("TrustError");
      }
    }
  });
});

let calls = 0;
const secured = (path: string, keyPrint: string) =>
  ({ state: "secured", peer: { identity: { path } }, keyPrint }) as unknown as Security;

/** A call with a device that shows this key; one that nobody has answered yet. */
const call = (print: string, change: Partial<TalkView> = {}): TalkView =>
  ({
    call: `${calls++}`,
    person: "bruno.verdi",
    device: "phone",
    answeredAt: null,
    security: secured(PHONE, print),
    ...change,
  }) as TalkView;
const talked = (print: string, change: Partial<TalkView> = {}) =>
  call(print, { answeredAt: THEN, ...change });

describe("a telephone that remembers keys", () => {
  const opened = (vault: Vault, problem = vi.fn()) => KeyWatch.open(vault, problem);
  const own = () => memoryVault(new MemoryStore(), "anna");
  /** What one page says of a call in which somebody answered; then it is closed. */
  async function told(vault: Vault, print: string) {
    const problem = vi.fn();
    const watch = await opened(vault, problem);
    const one = talked(print);
    watch.look([one]);
    await vi.waitFor(async () => {
      const kept = await vault.read("history", "keys");
      expect(readKnown(kept?.octets ?? new Uint8Array())).toEqual([key({ print })]);
    });
    expect(problem).not.toHaveBeenCalled();
    return watch.newsOf(one);
  }

  it("says nothing of the same key, and tells a new one by when the old one was used", async () => {
    const watch = await opened(await own());
    const [first, second, third, fourth] = [talked(ONE), talked(ONE), talked(OTHER), talked(OTHER)];
    for (const each of [first, second, third, fourth]) watch.look([each]);
    expect([first, second, third, fourth].map((each) => watch.newsOf(each))).toEqual([
      { kind: "first" },
      null,
      { kind: "new", since: THEN },
      null,
    ]);
    // What was said of a call stays said of it, however often it is looked at.
    watch.look([first, third]);
    expect(watch.newsOf(first)).toEqual({ kind: "first" });
    expect(watch.newsOf(third)).toEqual({ kind: "new", since: THEN });
  });
  it("remembers beyond the page, sealed", async () => {
    const store = new MemoryStore();
    const vault = await memoryVault(store, "anna");
    expect(await told(vault, ONE)).toEqual({ kind: "first" });
    expect(await told(vault, ONE)).toBeNull();
    expect(await told(vault, OTHER)).toEqual({ kind: "new", since: THEN });
    for (const { sealed } of store.records.values()) {
      expect(new TextDecoder("latin1").decode(sealed)).not.toContain("bruno");
    }
  });
  it("takes no key from a call that only rang, nor of a device that did not answer", async () => {
    const watch = await opened(await own());
    watch.look([talked(ONE)]);
    const rang = call(OTHER);
    // Keys are ready with the first that rings; the desk has answered, and its own come later.
    const prepared = talked(OTHER, { device: "desk" });
    watch.look([rang, prepared]);
    expect(watch.newsOf(rang)).toEqual({ kind: "new", since: THEN });
    const next = call(OTHER);
    watch.look([next]);
    expect(watch.newsOf(next)).toEqual({ kind: "new", since: THEN });
    const desk = { ...prepared, security: secured(DESK, ONE) };
    watch.look([desk]);
    expect(watch.newsOf(desk)).toEqual({ kind: "first" });
    expect(watch.newsOf(call(ONE, { security: { state: "preparing" } }))).toBeNull();
  });
  it("leaves what it cannot read as it is, tells so, and takes every key for a first one", async () => {
    const vault = await own();
    const damaged = new Uint8Array([1, 2, 3]);
    await vault.write([{ kind: "history", name: "keys", revision: 0, octets: damaged }]);
    const problem = vi.fn();
    const watch = await opened(vault, problem);
    expect(problem).toHaveBeenCalledOnce();
    const one = talked(ONE);
    watch.look([one]);
    expect(watch.newsOf(one)).toEqual({ kind: "first" });
    await vi.waitFor(() => expect(problem).toHaveBeenCalledTimes(2));
    expect((await vault.read("history", "keys"))?.octets).toEqual(damaged);
    await watch.forget();
    expect(await vault.read("history", "keys")).toBeNull();
  });
});
