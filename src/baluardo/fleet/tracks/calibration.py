"""How many of the reports that an estimate did not see lie in its ellipse."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from baluardo.fleet.platform import PlatformKind
from baluardo.fleet.tracks.estimate import Estimator
from baluardo.fleet.tracks.report import PositionReport
from baluardo.fleet.tracks.rungs import SHARE

SECONDS, HALF_AN_HOUR = 10.0, 1_800.0
HORIZONS_S = (SECONDS, 30.0, 60.0, 120.0, 300.0, 600.0, HALF_AN_HOUR)

_LATEST = 1.4
"""A report so many horizons later still counts for one."""

_APART = 0.5
"""Estimates of one platform for one horizon are that many horizons apart, or more: closer ones say
the same thing again."""


@dataclass(slots=True)
class Held:
    """What became of the reports of one horizon."""

    inside: int = 0
    asked: int = 0
    major_m: list[float] = field(default_factory=list)
    """Semi-major axis of each ellipse."""

    @property
    def share(self) -> float:
        """Share of the reports that lie inside, 0 to 1; NaN where none was asked for."""
        return self.inside / self.asked if self.asked else float("nan")

    @property
    def median_major_m(self) -> float:
        """Middle one of the semi-major axes, m."""
        return median(self.major_m) if self.major_m else float("nan")


def calibration(
    reports: Iterable[PositionReport],
    kind: PlatformKind,
    horizons_s: Sequence[float] = HORIZONS_S,
    share: float = SHARE,
) -> dict[float, Held]:
    """Return by horizon what became of reports that estimates did not see.

    Each platform's reports are taken in the order of their times. Now and then an estimate is asked
    for the time of the first report that comes a horizon later, before anything after it is told.
    The first estimates of a platform, of which little is known, count as all others do.
    """
    by_platform: defaultdict[str, list[PositionReport]] = defaultdict(list)
    for report in reports:
        by_platform[report.platform].append(report)
    held = {horizon: Held() for horizon in horizons_s}
    for track in by_platform.values():
        _follow(sorted(track, key=lambda r: r.time), kind, held, share)
    return held


def _follow(
    track: list[PositionReport], kind: PlatformKind, held: dict[float, Held], share: float
) -> None:
    estimator, times = Estimator(kind), [r.time for r in track]
    free = dict.fromkeys(held, times[0])
    for report in track:
        if not estimator.take(report).believed:
            continue
        for horizon, one in held.items():
            if report.time < free[horizon]:
                continue
            k = bisect_left(times, report.time + horizon)
            if k == len(times) or times[k] > report.time + _LATEST * horizon:
                continue
            there = track[k]
            estimate = estimator.at(there.time)
            one.asked += 1
            one.inside += estimate.holds(there.lat_deg, there.lon_deg, share)
            one.major_m.append(estimate.ellipse(share).semi_major_m)
            free[horizon] = report.time + _APART * horizon
