/**
 * The state machine of a call at a device: every state, every input, what follows.
 *
 * dialling        we dial; nobody rings yet
 * ringing there   we dial; a device of the person whom we call rings
 * incoming        we are called; this page prepares
 * ringing here    we are called; it rings
 * talking         answered, here or there
 * over            ended, for any reason; remembered for a while
 *
 * Talking from our own answer on is a claim: the edge ends it at once if another device was faster.
 */

export const STATES = [
  "dialling",
  "ringing there",
  "incoming",
  "ringing here",
  "talking",
  "over",
] as const;
export type State = (typeof STATES)[number];

/** What the edge says, by the type of its bodies, and that it is gone. */
export const FROM_EDGE = [
  "dial",
  "ringing",
  "answer",
  "refuse",
  "hold",
  "resume",
  "info",
  "end",
  "lost",
] as const;
/** What the person does, and the page for them. */
export const FROM_PAGE = [
  "ring",
  "take",
  "decline",
  "hang up",
  "hold here",
  "resume here",
  "tell",
] as const;
export type Input = (typeof FROM_EDGE)[number] | (typeof FROM_PAGE)[number];

type Steps = Partial<Record<State, State>>;

const ALWAYS: Steps = {
  dialling: "dialling",
  "ringing there": "ringing there",
  incoming: "incoming",
  "ringing here": "ringing here",
  talking: "talking",
};
const ENDING: Steps = {
  dialling: "over",
  "ringing there": "over",
  incoming: "over",
  "ringing here": "over",
  talking: "over",
};
const IN_TALK: Steps = { talking: "talking" };

/** The next state; what has none is ignored, as is everything in the state over. */
export const STEPS: Record<Input, Steps> = {
  // The first of all is what begins a call; a further one, and a refusal, edges do not say.
  dial: {},
  refuse: {},
  ringing: { dialling: "ringing there", "ringing there": "ringing there" },
  answer: { dialling: "talking", "ringing there": "talking" },
  hold: IN_TALK,
  resume: IN_TALK,
  info: ALWAYS,
  end: ENDING,
  lost: ENDING,
  ring: { incoming: "ringing here" },
  take: { incoming: "talking", "ringing here": "talking" },
  decline: { incoming: "over", "ringing here": "over" },
  "hang up": { dialling: "over", "ringing there": "over", talking: "over" },
  "hold here": IN_TALK,
  "resume here": IN_TALK,
  tell: ALWAYS,
};
