import { describe, expect, it } from "vitest";
import { PRECEDENCES } from "../../api/authority";
import { CAUSES } from "../signalling/causes";
import { STATES } from "../signalling/steps";
import type { TalkView } from "../talk/talkView";
import { levelOf } from "./level";
import { actOf, type Press, SHORTCUTS } from "./shortcuts";
import { duration, inFront, pastOf, qualityOf, shownTalks, wasPreempted } from "./talks";
import { loudness, TONES, toneFor, urgency } from "./tones";

const NOW = 1_800_000_000_000;
let number = 0;
const talk = (change: Partial<TalkView> = {}): TalkView => ({
  call: (number++).toString(16).padStart(32, "0"),
  side: "callee",
  person: "bruno.verdi",
  device: "phone",
  precedence: "routine",
  emergency: false,
  state: "talking",
  heldHere: false,
  heldThere: false,
  muted: false,
  beganAt: NOW + number,
  answeredAt: null,
  endedAt: null,
  security: { state: "preparing" },
  media: "none",
  quality: null,
  cause: null,
  instead: "",
  problem: "",
  ...change,
});

describe("the talk in front", () => {
  it("is the most urgent that rings, then who is spoken with, then who waits", () => {
    const held = talk({ heldHere: true });
    const spoken = talk();
    const rings = talk({ state: "ringing here", precedence: "priority" });
    const flash = talk({ state: "ringing here", precedence: "flash" });
    expect(inFront([held, spoken, rings, flash])).toBe(flash);
    expect(inFront([held, spoken, rings])).toBe(rings);
    expect(inFront([held, spoken])).toBe(spoken);
    expect(inFront([held])).toBe(held);
    expect(inFront([])).toBeNull();
  });
});

describe("the talks shown", () => {
  const over = (change: Partial<TalkView>) => talk({ state: "over", endedAt: NOW, ...change });
  const shown = (talks: TalkView[], now: number) =>
    shownTalks(talks, new Set(), now).map(({ call }) => call);

  it("lose an ordinary end after a while, never one that somebody else decided", () => {
    const plain = over({ cause: "hung up" });
    const yielded = over({ cause: "pre-empted by path" });
    const broken = over({ cause: "unable", problem: "The code is wrong." });
    expect(shown([plain, yielded, broken], NOW + 1_000)).toHaveLength(3);
    expect(shown([plain, yielded, broken], NOW + 60_000)).toEqual([yielded.call, broken.call]);
  });
  it("lose what was dismissed, and keep what goes on", () => {
    const live = talk();
    const yielded = over({ cause: "pre-empted reserved" });
    const all = new Set([live.call, yielded.call]);
    expect(shownTalks([live, yielded], all, NOW)).toEqual([live]);
  });
  it("know every cause of pre-emption", () => {
    expect(CAUSES.filter(wasPreempted)).toHaveLength(5);
    expect(wasPreempted(null)).toBe(false);
  });
});

it("a talk is remembered with whole milliseconds", () => {
  const past = pastOf(talk({ beganAt: 1.7, answeredAt: 2.2, endedAt: 3.9, cause: "hung up" }));
  expect(past).toMatchObject({ beganAt: 1, answeredAt: 2, endedAt: 3, seen: false });
});

it.each([
  [-5, "0:00"],
  [42_900, "0:42"],
  [727_000, "12:07"],
  [3_753_000, "1:02:33"],
])("%d ms are %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

it.each([
  [4.4, "good"],
  [4.03, "good"],
  [3.7, "fair"],
  [3.59, "poor"],
])("a score of %d is %s", (mos, level) => {
  expect(qualityOf(mos)).toBe(level);
});

describe("tones", () => {
  const heard = (state: TalkView["state"], change: Partial<TalkView> = {}) =>
    talk({ state, ...change });

  it("ring more and pause less the more urgent a call is", () => {
    const rank = PRECEDENCES.map((each) => TONES[each]);
    for (const [at, tone] of rank.slice(1).entries()) {
      const before = rank[at];
      expect(tone.period).toBeLessThan(before?.period ?? 0);
      expect(tone.bursts.length).toBeGreaterThanOrEqual(before?.bursts.length ?? 99);
    }
  });
  it("fit into their period and follow each other", () => {
    for (const { bursts, period } of Object.values(TONES)) {
      for (const [at, { at: start, lasts, hz }] of bursts.entries()) {
        const next = bursts[at + 1]?.at ?? period;
        expect(start + lasts).toBeLessThanOrEqual(next + 1e-9);
        expect(lasts).toBeGreaterThan(0.1);
        for (const each of hz) expect(each).toBeGreaterThan(300);
      }
    }
  });
  it("are one for all calls: what rings, a low sign beside a talk, the other end's ringing", () => {
    expect(toneFor([])).toBeNull();
    expect(toneFor([heard("incoming")])).toBeNull();
    expect(toneFor([heard("ringing there")])).toBe(TONES["ringing there"]);
    expect(toneFor([heard("ringing here"), heard("ringing here", { precedence: "flash" })])).toBe(
      TONES.flash,
    );
    expect(toneFor([heard("ringing here", { emergency: true })])).toBe(TONES.emergency);
    expect(toneFor([heard("talking"), heard("ringing here")])).toBe(TONES.waiting);
    expect(toneFor([heard("talking"), heard("ringing there")])).toBeNull();
    for (const state of STATES) toneFor([heard(state)]);
  });
  it("are silent where somebody wants it, but for flash override", () => {
    expect(loudness("flash", 0.7, true)).toBe(0);
    expect(loudness("flash-override", 0, true)).toBeGreaterThan(0);
    expect(loudness("routine", 0.7, false)).toBe(0.7);
  });
  it("rank an emergency above flash and below flash override", () => {
    const emergency = urgency({ precedence: "routine", emergency: true });
    expect(emergency).toBeGreaterThan(urgency({ precedence: "flash", emergency: false }));
    expect(emergency).toBeLessThan(urgency({ precedence: "flash-override", emergency: false }));
  });
});

describe("keys", () => {
  const press = (key: string, change: Partial<Press> = {}): Press => ({
    key,
    ctrlKey: false,
    altKey: false,
    metaKey: false,
    repeat: false,
    defaultPrevented: false,
    ...change,
  });

  it.each(Object.entries(SHORTCUTS))("%s asks for %s", (key, act) => {
    expect(actOf(press(key), false, false)).toBe(act);
    expect(actOf(press(key.toUpperCase()), false, false)).toBe(act);
  });
  it("do nothing while somebody writes, in a dialog, with another key, or held down", () => {
    expect(actOf(press("e"), true, false)).toBeNull();
    expect(actOf(press("e"), false, true)).toBeNull();
    for (const held of ["ctrlKey", "altKey", "metaKey", "repeat", "defaultPrevented"]) {
      expect(actOf(press("e", { [held]: true }), false, false)).toBeNull();
    }
    expect(actOf(press("constructor"), false, false)).toBeNull();
  });
});

describe("the level of a microphone", () => {
  const wave = (size: number) => Float32Array.from({ length: 512 }, (_, at) => size * Math.sin(at));

  it("is nothing in silence and grows with the sound", () => {
    expect(levelOf(new Float32Array(64))).toBe(0);
    expect(levelOf(new Float32Array(0))).toBe(0);
    const [low, high] = [levelOf(wave(0.01)), levelOf(wave(0.5))];
    expect(low).toBeGreaterThan(0);
    expect(high).toBeGreaterThan(low);
    expect(levelOf(wave(4))).toBe(1);
  });
});
