import { describe, expect, it } from "vitest";
import { type Chance, random } from "../media/seeded.testing";
import type { Body } from "./bodies";
import { Dialogue, MOST_UNHEARD, type Speaker, WINDOW } from "./dialogue";
import type { Message } from "./message";
import { ALIVE_AFTER_S, FIRST_REPEAT_S, GIVE_UP_S, LONGEST_REPEAT_S } from "./timers";

const CALL = "0f".repeat(16);
const ONE: Speaker = { call: CALL, leg: "person/anna/phone", side: "caller", life: 10 };
const OTHER: Speaker = { call: CALL, leg: "office/rome", side: "callee", life: 20 };
const HOLD: Body = { type: "hold" };

const of = (speaker: Speaker, number: number, body: Body): Message => ({
  ...speaker,
  number,
  body,
});

/** What both ends said and heard over a network that loses, repeats and reorders. */
function talked(chance: Chance, lossPercent: number, many: number) {
  const ends = [ONE, OTHER].map((own) => ({
    own,
    dialogue: new Dialogue(own),
    said: [] as Body[],
    heard: [] as Body[],
  }));
  const flying: Message[] = [];
  let now = 0;
  const settled = () => ends.every(({ dialogue }) => dialogue.settled);
  for (; now < 400 && (now < 20 || !settled()); now += 0.1) {
    for (const { dialogue, said } of ends) {
      if (said.length < many && chance.below(10) < 3) {
        said.push({
          type: "info",
          device: "",
          opaque: chance.octets(3),
          fragment: "",
          relay: null,
        });
        dialogue.say(said.at(-1) ?? HOLD, now);
      }
      dialogue.handleTimer(now);
      for (const message of dialogue.outgoing()) {
        if (chance.below(100) < lossPercent) continue;
        for (let copy = 0; copy <= chance.below(2); copy++) {
          flying.splice(chance.below(flying.length + 1), 0, message);
        }
      }
    }
    for (const message of flying.splice(0, Math.floor(flying.length / 2) + 1)) {
      const to = ends.find(({ own }) => own.leg !== message.leg);
      to?.heard.push(...to.dialogue.hear(message, now));
    }
    if (ends.some(({ dialogue }) => dialogue.failure !== null)) return { ends, failed: true };
  }
  return { ends, failed: false };
}

describe("a dialogue", () => {
  it("is heard once and in order, whatever the network does", () => {
    let whole = 0;
    for (let seed = 0; seed < 60; seed++) {
      const chance = random(seed);
      const { ends, failed } = talked(chance, chance.below(50), 1 + chance.below(30));
      const [one, other] = ends;
      for (const [speaker, listener] of [
        [one, other],
        [other, one],
      ]) {
        const heard = listener?.heard ?? [];
        expect(heard).toEqual(failed ? speaker?.said.slice(0, heard.length) : speaker?.said);
      }
      whole += failed ? 0 : 1;
    }
    expect(whole).toBeGreaterThan(50);
  });

  it("repeats what is not acknowledged, then gives up", () => {
    const one = new Dialogue(ONE);
    one.say(HOLD, 0);
    expect(one.outgoing()).toEqual([of(ONE, 1, HOLD)]);
    const times: number[] = [];
    let last = 0;
    for (let at = one.nextTimer(); at !== null; at = one.nextTimer()) {
      last = at;
      one.handleTimer(at);
      for (const message of one.outgoing()) {
        expect(message).toEqual(of(ONE, 1, HOLD));
        times.push(at);
      }
    }
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(times[0]).toBe(FIRST_REPEAT_S);
    expect(gaps.slice(0, 3)).toEqual([2, 4, 8].map((factor) => factor * FIRST_REPEAT_S));
    expect(new Set(gaps.slice(3))).toEqual(new Set([LONGEST_REPEAT_S]));
    expect([last, one.failure]).toEqual([GIVE_UP_S, "site lost"]);
    one.say(HOLD, last);
    expect(one.outgoing()).toEqual([]);
  });

  it("breaks its silence, and is silent once closed", () => {
    const one = new Dialogue(ONE);
    one.say(HOLD, 0);
    one.outgoing();
    one.hear(of(OTHER, 0, { type: "acknowledgement", upto: 1, of: 10 }), 0);
    expect(one.nextTimer()).toBe(ALIVE_AFTER_S);
    one.handleTimer(ALIVE_AFTER_S);
    expect(one.outgoing()).toEqual([of(ONE, 2, { type: "alive" })]);
    one.hear(of(OTHER, 0, { type: "acknowledgement", upto: 2, of: 10 }), 11);
    one.close();
    expect(one.nextTimer()).toBeNull();
    one.hurry(12);
    expect(one.outgoing()).toEqual([]);
  });

  it("asks at once when the way has returned", () => {
    const one = new Dialogue(ONE);
    one.hurry(0);
    expect(one.outgoing()).toEqual([of(ONE, 1, { type: "alive" })]);
    one.handleTimer(20);
    one.outgoing();
    one.hurry(20.1);
    expect(one.nextTimer()).toBe(20.1);
    one.handleTimer(20.1);
    expect(one.outgoing()).toHaveLength(1);
  });

  it("takes a later life and ignorance for a restart, an earlier life for nothing", () => {
    for (const message of [
      of({ ...OTHER, life: 21 }, 1, HOLD),
      of({ ...OTHER, life: 21 }, 0, { type: "unknown" }),
      of(OTHER, 0, { type: "unknown" }),
    ]) {
      const one = new Dialogue(ONE);
      expect(one.hear(of(OTHER, 1, HOLD), 0)).toEqual([HOLD]);
      expect(one.hear(of({ ...OTHER, life: 19 }, 2, HOLD), 0)).toEqual([]);
      expect(one.failure).toBeNull();
      expect(one.hear(message, 0)).toEqual([]);
      expect(one.failure).toBe("restarted");
    }
    const one = new Dialogue(ONE);
    one.hear(of(OTHER, 0, { type: "unknown" }), 0);
    expect(one.failure).toBeNull();
  });

  it("is not harmed by acknowledgements of another life, or of too much", () => {
    const one = new Dialogue(ONE);
    one.say(HOLD, 0);
    one.hear(of(OTHER, 0, { type: "acknowledgement", upto: 1, of: 9 }), 0);
    expect(one.settled).toBe(false);
    one.hear(of(OTHER, 0, { type: "acknowledgement", upto: 10 ** 6, of: 10 }), 0);
    expect(one.settled).toBe(true);
    one.say(HOLD, 0);
    expect(one.settled).toBe(false);
  });

  it("takes no memory for who hears nothing, or says what is far ahead", () => {
    const one = new Dialogue(ONE);
    // What comes too early is dropped: it is not heard when its turn comes.
    one.hear(of(OTHER, WINDOW + 1, HOLD), 0);
    for (let number = 1; number <= WINDOW; number++) one.hear(of(OTHER, number, HOLD), 0);
    const last = one.outgoing().at(-1)?.body;
    expect(last).toEqual({ type: "acknowledgement", upto: WINDOW, of: 20 });
    for (let each = 0; each < MOST_UNHEARD; each++) one.say(HOLD, 0);
    expect(one.failure).toBeNull();
    one.say(HOLD, 0);
    expect(one.failure).toBe("site lost");
  });
});
