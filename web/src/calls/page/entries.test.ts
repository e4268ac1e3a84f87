import { describe, expect, it } from "vitest";
import type { ConversationView, Entry, WrittenText } from "../mail/view";
import { arrivedSince, knownOf, unreadIn } from "./arrivals";
import {
  composed,
  firstUnread,
  lastOwn,
  linesOf,
  MOST_SHOWN,
  preview,
  shownFrom,
  WINDOW,
} from "./entries";
import { dayName, dayOf, shortMoment, timeOf } from "./moments";

const MINUTE = 60_000;
/** A Sunday, 23:30 in Rome. */
const NIGHT = Date.UTC(2026, 10, 22, 22, 30);

const text = (id: string, given: Partial<WrittenText> = {}): WrittenText => ({
  kind: "text",
  id,
  mine: false,
  device: "phone",
  at: NIGHT,
  text: id,
  state: "read",
  problem: "",
  ...given,
});
const changeAt = (id: string, at: number): Entry => ({
  kind: "change",
  id,
  at,
  person: "anna.rossi",
  device: "phone",
  what: "added",
});
const view = (person: string, entries: Entry[]): ConversationView => ({
  person,
  entries,
  unread: entries.filter((each) => each.kind === "text" && each.state === "delivered").length,
  keys: null,
});

describe("the lines of a conversation", () => {
  it("begin each day in Rome with its name, and keep together what follows soon", () => {
    const entries = [
      text("a"),
      text("b", { at: NIGHT + 2 * MINUTE }),
      text("c", { at: NIGHT + 9 * MINUTE }),
      text("d", { at: NIGHT + 10 * MINUTE, mine: true }),
      changeAt("e", NIGHT + 10 * MINUTE),
      text("f", { at: NIGHT + 10 * MINUTE, mine: true }),
      text("g", { at: NIGHT + 40 * MINUTE, mine: true }),
    ];
    const lines = linesOf(entries, 0, "f", dayOf);
    expect(lines.map(({ key }) => key)).toEqual([
      ...["day a", "a", "b", "c", "d", "e", "unread", "f", "day g", "g"],
    ]);
    const follow = lines.filter((line) => line.kind === "text" && line.follows);
    expect(follow.map(({ key }) => key)).toEqual(["b"]);
    expect(linesOf(entries, 6, null, dayOf).map(({ key }) => key)).toEqual(["day g", "g"]);
  });
  it("are of the newest entries, and stay where they are while somebody looks back", () => {
    expect(shownFrom(1900, 2000, true)).toBe(1900);
    expect(shownFrom(1900, 1900 + MOST_SHOWN + 1, false)).toBe(1900);
    expect(shownFrom(1900, 1900 + MOST_SHOWN + 1, true)).toBe(1901 + MOST_SHOWN - WINDOW);
    expect(shownFrom(1900, 3, true)).toBe(2);
    expect(shownFrom(0, 0, true)).toBe(0);
  });
  it("tell what is unread, and the state of one's own last text", () => {
    const entries = [
      text("a"),
      text("b", { mine: true, state: "sent" }),
      text("c", { state: "delivered" }),
    ];
    expect(firstUnread(entries)).toBe("c");
    expect(lastOwn(entries)).toBeNull();
    expect(lastOwn([...entries.slice(0, 2), changeAt("x", NIGHT)])).toBe("b");
    expect(firstUnread(entries.slice(0, 2))).toBeNull();
  });
});

describe("a text", () => {
  it.each([
    ["  \n\n one\r\ntwo \n\n", " one\ntwo"],
    ["a\u0007b\tc\u0000", "ab c"],
    ["cafe\u0301", "café"],
    ["\ud83d", ""],
    ["\ud83d\ude00", "\u{1f600}"],
    [" \n ", ""],
  ])("is sent from what was typed: %j", (typed, sent) => {
    expect(composed(typed)).toBe(sent);
  });
  it("stands in one line in lists", () => {
    expect(preview(" one\n\n two ")).toBe("one two");
    expect([...preview("\u{1f600}".repeat(500))].length).toBe(120);
  });
});

describe("what has come", () => {
  it("is what others wrote since, each time once", () => {
    const before = [view("anna.rossi", [text("a"), text("b", { state: "delivered" })])];
    const known = knownOf(before);
    expect(arrivedSince(known, before)).toEqual([]);
    const after = [
      view("bruno.verdi", [text("x", { state: "delivered" })]),
      view("anna.rossi", [
        ...(before[0]?.entries ?? []),
        text("c", { mine: true, state: "sent" }),
        changeAt("d", NIGHT),
        text("e", { state: "delivered" }),
        text("f", { state: "read" }),
      ]),
    ];
    const arrived = arrivedSince(known, after);
    expect(arrived.map(({ person, texts }) => [person, ...texts.map(({ id }) => id)])).toEqual([
      ["bruno.verdi", "x"],
      ["anna.rossi", "e"],
    ]);
    expect(arrivedSince(knownOf(after), after)).toEqual([]);
    expect(unreadIn(after)).toBe(3);
  });
});

describe("moments", () => {
  const words = { today: "Today", yesterday: "Yesterday" };
  it("are told by Rome's day, the nearer the shorter", () => {
    const name = (at: number) => dayName(at, NIGHT, "en", words);
    expect(timeOf(NIGHT)).toBe("23:30");
    expect(name(NIGHT - 60 * MINUTE)).toBe("Today");
    expect(name(NIGHT + 40 * MINUTE)).toBe("Monday 23 November");
    expect(name(NIGHT - 24 * 60 * MINUTE)).toBe("Yesterday");
    expect(name(Date.UTC(2025, 4, 29))).toBe("Thursday, 29 May 2025");
    expect(dayName(Date.UTC(2025, 4, 29), NIGHT, "it", words)).toBe("giovedì 29 maggio 2025");
    expect(shortMoment(NIGHT, NIGHT, "it", words)).toBe("23:30");
    expect(shortMoment(Date.UTC(2026, 4, 29), NIGHT, "it", words)).toBe("29 mag");
  });
});
