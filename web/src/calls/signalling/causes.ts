/** Why a call ends or is not made: the names that signalling carries, as `calls/causes.py` has them. */

export const CAUSES = [
  "hung up",
  "declined",
  /** Every device that rang is in use. */
  "busy",
  /** No device can take it: no microphone, say, or no common keys. */
  "unable",
  "no answer",
  /** The person has no device that could ring. */
  "nobody there",
  "unknown person",
  /** Said to the other devices of who answered; the call goes on. */
  "answered elsewhere",
  /** Both dialled each other; the other one of the two calls stands. */
  "glare",
  "no room",
  "forbidden precedence",
  "second emergency",
  /** More attempts, or more calls at once, than one device may make. */
  "too many",
  /** A device or a site speaks for somebody whom it may not speak for. */
  "not theirs",
  "device lost",
  "site lost",
  /** One side was started anew and knows nothing of the call. */
  "restarted",
  "pre-empted by device",
  /** Its room was given to a more urgent call. */
  "pre-empted reserved",
  /** On a final leg, where no more is to be told. */
  "pre-empted",
  /** By a gateway to another kind of network. */
  "pre-empted not ip",
  /** The path carries less than before. */
  "pre-empted by path",
] as const;
export type Cause = (typeof CAUSES)[number];

/** Why a device does not take a call: the first for the person, the others for itself. */
export const REFUSALS = [
  "declined",
  "busy",
  "unable",
  "pre-empted by device",
] as const satisfies readonly Cause[];
export type Refusal = (typeof REFUSALS)[number];

/** Why a device may end a call; whatever else it says counts as hanging up. */
export const DEVICE_ENDS = [
  "hung up",
  "unable",
  "pre-empted by device",
] as const satisfies readonly Cause[];
export type DeviceEnd = (typeof DEVICE_ENDS)[number];

export function isCause(text: string): text is Cause {
  return (CAUSES as readonly string[]).includes(text);
}

export function isRefusal(text: string): text is Refusal {
  return (REFUSALS as readonly string[]).includes(text);
}
