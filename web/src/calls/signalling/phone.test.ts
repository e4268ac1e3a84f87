import { describe, expect, it } from "vitest";
import type { Body } from "./bodies";
import { ANNAS, BRUNO, BRUNOS, Desk, dialOf, idOf, MEDIA, PLACED, ROME } from "./edge.testing";
import { MOST_CALLS } from "./phone";
import { type Input, STATES, type State } from "./steps";
import { ALIVE_AFTER_S, GIVE_UP_S, LINGER_S } from "./timers";

const IN = idOf(1);
const end = (
  cause: "hung up" | "answered elsewhere" | "glare" | "no answer",
  instead = "",
): Body => ({
  type: "end",
  cause,
  instead,
});

describe("a call that is dialled", () => {
  it("rings there, is answered and hung up", () => {
    const desk = new Desk();
    const call = desk.dial();
    const own = { ...MEDIA, relay: null };
    const said = { caller: ANNAS, callee: BRUNO, precedence: "flash", emergency: true, ...own };
    expect(desk.heard.get(call)).toEqual([{ type: "dial", ...said }]);
    for (const device of [BRUNOS, "person/bruno/phone"]) {
      desk.say(call, { type: "ringing", device, ...PLACED });
      expect(desk.told()).toEqual([{ kind: "ringing", call, device, ...PLACED }]);
    }
    expect(desk.phone.info(call, MEDIA, desk.now, BRUNOS)).toBe(true);
    desk.say(call, { type: "answer", device: BRUNOS, ...PLACED });
    expect(desk.told()).toEqual([{ kind: "answered", call, device: BRUNOS, ...PLACED }]);
    expect(desk.phone.calls[0]).toMatchObject({ state: "talking", device: BRUNOS, person: BRUNO });
    expect(desk.phone.end(call, "hung up", desk.now)).toBe(true);
    desk.run();
    expect(desk.heard.get(call)?.slice(1)).toEqual([
      { type: "info", device: BRUNOS, ...own },
      end("hung up"),
    ]);
    expect(desk.told()).toEqual([{ kind: "ended", call, cause: "hung up", instead: "" }]);
  });

  it("is silent once it is over: nothing more is repeated, and nobody is told that we are there", () => {
    const desk = new Desk();
    const call = desk.dial();
    expect(desk.phone.info(call, MEDIA, desk.now)).toBe(true);
    expect(desk.taken()).toHaveLength(1); // and lost on its way
    desk.say(call, end("no answer"));
    expect(desk.phone.nextTimer()).toBe(desk.now + LINGER_S);
    const other = desk.dial();
    desk.wait(3);
    desk.phone.end(other, "hung up", desk.now);
    desk.run();
    expect(desk.phone.nextTimer()).toBe(desk.now - 3 + LINGER_S);
    desk.wait(4);
    desk.wait(LINGER_S);
    expect(desk.phone.calls).toEqual([]);
    expect(desk.heard.get(call)).toHaveLength(1);
  });

  it("is one too many for the phone itself", () => {
    const desk = new Desk();
    for (let each = 0; each < MOST_CALLS; each++) desk.dial();
    const call = desk.dial();
    expect(desk.told()).toEqual([{ kind: "ended", call, cause: "too many", instead: "" }]);
    desk.called(IN);
    expect(desk.told()).toMatchObject([{ kind: "problem" }]);
    expect(desk.phone.calls).toHaveLength(MOST_CALLS);
  });

  it("is refused before anything is said, if it asks for what cannot be", () => {
    const { phone } = new Desk();
    const wish = { person: BRUNO, precedence: "routine", emergency: false, ...MEDIA } as const;
    const large = { opaque: new Uint8Array(64 * 1024 + 1), fragment: "" };
    for (const bad of [{ person: BRUNOS }, { fragment: "x" }, large]) {
      expect(() => phone.dial({ ...wish, ...bad }, 0)).toThrow(/dropped/);
    }
    expect([phone.calls, phone.outgoing()]).toEqual([[], []]);
  });
});

