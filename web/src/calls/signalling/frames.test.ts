import { describe, expect, it } from "vitest";
import { envelopeOfJson, envelopeToJson } from "../../trust/envelope";
import { TrustError } from "../../trust/errors";
import { ofUtf8 } from "../../trust/octets";
import { random } from "../media/seeded.testing";
import vectors from "../qualityVectors.json";
import { ATTENDANCE_TYPE, attendance } from "./attendance";
import { ANNAS, BRUNO, BRUNOS, Desk, dialOf, idOf, PLACED, ROME } from "./edge.testing";
import {
  attendFrame,
  callFrame,
  type Frame,
  LARGEST_HEARD,
  type MissedCall,
  MOST_MISSED,
  MOST_PEOPLE,
  notedFrame,
  peopleAfter,
  type Report,
  readFrame,
  reportFrame,
} from "./frames";
import type { Message } from "./message";
import { nextLife, Waits } from "./waits";

const CHALLENGE = { type: "challenge", edge: ROME, challenge: "0f".repeat(32) } as const;
const PRESENT = { person: BRUNO, site: ROME, devices: ["laptop", "phone"] };
const CALL: Message = {
  call: idOf(1),
  leg: ROME,
  side: "caller",
  life: 50,
  number: 1,
  body: dialOf(),
};
const MISSED: MissedCall = {
  call: idOf(1),
  caller: BRUNO,
  at: 1_800_000_000,
  precedence: "flash",
  emergency: true,
};
const FRAMES: Frame[] = [
  CHALLENGE,
  { type: "attending", device: ANNAS },
  { type: "call", message: CALL },
  { type: "people", people: [PRESENT, { person: "person/carla", site: ROME, devices: [] }] },
  { type: "people", people: [PRESENT], left: ["person/dario"] },
  { type: "problem", sentence: "Attenzione: è tardi." },
  { type: "slot", inMs: 14_999, holdMs: 60 },
  { type: "missed", calls: [MISSED, { ...MISSED, call: idOf(2) }] },
];
const TEXTS = FRAMES.map(written);

function written(frame: Frame): string {
  if (frame.type === "call") return callFrame(frame.message);
  if (frame.type !== "slot") return JSON.stringify(frame);
  return JSON.stringify({ type: "slot", in_ms: frame.inMs, hold_ms: frame.holdMs });
}

