/** How far a certificate has lived, as a bar shows it. Times are POSIX seconds. */

const DAY = 86_400;

/** Seconds of life and of grace after it, by the kind of an edge (trust/identity.py, LIFETIMES). */
export const LIFETIMES = {
  office: { life: 7 * DAY, grace: 0 },
  ship: { life: 30 * DAY, grace: 30 * DAY },
} as const;

/** Verifiers allow clocks to differ by so much; a grace no longer than that is none. */
const SKEW = 3600;

/** Where a certificate stands: in its first two thirds, due to be renewed, in its grace, or over. */
export type Stage = "young" | "renewing" | "grace" | "over";

export interface Age {
  readonly stage: Stage;
  /** Shares of the whole bar, 0 to 1. */
  readonly now: number;
  readonly renewal: number;
  readonly end: number;
  readonly renewalTime: number;
  /** When the next thing happens to it: renewal, end of life, end of grace; null when over. */
  readonly next: number | null;
  readonly hasGrace: boolean;
}

/** Where a certificate stands at `now`; null for kinds that are no edge. */
export function ageOf(
  identity: string,
  certificate: { not_after: number; accepted_until: number },
  now: number,
): Age | null {
  const kind = identity.split("/")[0];
  if (kind !== "office" && kind !== "ship") return null;
  const { life } = LIFETIMES[kind];
  const start = certificate.not_after - life;
  const grace = certificate.accepted_until - certificate.not_after;
  const hasGrace = grace > SKEW;
  const whole = life + (hasGrace ? grace : 0);
  const renewalTime = start + (life * 2) / 3;
  const share = (time: number) => Math.min(Math.max((time - start) / whole, 0), 1);
  const stage: Stage =
    now < renewalTime
      ? "young"
      : now < certificate.not_after
        ? "renewing"
        : hasGrace && now < certificate.accepted_until
          ? "grace"
          : "over";
  const next = {
    young: renewalTime,
    renewing: certificate.not_after,
    grace: certificate.accepted_until,
    over: null,
  }[stage];
  return {
    stage,
    now: share(now),
    renewal: share(renewalTime),
    end: share(certificate.not_after),
    renewalTime,
    next,
    hasGrace,
  };
}