describe("a call that comes in", () => {
  it("rings, is answered, held by both and resumed", () => {
    const desk = new Desk();
    desk.called(IN);
    expect(desk.told()).toEqual([{ kind: "incoming", call: IN, dial: dialOf() }]);
    expect(desk.phone.ring(IN, MEDIA, desk.now)).toBe(true);
    expect(desk.phone.answer(IN, MEDIA, desk.now)).toBe(true);
    expect(desk.phone.hold(IN, desk.now)).toBe(true);
    expect(desk.phone.hold(IN, desk.now)).toBe(false);
    desk.say(IN, { type: "hold" });
    desk.say(IN, { type: "hold" });
    expect(desk.told()).toEqual([{ kind: "held", call: IN, held: true }]);
    expect(desk.phone.calls[0]).toMatchObject({ heldHere: true, heldThere: true });
    desk.say(IN, { type: "resume" });
    expect(desk.phone.resume(IN, desk.now)).toBe(true);
    desk.run();
    expect(desk.phone.calls[0]).toMatchObject({ heldHere: false, heldThere: false });
    const own = { device: ANNAS, ...MEDIA, relay: null };
    expect(desk.heard.get(IN)).toEqual([
      { type: "ringing", ...own },
      { type: "answer", ...own },
      { type: "hold" },
      { type: "resume" },
    ]);
  });

  it.each(["declined", "busy", "unable"] as const)("is refused: %s", (cause) => {
    const desk = new Desk();
    desk.called(IN);
    desk.told();
    expect(desk.phone.refuse(IN, cause, desk.now)).toBe(true);
    desk.run();
    expect(desk.heard.get(IN)).toEqual([{ type: "refuse", cause }]);
    expect(desk.told()).toEqual([{ kind: "ended", call: IN, cause, instead: "" }]);
  });

  it("is answered elsewhere, even after it was answered here", () => {
    for (const answersHere of [false, true]) {
      const desk = new Desk();
      desk.called(IN);
      if (answersHere) desk.phone.answer(IN, MEDIA, desk.now);
      desk.say(IN, end("answered elsewhere"));
      expect(desk.told().at(-1)).toMatchObject({ kind: "ended", cause: "answered elsewhere" });
      expect(desk.phone.answer(IN, MEDIA, desk.now)).toBe(false);
    }
  });

  it("of another person, of our own device, or of another side is not taken", () => {
    const desk = new Desk();
    const hand = (side: "caller" | "callee", body: Body, leg = ROME) =>
      desk.hand({ call: IN, leg, side, life: 50, number: 1, body });
    hand("caller", dialOf(BRUNOS, "person/carla"));
    hand("caller", dialOf(ANNAS));
    hand("callee", dialOf());
    hand("caller", dialOf(), "ship/bergamini");
    expect(desk.told().map(({ kind }) => kind)).toEqual(Array(4).fill("problem"));
    expect(desk.phone.calls).toEqual([]);
    desk.called(IN);
    hand("callee", end("hung up"));
    expect(desk.told().map(({ kind }) => kind)).toEqual(["incoming", "problem"]);
    expect(desk.stateOf(IN)).toBe("incoming");
  });
});