describe("what an edge says", () => {
  it.each(FRAMES.map((frame, index) => [frame.type, index] as const))("is read: %s", (_, index) => {
    expect(readFrame(TEXTS[index] ?? "")).toEqual(FRAMES[index]);
  });

  const people = (...changed: object[]) => ({
    type: "people",
    people: changed.map((each) => ({ ...PRESENT, ...each })),
  });
  const missed = (...changed: object[]) => ({
    type: "missed",
    calls: changed.map((each) => ({ ...MISSED, ...each })),
  });
  const idsTo = (count: number) => Array.from({ length: count }, (_, at) => ({ call: idOf(at) }));
  it("tells of so many missed calls, and hears which are kept", () => {
    const read = readFrame(JSON.stringify(missed(...idsTo(MOST_MISSED))));
    expect(read.type === "missed" && read.calls).toHaveLength(MOST_MISSED);
    expect(JSON.parse(notedFrame([idOf(1)]))).toEqual({ type: "noted", calls: [idOf(1)] });
    expect(() => notedFrame(["x"])).toThrow(TrustError);
  });
  it.each<[string, unknown]>([
    ["nothing", null],
    ["a list", FRAMES],
    ["no type", { sentence: "x" }],
    ["another type", { type: "attend", attendance: {} }],
    ["another field", { ...CHALLENGE, more: 1 }],
    ["a challenge that is short", { ...CHALLENGE, challenge: "0f" }],
    ["a challenge in capitals", { ...CHALLENGE, challenge: "0F".repeat(32) }],
    ["an edge that is a person", { ...CHALLENGE, edge: ANNAS }],
    ["a device that is a site", { type: "attending", device: ROME }],
    ["a call without a message", { type: "call", message: null }],
    ["people who are no list", { type: "people", people: PRESENT }],
    ["a person with a device", people({ person: ANNAS })],
    ["a site that is a person", people({ site: ANNAS })],
    ["devices with paths", people({ devices: [ANNAS] })],
    ["a device twice", people({ devices: ["a", "a"] })],
    ["too many devices", people({ devices: Array.from({ length: 17 }, (_, at) => `d${at}`) })],
    ["a person twice", people({}, {})],
    ["a person with more", people({ more: 1 })],
    ["who left in no list", { ...people({}), left: ANNAS }],
    ["a device that left for a person", { ...people({}), left: [ANNAS] }],
    ["somebody who left and is there", { ...people({}), left: [BRUNO] }],
    ["an edge of a slot that is over", { type: "slot", in_ms: -1, hold_ms: 60 }],
    ["an edge after the next one", { type: "slot", in_ms: 15_001, hold_ms: 60 }],
    ["half a millisecond", { type: "slot", in_ms: 0.5, hold_ms: 60 }],
    ["more in hand than a call bears", { type: "slot", in_ms: 1, hold_ms: 501 }],
    ["an edge without a measure", { type: "slot", in_ms: 1 }],
    ["a missed call of a device", missed({ caller: BRUNOS })],
    ["a missed call that is no call", missed({ call: "1" })],
    ["a missed call of no precedence", missed({ precedence: "urgent" })],
    ["a missed call of half an emergency", missed({ emergency: 1 })],
    ["a missed call in no year", missed({ at: 1e12 })],
    ["a missed call with more", missed({ more: 1 })],
    ["a missed call twice", missed({}, {})],
    ["too many missed calls", missed(...idsTo(MOST_MISSED + 1))],
    ["a sentence that is none", { type: "problem", sentence: 5 }],
    ["a sentence that never ends", { type: "problem", sentence: "x".repeat(2_001) }],
  ])("is refused with %s", (_, value) => {
    expect(() => readFrame(JSON.stringify(value))).toThrow(TrustError);
  });

  it("tells of everybody, and then of what has changed", () => {
    const [anna, away] = [
      { ...PRESENT, person: "person/anna" },
      { ...PRESENT, devices: [] },
    ];
    const all = peopleAfter(new Map(), { type: "people", people: [PRESENT, anna] });
    expect([...all.values()]).toEqual([anna, PRESENT]);
    const changed = peopleAfter(all, { type: "people", people: [away], left: ["person/anna"] });
    expect([...changed.values()]).toEqual([away]);
    expect([...peopleAfter(changed, { type: "people", people: [anna] }).values()]).toEqual([anna]);
  });

  it("tells of no more people than there may be, in however many frames", () => {
    const some = (from: number, count: number) =>
      Array.from({ length: count }, (_, at) => ({ ...PRESENT, person: `person/p${from + at}` }));
    const full = peopleAfter(new Map(), { type: "people", people: some(0, MOST_PEOPLE) });
    expect(full.size).toBe(MOST_PEOPLE);
    const more = { type: "people", people: some(MOST_PEOPLE, 1) } as const;
    expect(() => peopleAfter(full, { ...more, left: [] })).toThrow(/more than 10000 people/);
    expect(full.size).toBe(MOST_PEOPLE);
    expect(peopleAfter(full, { ...more, left: ["person/p0"] }).size).toBe(MOST_PEOPLE);
    expect(peopleAfter(full, more).size).toBe(1);
  });

  it("is bounded", () => {
    const everybody = (count: number) =>
      JSON.stringify(
        people(...Array.from({ length: count }, (_, at) => ({ person: `person/p${at}` }))),
      );
    const read = readFrame(everybody(MOST_PEOPLE));
    expect(read.type === "people" && read.people).toHaveLength(MOST_PEOPLE);
    expect(() => readFrame(everybody(MOST_PEOPLE + 1))).toThrow(TrustError);
    expect(() => readFrame(`${" ".repeat(LARGEST_HEARD)}${TEXTS[1]}`)).toThrow(/too large/);
  });

  it("is refused in a sentence, whatever it is, and no call is harmed", () => {
    const chance = random(0xf0f0);
    const desk = new Desk();
    const call = desk.dial();
    let refused = 0;
    for (let round = 0; round < 3_000; round++) {
      const halves = Array.from(TEXTS[chance.below(TEXTS.length)] ?? "");
      for (let change = 0; change <= chance.below(3); change++) {
        const width = chance.below(3);
        const drawn = String.fromCharCode(chance.below(chance.below(2) === 0 ? 128 : 65_536));
        halves.splice(chance.below(halves.length), width, drawn);
      }
      try {
        const frame = readFrame(halves.join(""));
        if (frame.type === "call") desk.hand(frame.message);
      } catch (problem) {
        expect(problem).toBeInstanceOf(TrustError);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(2_000);
    expect(refused).toBeLessThan(3_000);
    expect(desk.stateOf(call)).toBe("dialling");
    desk.say(call, { type: "ringing", device: BRUNOS, ...PLACED });
    expect(desk.stateOf(call)).toBe("ringing there");
  });
});

describe("a report", () => {
  it.each(vectors.reports)("is said as edges read it: $report", ({ report }) => {
    const said = reportFrame(idOf(1), report);
    expect(JSON.parse(said ?? "")).toEqual({ type: "report", call: idOf(1), ...report });
  });

  it.each(vectors.refused)("is not said where no edge would take it: %o", (report) => {
    expect(reportFrame(idOf(1), report as unknown as Report)).toBeNull();
  });

  it("has numbers, and a call", () => {
    const [{ report } = { report: null }] = vectors.reports;
    if (report === null) throw new Error("There are no reports.");
    for (const number of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(reportFrame(idOf(1), { ...report, jitter_ms: number })).toBeNull();
    }
    expect(() => reportFrame("x", report)).toThrow(TrustError);
  });
});

describe("an attendance", () => {
  it("is signed over the challenge, the edge and the page, in one written form", async () => {
    const signed: string[] = [];
    const who = {
      device: ANNAS,
      uri: `spiffe://italia.example/${ANNAS}`,
      origin: "https://rome.example",
      sign: async (payload: Uint8Array<ArrayBuffer>, payloadType: string) => {
        signed.push(ofUtf8(payload));
        const one = { chain: [Uint8Array.of(1)], signature: Uint8Array.of(2), keyId: "" };
        return { payload, payloadType, signatures: [one] };
      },
    };
    const envelope = await attendance(who, CHALLENGE, 1_790_000_000);
    const { challenge, edge } = CHALLENGE;
    const stated = { at: 1_790_000_000, challenge, edge, origin: "https://rome.example" };
    expect(signed).toEqual([JSON.stringify(stated)]);
    expect(envelope.payloadType).toBe(ATTENDANCE_TYPE);
    const frame = JSON.parse(attendFrame(envelopeToJson(envelope)));
    expect(frame.type).toBe("attend");
    expect(envelopeOfJson(frame.attendance)).toEqual(envelope);
    for (const at of [0, 1.5, Number.NaN]) {
      expect(() => attendance(who, CHALLENGE, at)).toThrow(TrustError);
    }
  });
});

describe("waits", () => {
  it("grow while visits are short, and begin anew after a long one", () => {
    const waits = new Waits();
    const some = Array.from({ length: 9 }, () => waits.after(1006, 1, 1));
    expect(some).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30, 30]);
    expect(waits.after(1006, 60, 1)).toBe(0.5);
    expect(waits.after(1006, 0, 0)).toBe(0.5);
    expect(new Waits().after(4001, 0, 1)).toBe(15);
    expect(Array.from({ length: 99 }, () => waits.after(4005, 0, 1)).at(-1)).toBe(900);
  });

  it("and a life is later than any before, whatever the clock says", () => {
    expect(nextLife(null, 1_790_000_000_000.5)).toBe(1_790_000_000_000);
    expect(nextLife("1790000000000", 5)).toBe(1_790_000_000_001);
    expect(nextLife("nonsense", 5)).toBe(5);
  });
});
