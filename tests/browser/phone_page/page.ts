/**
 * The page of the telephone as it is, before a telephone that shows what a test says and notes what
 * it is asked: so that states can be looked at that two real browsers reach only by accident.
 */

import type { Precedence } from "../../../web/src/api/authority";
import type { Handset } from "../../../web/src/calls/page/desk";
import { showPhone } from "../../../web/src/calls/page/show";
import type { Connection } from "../../../web/src/calls/signalling/door";
import type { MissedCall, Present } from "../../../web/src/calls/signalling/frames";
import type { Problem, Security, Sound, TalkView } from "../../../web/src/calls/talk/talkView";
import type { Trouble } from "../../../web/src/calls/talk/trouble";
import type { DeviceKey } from "../../../web/src/trust/device";
import { identityOf } from "../../../web/src/trust/identity";
import { ToldLetters } from "./letters";

/** What a test may say of a talk; the rest is as of an ordinary one. */
interface Told extends Partial<Omit<TalkView, "security">> {
  call: string;
  secured?: boolean;
  /** Which key the other end shows; the same one if a test does not say. */
  key?: number;
  /** Whether the other end's certificate is past its end, within its grace. */
  grace?: boolean;
  refused?: Trouble;
}

const DAY_S = 86_400;
const asked: unknown[][] = [];
let connection: Connection = { state: "attending" };
let people: Present[] = [];
let talks: TalkView[] = [];
let problems: Problem[] = [];
let missed: readonly MissedCall[] = [];
let changed = () => {};
let sound: Sound | null = null;

const letters = new ToldLetters(() => changed(), asked);

const device = {
  identity: identityOf("italia.example", "person/anna.rossi/laptop"),
  chain: [{ notAfter: 4_000_000_000 }],
} as unknown as DeviceKey;

function securityOf({ secured, key = 1, grace, refused, person, device }: Told): Security {
  if (refused !== undefined) return { state: "refused", sentence: `refused: ${refused}` };
  if (!secured) return { state: "preparing" };
  const path = `person/${person ?? "bruno.verdi"}/${device ?? "phone"}`;
  const identity = identityOf("italia.example", path);
  const fingerprint = Uint8Array.from({ length: 32 }, (_, at) => at * 7);
  const leaf = { fingerprint, notAfter: Date.now() / 1000 + 90 * DAY_S };
  return {
    state: "secured",
    profile: "eu-hybrid",
    epoch: 1n,
    peer: { identity, leaf, standing: grace ? "grace" : "current" } as never,
    keyPrint: String(key).repeat(64),
    witnesses: ["italia.example/office/rome"],
    safety: "04821 77310 19264 50087 66120 93345 27718 40951",
  };
}

function talkOf(told: Told): TalkView {
  const { secured, key, grace, refused, ...rest } = told;
  return {
    side: "callee",
    person: "bruno.verdi",
    device: "phone",
    precedence: "routine",
    emergency: false,
    state: "ringing here",
    heldHere: false,
    heldThere: false,
    muted: false,
    beganAt: Date.now(),
    answeredAt: null,
    endedAt: null,
    media: "none",
    quality: null,
    cause: null,
    instead: "",
    trouble: refused ?? null,
    problem: "",
    ...rest,
    security: securityOf(told),
  };
}

const note =
  (what: string) =>
  (...given: unknown[]) => {
    asked.push([what, ...given]);
  };

const handset: Handset = {
  letters,
  get connection() {
    return connection;
  },
  get people() {
    return people;
  },
  get talks() {
    return talks;
  },
  get problems() {
    return problems;
  },
  get missed() {
    return missed;
  },
  noted(calls: readonly MissedCall[]) {
    asked.push(["noted", ...calls.map(({ call }) => call)]);
  },
  dial(person: string, precedence: Precedence, emergency = false) {
    asked.push(["dial", person, precedence, emergency]);
    return "0".repeat(32);
  },
  answer: note("answer"),
  refuse: note("refuse"),
  end: note("end"),
  hold: note("hold"),
  resume: note("resume"),
  mute: note("mute"),
  close: note("close"),
};

Object.assign(globalThis, {
  told: {
    asked,
    letters,
    /** Puts entries at the end of the conversation with somebody. */
    wrote([person, entries]: Parameters<ToldLetters["add"]>) {
      letters.add(person, entries);
    },
    talks(these: Told[]) {
      talks = these.map(talkOf);
      changed();
    },
    people(these: Present[]) {
      people = these;
      changed();
    },
    missed(calls: readonly MissedCall[]) {
      missed = calls;
      changed();
    },
    connection(state: Connection) {
      connection = state;
      changed();
    },
    problem(problem: Problem) {
      problems = [...problems, problem];
      changed();
    },
    /** Plays a tone as a talk does. */
    play(call: string) {
      const audio = new AudioContext();
      const destination = audio.createMediaStreamDestination();
      const tone = audio.createOscillator();
      tone.connect(destination);
      tone.start();
      sound?.play(call, destination.stream);
    },
    /** Asks for the microphone as a talk does; what was heard of it. */
    async microphone() {
      const track = await sound?.microphone();
      const state = track?.readyState;
      track?.stop();
      return state;
    },
  },
});

const keyless = new URLSearchParams(location.search).get("keys");
showPhone({
  devices: async () => ({
    keys: keyless === null ? [device] : [],
    waiting: keyless === "waiting" ? [device.identity] : [],
  }),
  async open(_, itsSound, itsChanged) {
    sound = itsSound;
    changed = itsChanged;
    return handset;
  },
});