describe("two who call each other", () => {
  const glare = (desk: Desk) => {
    const ours = desk.dial();
    desk.say(ours, end("glare", IN));
    return ours;
  };
  const wanted = (desk: Desk) => desk.told().filter(({ kind }) => kind === "wanted");

  it("talk in the call that stands, whichever word comes first", () => {
    for (const dialFirst of [false, true]) {
      const desk = new Desk();
      if (dialFirst) desk.called(IN);
      glare(desk);
      if (!dialFirst) desk.called(IN);
      expect(wanted(desk)).toEqual([{ kind: "wanted", call: IN }]);
      expect(desk.phone.calls.find(({ call }) => call === IN)?.wanted).toBe(true);
      expect(desk.phone.answer(IN, MEDIA, desk.now)).toBe(true);
      desk.run();
      expect(wanted(desk)).toEqual([]);
    }
  });

  it("and nobody else is answered unasked", () => {
    const others = new Desk();
    glare(others);
    others.called(IN, dialOf("person/carla/phone"));
    expect(wanted(others)).toEqual([]);
    const late = new Desk();
    glare(late);
    late.wait(LINGER_S + 1);
    late.called(IN);
    expect(wanted(late)).toEqual([]);
    const answered = new Desk();
    const ours = answered.dial();
    answered.say(ours, { type: "answer", device: BRUNOS, ...PLACED });
    answered.say(ours, end("glare", IN));
    answered.called(IN);
    expect(wanted(answered)).toEqual([]);
    const refused = new Desk();
    refused.called(IN);
    refused.phone.refuse(IN, "declined", refused.now);
    glare(refused);
    expect(wanted(refused)).toEqual([]);
  });
});

describe("an edge that is gone", () => {
  it("is given up, and what it still says is unknown", () => {
    const desk = new Desk();
    desk.phone.dial({ person: BRUNO, precedence: "routine", emergency: false, ...MEDIA }, desk.now);
    const call = desk.phone.calls[0]?.call ?? "";
    const began = desk.now;
    for (
      let at = desk.phone.nextTimer();
      desk.stateOf(call) !== "over";
      at = desk.phone.nextTimer()
    ) {
      desk.now = at ?? Number.NaN;
      desk.phone.handleTimer(desk.now);
      desk.taken();
    }
    expect(desk.now).toBe(began + GIVE_UP_S);
    expect(desk.told()).toEqual([{ kind: "ended", call, cause: "site lost", instead: "" }]);
    const message = { call, leg: ROME, side: "callee", life: 50, number: 1 } as const;
    desk.phone.receive({ ...message, body: { type: "hold" } }, desk.now);
    expect(desk.taken()).toMatchObject([
      { call, side: "caller", number: 0, body: { type: "unknown" } },
    ]);
    desk.phone.receive({ ...message, number: 0, body: { type: "unknown" } }, desk.now);
    expect(desk.taken()).toEqual([]);
    desk.wait(LINGER_S);
    expect([desk.phone.calls, desk.phone.nextTimer()]).toEqual([[], null]);
  });

  it("and was started anew has ended the call", () => {
    const desk = new Desk();
    const call = desk.dial();
    desk.phone.hurry(desk.now);
    expect(desk.taken()).toMatchObject([{ call, number: 2, body: { type: "alive" } }]);
    const anew = { call, leg: ROME, side: "callee", life: 51, number: 0 } as const;
    desk.hand({ ...anew, body: { type: "unknown" } });
    expect(desk.told()).toEqual([{ kind: "ended", call, cause: "restarted", instead: "" }]);
  });

  it("is asked in a silent call, which goes on if it is there", () => {
    const desk = new Desk();
    const call = desk.dial();
    desk.wait(20 * ALIVE_AFTER_S);
    expect(desk.stateOf(call)).toBe("dialling");
  });
});

/** The next state by state and input, written a second time and by hand; the rest is ignored. */
const NEXT: Record<State, Partial<Record<Input, State>>> = {
  dialling: {
    ringing: "ringing there",
    answer: "talking",
    info: "dialling",
    tell: "dialling",
    end: "over",
    lost: "over",
    "hang up": "over",
  },
  "ringing there": {
    ringing: "ringing there",
    answer: "talking",
    info: "ringing there",
    tell: "ringing there",
    end: "over",
    lost: "over",
    "hang up": "over",
  },
  incoming: {
    ring: "ringing here",
    take: "talking",
    decline: "over",
    info: "incoming",
    tell: "incoming",
    end: "over",
    lost: "over",
  },
  "ringing here": {
    take: "talking",
    decline: "over",
    info: "ringing here",
    tell: "ringing here",
    end: "over",
    lost: "over",
  },
  talking: {
    hold: "talking",
    resume: "talking",
    "hold here": "talking",
    "resume here": "talking",
    info: "talking",
    tell: "talking",
    end: "over",
    lost: "over",
    "hang up": "over",
  },
  over: {},
};

