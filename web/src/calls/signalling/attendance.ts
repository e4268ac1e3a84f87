/** A browser's signed word that it sits at a site: made for one challenge, believed by all edges. */

import { store, stored } from "../../frame/stored";
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
  /** `spiffe://italia.example/person/anna.rossi/phone` */
  uri: string;
  /** Of the page: `https://rome.baluardo.example`. */
  origin: string;
  sign(payload: Octets, payloadType: string): Promise<Envelope>;
}

/**
 * When a device attends: by its clock, but later each time, since its newest attendance counts and a
 * clock may be put back. Kept beside the key, so for all that ever attend by it.
 */
export class Attendances {
  readonly #key: string;
  #tried = 0;
  /** In memory too: some browsers keep nothing. */
  #held = 0;
  #plain = false;

  /** `uri` is the device's. */
  constructor(uri: string) {
    this.#key = `calls.attended.${uri}`;
  }

  /** POSIX seconds for the next one; `now` is of the device's clock. */
  next(now: number): number {
    const clock = Math.floor(now);
    this.#tried = this.#plain ? clock : Math.max(clock, this.#last() + 1);
    return this.#tried;
  }

  /**
   * The site takes this device for attending. By the clock it counts also where it is earlier: what
   * was kept came from a clock that ran ahead, and each next one would be refused at first.
   */
  believed(): void {
    const plain = this.#plain;
    this.#plain = false;
    if (!plain && this.#tried <= this.#last()) return;
    this.#held = this.#tried;
    store(this.#key, String(this.#tried));
  }

  /** It does not: where that was a time ahead of the clock, the next one is by the clock. */
  refused(now: number): void {
    this.#plain = !this.#plain && this.#tried > Math.floor(now);
  }

  #last(): number {
    const kept = stored(this.#key);
    const known = kept !== null && /^[0-9]{1,12}$/.test(kept) ? Number(kept) : 0;
    return Math.max(known, this.#held);
  }
}

/** A device with the key that this browser keeps. */
export function attendantOf(device: DeviceKey, origin: string): Attendant {
  const sign = (payload: Octets, type: string) => signEnvelope(payload, type, device);
  const { path, uri } = device.identity;
  return { device: path, uri, origin, sign };
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
