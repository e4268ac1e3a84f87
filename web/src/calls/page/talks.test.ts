import { describe, expect, it } from "vitest";
import { PRECEDENCES } from "../../api/authority";
import { CAUSES } from "../signalling/causes";
import { STATES } from "../signalling/steps";
import type { TalkView } from "../talk/talkView";
import { levelOf } from "./level";
import { actOf, type Press, SHORTCUTS } from "./shortcuts";
import { duration, inFront, pastOf, qualityOf, shownTalks, wasPreempted } from "./talks";
import { loudness, TONES, type ToneName, toneFor, urgency } from "./tones";

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
  trouble: null,
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
    const broken = over({ cause: "unable", trouble: "changed" });
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

describe("a call that was refused for its security", () => {
  it("is remembered with why and with which device", () => {
    const over = { state: "over", endedAt: NOW, cause: "unable" } as const;
    expect(pastOf(talk({ ...over, trouble: "changed" })).refused).toEqual({
      why: "changed",
      device: "phone",
    });
    for (const trouble of ["microphone", "no relay", null] as const) {
      expect(pastOf(talk({ ...over, trouble })).refused).toBeNull();
    }
  });
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

  const rising = {
    "beside nothing": PRECEDENCES.map((each) => TONES[each]),
    "beside a talk": PRECEDENCES.map((each) => TONES[`waiting ${each}`]),
  };
  it.each(Object.entries(rising))("sound more and pause less the more urgent: %s", (_, rank) => {
    for (const [at, tone] of rank.slice(1).entries()) {
      const before = rank[at];
      expect(tone.period).toBeLessThan(before?.period ?? 0);
      expect(tone.bursts.length).toBeGreaterThan(before?.bursts.length ?? 99);
    }
  });
  it("are each named as they stand, and no two sound alike", () => {
    const bursts = new Set<string>();
    for (const [name, tone] of Object.entries(TONES)) {
      expect(tone.name).toBe(name);
      bursts.add(JSON.stringify(tone.bursts));
    }
    // The other end's ringing and one's own have a single sound, of other notes and length.
    expect(bursts.size).toBe(Object.keys(TONES).length);
  });
  it("have notes of their own for an emergency", () => {
    const notesOf = (name: ToneName) => new Set(TONES[name].bursts.flatMap(({ hz }) => hz));
    for (const each of PRECEDENCES) {
      for (const name of [each, `waiting ${each}`] as const) {
        for (const hz of notesOf("emergency")) expect(notesOf(name)).not.toContain(hz);
        for (const hz of notesOf("waiting emergency")) expect(notesOf(name)).not.toContain(hz);
      }
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
    for (const precedence of PRECEDENCES) {
      const ringing = heard("ringing here", { precedence });
      expect(toneFor([ringing])).toBe(TONES[precedence]);
      expect(toneFor([heard("talking"), ringing])).toBe(TONES[`waiting ${precedence}`]);
    }
    expect(toneFor([heard("talking"), heard("ringing here", { emergency: true })])).toBe(
      TONES["waiting emergency"],
    );
    expect(toneFor([heard("talking"), heard("ringing there")])).toBeNull();
    for (const state of STATES) toneFor([heard(state)]);
  });
  it("are silent where somebody wants it, but for flash override and emergencies", () => {
    for (const talking of [[], [heard("talking")]]) {
      for (const precedence of PRECEDENCES) {
        for (const emergency of [false, true]) {
          const rings = heard("ringing here", { precedence, emergency });
          const { name } = toneFor([...talking, rings]) ?? TONES.text;
          const urgent = emergency || precedence === "flash-override";
          for (const [volume, silent] of [
            [0.7, true],
            [0, false],
            [0, true],
          ] as const) {
            expect(loudness(name, volume, silent) > 0, `${name} ${volume}`).toBe(urgent);
          }
        }
      }
    }
    expect(loudness("text", 0.7, true)).toBe(0);
  });
  it("are as loud as somebody wants; beside a talk less, and more the more urgent a call is", () => {
    expect(loudness("routine", 0.7, false)).toBe(0.7);
    expect(loudness("flash-override", 0.7, true)).toBe(0.7);
    const beside = ([...PRECEDENCES] as const).map((each) => `waiting ${each}` as const);
    for (const [at, name] of beside.entries()) {
      const [low, high] = [loudness(name, 0.5, false), loudness(name, 1, false)];
      expect(low).toBeLessThan(high);
      expect(high).toBeLessThan(1);
      const before = beside[at - 1];
      if (before) expect(high).toBeGreaterThan(loudness(before, 1, false));
    }
    const emergency = loudness("waiting emergency", 1, false);
    expect(emergency).toBeGreaterThan(loudness("waiting flash", 1, false));
    expect(emergency).toBeLessThan(loudness("waiting flash-override", 1, false));
  });
  it("of a flash override that is an emergency too are those of flash override", () => {
    const both = heard("ringing here", { precedence: "flash-override", emergency: true });
    expect(toneFor([both])).toBe(TONES["flash-override"]);
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
