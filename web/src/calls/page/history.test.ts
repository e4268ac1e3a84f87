import { describe, expect, it } from "vitest";
import { ofUtf8, utf8 } from "../../trust/octets";
import { CAUSES } from "../signalling/causes";
import { TROUBLES } from "../talk/trouble";
import {
  isMissed,
  LARGEST_HISTORY,
  looked,
  MOST_REMEMBERED,
  missedIn,
  missedPast,
  type PastCall,
  readHistory,
  remembered,
  writeHistory,
} from "./history";

const past = (number: number, change: Partial<PastCall> = {}): PastCall => ({
  call: number.toString(16).padStart(32, "0"),
  side: "callee",
  person: "bruno.verdi",
  precedence: "routine",
  emergency: false,
  beganAt: 1_800_000_000_000 + number,
  answeredAt: null,
  endedAt: 1_800_000_060_000 + number,
  cause: "no answer",
  refused: null,
  seen: false,
  ...change,
});

describe("the list of calls", () => {
  it("has the newest first, each once, and no more than its bound", () => {
    let list: readonly PastCall[] = [];
    for (let number = 0; number < MOST_REMEMBERED + 30; number++) {
      list = remembered(list, [past(number), past(number)].slice(0, 1));
    }
    expect(list.length).toBe(MOST_REMEMBERED);
    expect(list[0]?.call).toBe(past(MOST_REMEMBERED + 29).call);
    expect(remembered(list, [past(MOST_REMEMBERED + 29)])).toBe(list);
  });
  it("has calls that rang nowhere among the missed ones, once", () => {
    const told = {
      call: past(1).call,
      caller: "person/bruno.verdi",
      at: 1_800_000_000,
      precedence: "flash",
      emergency: true,
    } as const;
    const list = remembered([], [missedPast(told)]);
    expect(missedIn(list)).toBe(1);
    expect(list[0]).toMatchObject({ person: "bruno.verdi", beganAt: 1_800_000_000_000 });
    expect(readHistory(writeHistory(list))).toEqual(list);
    const seen = looked(list);
    expect(remembered(seen, [missedPast(told)])).toBe(seen);
  });
  it("keeps what was looked at as looked at when the same call is told again", () => {
    const seen = looked(remembered([], [past(1)]));
    expect(missedIn(seen)).toBe(0);
    expect(missedIn(remembered(seen, [past(1)]))).toBe(0);
    expect(looked(seen)).toBe(seen);
  });
  it("calls missed only what nobody here has answered, refused or given way to", () => {
    const missing = CAUSES.filter((cause) => isMissed(past(1, { cause })));
    expect(CAUSES.filter((cause) => !missing.includes(cause))).toEqual([
      "declined",
      "answered elsewhere",
      "glare",
    ]);
    expect(isMissed(past(1, { answeredAt: 1_800_000_000_500 }))).toBe(false);
    expect(isMissed(past(1, { side: "caller" }))).toBe(false);
  });
  it("is read as it was written, also when it is full", () => {
    const full = Array.from({ length: MOST_REMEMBERED }, (_, at) =>
      past(at, {
        cause: CAUSES[at % CAUSES.length] ?? null,
        person: "x".repeat(63),
        refused: { why: TROUBLES[at % TROUBLES.length] ?? "failed", device: "y".repeat(63) },
      }),
    );
    const octets = writeHistory(full);
    expect(octets.length).toBeLessThan(LARGEST_HISTORY);
    expect(readHistory(octets)).toEqual(full);
  });
  it("is read where it was written before refusals were kept", () => {
    const text = ofUtf8(writeHistory([past(1)]));
    const older = text.replace('"refused":null,', "");
    expect(older).not.toBe(text);
    expect(readHistory(utf8(older))).toEqual([past(1)]);
  });
  it.each<[string, (text: string) => string]>([
    ["another form", (text) => text.replace("history/v1", "history/v2")],
    ["no cause of ours", (text) => text.replace("no answer", "no reason")],
    ["a call that is no id", (text) => text.replace(/"call":"0/, '"call":"x')],
    ["a moment before all", (text) => text.replace('"endedAt":1', '"endedAt":-1')],
    ["a third side", (text) => text.replace("callee", "judge")],
    ["nobody's name", (text) => text.replace("bruno.verdi", "")],
    ["a refusal for no reason of ours", (text) => text.replace('"changed"', '"whatever"')],
    ["a refusal that is a word", (text) => text.replace(/"refused":\{[^}]*\}/, '"refused":"yes"')],
    ["a text that breaks off", (text) => text.slice(0, -1)],
    ["a name twice", (text) => text.replace('"seen":false', '"seen":false,"seen":true')],
  ])("is refused with %s", (_, change) => {
    const refused = { why: "changed", device: "phone" } as const;
    const text = ofUtf8(writeHistory([past(1, { refused })]));
    const other = change(text);
    expect(other).not.toBe(text);
    expect(() => readHistory(utf8(other))).toThrow();
  });
  it("is refused, or read as a whole, whatever octet of it is altered", () => {
    const octets = writeHistory([past(1), past(2)]);
    for (let at = 0; at < octets.length; at++) {
      const altered = octets.slice();
      altered[at] = (altered[at] ?? 0) ^ 0x11;
      try {
        for (const each of readHistory(altered)) expect(each.call).toMatch(/^[0-9a-f]{32}$/);
      } catch (problem) {
        expect((problem as Error).name).toBe("TrustError");
      }
    }
  });
});
