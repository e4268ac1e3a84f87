import { describe, expect, it, vi } from "vitest";
import {
  entered,
  erased,
  failed,
  landed,
  MOST_ENTRIES,
  MOST_GROUPS,
  newThread,
  retried,
  type Thread,
  unreadIn,
  unsealed,
  waitingTexts,
  withAllRead,
  withDelivered,
  withFlight,
  withRead,
  withText,
} from "./thread";
import { readThreads, type Written, written } from "./threadRecords";

// Only against hanging: others use the machine too.
vi.setConfig({ testTimeout: 60_000 });
const id = (number: number) => number.toString(16).padStart(32, "0");
const text = (number: number, mine = true) => ({
  id: id(number),
  mine,
  device: "phone",
  at: number,
  text: `text ${number}`,
  state: mine ? ("waiting" as const) : ("delivered" as const),
});
const FLIGHT = {
  id: id(999),
  group: "ab".repeat(32),
  to: ["person/bruno.verdi/phone"],
  octets: Uint8Array.of(1, 2, 3),
  epoch: 3n,
  texts: [id(1)],
  delivered: [],
  read: [],
};

const stateOf = (thread: Thread, number: number) => {
  const entry = thread.entries.find((each) => each.id === id(number));
  return entry?.kind === "text" ? entry.state : "none";
};

describe("a conversation", () => {
  it("has states that only go up, whoever repeats what", () => {
    let thread = withText(newThread("bruno.verdi"), text(1), 5);
    expect(withText(thread, text(1), 6)).toBe(thread);
    thread = withFlight(thread, FLIGHT);
    thread = landed(withDelivered(thread, [id(1), id(7)], false), FLIGHT.id);
    expect([stateOf(thread, 1), thread.flight]).toEqual(["delivered", null]);
    thread = withRead(thread, [id(1)], false);
    expect(withDelivered(thread, [id(1)], false)).toBe(thread);
    expect(withRead(thread, [id(1)], true)).toBe(thread);
    expect(stateOf(thread, 1)).toBe("read");
  });

  it("tells once that a text came, and that it was read, on all devices of a person", () => {
    let thread = withText(newThread("bruno.verdi"), text(1, false), 5);
    thread = withText(thread, text(2, false), 6);
    expect([thread.delivered, unreadIn(thread)]).toEqual([[id(1), id(2)], 2]);
    thread = withDelivered(thread, [id(1)], true);
    expect(thread.delivered).toEqual([id(2)]);
    const read = withAllRead(thread);
    expect([read.delivered, read.read, unreadIn(read)]).toEqual([[], [id(1), id(2)], 0]);
    expect(withAllRead(read)).toBe(read);
    const elsewhere = withRead(thread, [id(1), id(2)], true);
    expect([elsewhere.read, elsewhere.delivered, unreadIn(elsewhere)]).toEqual([[], [], 0]);
  });

  it("fails with a sentence, and is tried again", () => {
    let thread = withFlight(withText(newThread("bruno.verdi"), text(1), 5), FLIGHT);
    thread = failed(unsealed(thread), [id(1)], "no");
    expect([stateOf(thread, 1), waitingTexts(thread)]).toEqual(["failed", []]);
    thread = retried(thread, id(1));
    expect(waitingTexts(thread).length).toBe(1);
    expect(erased(thread).entries).toEqual([]);
  });

  it("keeps so many entries and groups, and the oldest leave", () => {
    let thread = newThread("bruno.verdi");
    for (let number = 0; number < MOST_ENTRIES + 70; number++) {
      thread = withText(thread, text(number), number);
    }
    expect([thread.entries.length, thread.first]).toEqual([MOST_ENTRIES, 70]);
    const left: string[] = [];
    for (let group = 0; group < MOST_GROUPS + 2; group++) {
      const after = entered(thread, `${group}`);
      thread = after.thread;
      left.push(...after.left);
    }
    expect([thread.groups[0], thread.groups.length, left]).toEqual(["5", MOST_GROUPS, ["0", "1"]]);
  });
});

describe("a conversation on the disk", () => {
  /** What lies there after a change, as a vault would have it. */
  function change(disk: Map<string, Written>, before: Thread | null, after: Thread): string[] {
    const { put, gone } = written(before, after);
    for (const each of put) disk.set(each.name, each);
    for (const name of gone) disk.delete(name);
    return put.map(({ name }) => name);
  }

  it("is what it was, after each change, and little is written for one", () => {
    const disk = new Map<string, Written>();
    let thread = newThread("bruno.verdi");
    change(disk, null, thread);
    for (let number = 0; number < MOST_ENTRIES + 120; number++) {
      const after = withText(thread, text(number, number % 2 === 0), number);
      const names = change(disk, thread, after);
      expect(names.length).toBeLessThanOrEqual(3);
      thread = after;
      if (number % 97 > 0) continue;
      expect(readThreads([...disk.values()])).toEqual({ threads: [thread], broken: [] });
    }
    expect(disk.size).toBeLessThan(45);
    const offer = { group: FLIGHT.group, epoch: 4n, to: [], added: ["person/a/b"] };
    const octets = { octets: Uint8Array.of(4), welcome: Uint8Array.of(5) };
    const busy = {
      ...withFlight(thread, FLIGHT),
      offer: { ...offer, ...octets },
      groups: [FLIGHT.group],
      founding: { group: FLIGHT.group, instead: "" },
      keys: { group: FLIGHT.group, epoch: 4, members: [{ device: "person/a/b", key: id(1) }] },
    };
    expect(change(disk, thread, busy)).toEqual(["bruno.verdi", "bruno.verdi/way"]);
    expect(readThreads([...disk.values()]).threads).toEqual([busy]);
    change(disk, busy, erased(busy));
    expect(disk.size).toBe(2);
  });

  it("that is damaged is told, and does not take others along", () => {
    const disk = new Map<string, Written>();
    const thread = withText(newThread("bruno.verdi"), text(1), 1);
    change(disk, null, thread);
    change(disk, null, withText(newThread("carla.neri"), text(1), 1));
    disk.delete("carla.neri/0");
    const { threads, broken } = readThreads([...disk.values()]);
    expect([threads, broken]).toEqual([[thread], ["carla.neri"]]);
  });
});
