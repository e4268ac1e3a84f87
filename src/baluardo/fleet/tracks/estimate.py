"""Dead reckoning: reports in, where the platform is now out.

A tracker per platform, pure: reports and times in, values out. It believes a report where its kind
of platform can have got there, says why where it does not, and believes a platform again that goes
on reporting from elsewhere. `kinematics.py` has the motion, `rungs.py` the size of the ellipses.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from baluardo.errors import InvalidInputError
from baluardo.fleet.platform import HANDLING, PlatformKind
from baluardo.fleet.tracks.estimated import Estimate, Outlook
from baluardo.fleet.tracks.kinematics import JITTER_S, Motion, Sighting, first_motion, next_motion
from baluardo.fleet.tracks.plane import LocalPlane
from baluardo.fleet.tracks.report import PositionReport, ReportSource
from baluardo.fleet.tracks.rivals import AGREEING, Rival, Rivals
from baluardo.fleet.tracks.rungs import AGES_S, Ladder
from baluardo.fleet.tracks.verdicts import Taken, Verdict, taken

DEVIATION_M = {
    ReportSource.AIS: 10.0,
    ReportSource.GPX: 7.0,
    ReportSource.CSV: 10.0,
    ReportSource.OWN: 5.0,
}
"""Where a report does not tell its own. Our choice: AIS calls 10 m and better accurate (ITU-R
M.1371-5, position accuracy), consumer receivers do as well."""

LEAST_DEVIATION_M = 1.0
"""No report is better than that: a ship has a size, and the antenna is somewhere on it."""

AHEAD_S = 60.0
"""A report may be so much later than the time it is taken at: clocks differ."""

LATE_S = 900.0
"""A report may be so much older than the last: as far back as is kept."""

_KEPT = 128
"""Reports that are kept for those that come late."""

_GATE = 4.0
"""Deviations that a report may be farther away than the fastest of its kind gets."""


@dataclass(frozen=True, slots=True)
class _Past:
    motion: Motion
    """After the report."""
    sighting: Sighting


class Estimator:
    """Follows one platform."""

    def __init__(self, kind: PlatformKind) -> None:
        """Follow a platform of a kind, of which nothing is known yet."""
        self.kind = kind
        self._past: deque[_Past] = deque(maxlen=_KEPT)
        self._ladder = Ladder(kind)
        self._waiting: list[Outlook | None] = [None] * len(AGES_S)
        self._rivals = Rivals(kind)

    def take(self, report: PositionReport, now: float | None = None) -> Taken:
        """Believe a report, or say why not.

        now: the time at which it came, POSIX seconds; without it nothing is in the future.
        """
        if now is not None and report.time > now + AHEAD_S:
            return taken(Verdict.FUTURE, report.time - now)
        seen = _sighting(self.kind, report)
        if not self._past:
            self._begin(seen)
            return taken(Verdict.FIRST)
        newest = self._past[-1].motion
        if seen.time <= newest.time - LATE_S:
            return taken(Verdict.STALE, newest.time - seen.time)
        if seen.time <= newest.time:
            return self._late(seen)
        if (far := _too_far(self.kind, self._past[-1], seen)) > 0.0:
            return self._doubt(seen, far)
        self._rivals.forget(seen.time)
        self._teach(seen)
        self._append(next_motion(self.kind, newest, seen), seen)
        for rung, waiting in enumerate(self._waiting):
            if waiting is None:
                self._waiting[rung] = self._outlook(self._past[-1])
        return taken(Verdict.BELIEVED)

    @property
    def last_time(self) -> float | None:
        """Time of the newest believed report, POSIX seconds; None before the first."""
        return self._past[-1].motion.time if self._past else None

    @property
    def in_two_places(self) -> bool:
        """Whether two transmitters use the platform's identity at present."""
        return any(r.reports >= AGREEING and r.overlaps for r in self._rivals)

    def at(self, time: float) -> Estimate:
        """Return where the platform is at a time, by the reports up to then.

        InvalidInputError before any believed report, or before those that are kept.
        """
        if not math.isfinite(time):
            raise InvalidInputError(f"time {time} is not a finite number of POSIX seconds.")
        for past in reversed(self._past):
            if past.motion.time <= time:
                return self._outlook(past).at(time, self._ladder)
        if not self._past:
            raise InvalidInputError("No report is believed yet, so nothing can be estimated.")
        raise InvalidInputError(
            f"time {time:.0f} is before the oldest report kept, of {self._past[0].motion.time:.0f}."
        )

    def _outlook(self, past: _Past) -> Outlook:
        return Outlook(self.kind, past.motion, past.sighting.deviation_m)

    def _append(self, motion: Motion, seen: Sighting) -> None:
        self._past.append(_Past(motion, seen))

    def _begin(self, seen: Sighting) -> None:
        """Start from one sighting; what was learned of the platform's errors stays."""
        self._past.clear()
        self._append(first_motion(self.kind, seen), seen)
        self._waiting = [self._outlook(self._past[-1])] * len(AGES_S)

    def _teach(self, seen: Sighting) -> None:
        """Hold the estimates that have come of age against a believed report."""
        for rung, waiting in enumerate(self._waiting):
            if waiting is None:
                continue
            age = seen.time - waiting.motion.time
            if age < AGES_S[rung]:
                # An older rung's estimate is no younger than this one's.
                continue
            if age < 2.0 * AGES_S[rung]:
                place = seen.lat_deg, seen.lon_deg
                waiting.teach(self._ladder, self._ladder.rungs[rung], seen.time, place)
            self._waiting[rung] = None

    def _late(self, seen: Sighting) -> Taken:
        """Put a report where it belongs, and go through those after it once more."""
        after = [p for p in self._past if p.motion.time > seen.time]
        before = [p for p in self._past if p.motion.time <= seen.time]
        if not before:
            return taken(Verdict.STALE, self._past[-1].motion.time - seen.time)
        last = before[-1]
        if last.motion.time == seen.time:
            apart = _apart(last.sighting, seen)
            if apart <= _GATE * math.hypot(last.sighting.deviation_m, seen.deviation_m):
                return taken(Verdict.REPEATED)
            return self._doubt(seen, apart)
        if (far := _too_far(self.kind, last, seen)) > 0.0:
            return self._doubt(seen, far)
        if after and (far := _too_far_back(self.kind, seen, after[0].sighting)) > 0.0:
            return self._doubt(seen, far)
        motion = next_motion(self.kind, last.motion, seen)
        self._past = deque([*before, _Past(motion, seen)], maxlen=_KEPT)
        for past in after:
            motion = next_motion(self.kind, motion, past.sighting)
            self._append(motion, past.sighting)
        return taken(Verdict.LATE)

    def _doubt(self, seen: Sighting, far_m: float) -> Taken:
        """Keep a report that cannot be, in case more agree with it."""
        rival = self._rivals.take(seen, self._past[-1].motion.time)
        if rival.reports < AGREEING:
            return taken(Verdict.IMPOSSIBLE, far_m)
        if rival.overlaps:
            return taken(Verdict.TWO_PLACES, far_m)
        return self._move(rival, far_m)

    def _move(self, rival: Rival, far_m: float) -> Taken:
        """Believe the platform to be where its last reports agree that it is."""
        self._rivals.remove(rival)
        first, *rest = rival.kept
        self._begin(first)
        for seen in rest:
            self._append(next_motion(self.kind, self._past[-1].motion, seen), seen)
        return taken(Verdict.MOVED, rival.reports, far_m)