describe("every input in every state", () => {
  const into: Record<State, (desk: Desk) => string> = {
    dialling: (desk) => desk.dial(),
    "ringing there": (desk) => {
      const call = desk.dial();
      desk.say(call, { type: "ringing", device: BRUNOS, ...PLACED });
      return call;
    },
    incoming: (desk) => desk.called(IN),
    "ringing here": (desk) => {
      desk.called(IN);
      desk.phone.ring(IN, MEDIA, desk.now);
      return IN;
    },
    talking: (desk) => {
      desk.called(IN);
      desk.phone.answer(IN, MEDIA, desk.now);
      return IN;
    },
    over: (desk) => {
      const call = desk.dial();
      desk.phone.end(call, "hung up", desk.now);
      return call;
    },
  };
  const said = (call: string, body: Body) => (desk: Desk) => desk.say(call, body);
  const inputs: Record<Input, (call: string) => (desk: Desk) => unknown> = {
    dial: (call) => said(call, dialOf()),
    refuse: (call) => said(call, { type: "refuse", cause: "busy" }),
    ringing: (call) => said(call, { type: "ringing", device: BRUNOS, ...PLACED }),
    answer: (call) => said(call, { type: "answer", device: BRUNOS, ...PLACED }),
    hold: (call) => said(call, { type: "hold" }),
    resume: (call) => said(call, { type: "resume" }),
    info: (call) => said(call, { type: "info", device: BRUNOS, ...PLACED }),
    end: (call) => said(call, end("no answer")),
    lost: (call) => (desk) => {
      const side = desk.phone.calls[0]?.side === "caller" ? "callee" : "caller";
      desk.hand({ call, leg: ROME, side, life: 51, number: 1, body: { type: "hold" } });
    },
    ring: (call) => (desk) => desk.phone.ring(call, MEDIA, desk.now),
    take: (call) => (desk) => desk.phone.answer(call, MEDIA, desk.now),
    decline: (call) => (desk) => desk.phone.refuse(call, "declined", desk.now),
    "hang up": (call) => (desk) => desk.phone.end(call, "hung up", desk.now),
    "hold here": (call) => (desk) => desk.phone.hold(call, desk.now),
    "resume here": (call) => (desk) => {
      desk.phone.hold(call, desk.now);
      return desk.phone.resume(call, desk.now);
    },
    tell: (call) => (desk) => desk.phone.info(call, MEDIA, desk.now),
  };
  const pairs = STATES.flatMap((state) =>
    (Object.keys(inputs) as Input[]).map((input) => [state, input] as const),
  );

  it.each(pairs)("%s, %s", (state, input) => {
    const desk = new Desk();
    const call = into[state](desk);
    desk.run();
    desk.told();
    const before = desk.heard.get(call)?.length ?? 0;
    const done = inputs[input](call)(desk);
    desk.run();
    const next = NEXT[state][input];
    expect(desk.stateOf(call)).toBe(next ?? state);
    if (typeof done === "boolean") {
      expect(done).toBe(next !== undefined);
      expect((desk.heard.get(call)?.length ?? 0) > before).toBe(done);
    }
    const events = desk.told();
    if (next === undefined) expect(events).toEqual([]);
    if (next !== undefined && input === "info") {
      expect(events).toEqual([{ kind: "info", call, device: BRUNOS, ...PLACED }]);
    }
    const ended = events.filter(({ kind }) => kind === "ended");
    expect(ended).toHaveLength(next === "over" ? 1 : 0);
  });
});
