/** A browser's signed word that it sits at a site: made for one challenge, believed by all edges. */

import type { DeviceKey } from "../../trust/device";
import { type Envelope, signEnvelope } from "../../trust/envelope";
import { TrustError } from "../../trust/errors";
import type { Octets } from "../../trust/octets";
import { writeJson } from "../../trust/strictJson";
import type { Challenge } from "./frames";

export const ATTENDANCE_TYPE = "application/vnd.baluardo.attendance+json";

/** Who attends: a device, the page it is on, and how it signs. */
export interface Attendant {
  /** `person/anna.rossi/phone` */
  device: string;
  /** Of the page: `https://rome.baluardo.example`. */
  origin: string;
  sign(payload: Octets, payloadType: string): Promise<Envelope>;
}

/** A device with the key that this browser keeps. */
export function attendantOf(device: DeviceKey, origin: string): Attendant {
  const sign = (payload: Octets, type: string) => signEnvelope(payload, type, device);
  return { device: device.identity.path, origin, sign };
}

/** The answer to a challenge; `at` is POSIX seconds. */
export function attendance(who: Attendant, asked: Challenge, at: number): Promise<Envelope> {
  const { edge, challenge } = asked;
  if (!Number.isSafeInteger(at) || at < 1) {
    throw new TrustError("malformed", `${at} is no time in whole POSIX seconds.`);
  }
  const payload = writeJson({ at, challenge, edge, origin: who.origin });
  return who.sign(payload, ATTENDANCE_TYPE);
}