def _sighting(kind: PlatformKind, report: PositionReport) -> Sighting:
    """Take of a report what the filter uses; a speed that its kind cannot have is left out."""
    velocity = None
    speed, course = report.speed_m_s, report.course_deg
    if speed is not None and speed <= HANDLING[kind].most_speed_m_s:
        if course is not None:
            turn = math.radians(course)
            velocity = speed * math.sin(turn), speed * math.cos(turn)
        elif speed == 0.0:
            velocity = 0.0, 0.0
    deviation = report.deviation_m
    if deviation is None:
        deviation = DEVIATION_M[report.source]
    return Sighting(
        report.time, report.lat_deg, report.lon_deg, max(deviation, LEAST_DEVIATION_M), velocity
    )


def _too_far(kind: PlatformKind, past: _Past, seen: Sighting) -> float:
    """Return how far a sighting is from where a platform was, m; 0 where it can have got there."""
    east, north = past.motion.plane.point(seen.lat_deg, seen.lon_deg)
    return _excess(
        kind,
        math.hypot(east, north),
        seen.time - past.motion.time,
        past.motion.spread.place,
        seen.deviation_m,
    )


def _too_far_back(kind: PlatformKind, seen: Sighting, later: Sighting) -> float:
    """Return the same between two sightings."""
    noise = later.deviation_m**2
    return _excess(kind, _apart(seen, later), later.time - seen.time, noise, seen.deviation_m)


def _excess(kind: PlatformKind, apart: float, seconds: float, place: float, noise: float) -> float:
    fast = HANDLING[kind].most_speed_m_s * (seconds + 2.0 * JITTER_S)
    return apart if apart > fast + _GATE * math.sqrt(place + noise**2) else 0.0


def _apart(one: Sighting, other: Sighting) -> float:
    return math.hypot(*LocalPlane(one.lat_deg, one.lon_deg).point(other.lat_deg, other.lon_deg))
