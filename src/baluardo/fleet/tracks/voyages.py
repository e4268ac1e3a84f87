"""A voyage of what was reported: a log's track, planned for as it was or will be. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from baluardo.errors import InvalidInputError
from baluardo.fleet.motion.voyage import (
    LEAST_LEG_M,
    M_S_PER_KNOT,
    MEAN_EARTH_RADIUS_M,
    MOST_WAY_POINTS,
    WayPoint,
)
from baluardo.fleet.platform import PlatformKind
from baluardo.fleet.tracks.estimate import Estimator
from baluardo.fleet.tracks.report import PositionReport
from baluardo.foreign_input import quoted

LEAST_APART_S = 5.0
"""Reports that follow sooner are left out: what a receiver trembles by would be a speed."""

_MOST_KEPT = MOST_WAY_POINTS // 2
"""Reports that are kept, evenly: a stay may take a way point of its own."""


def way_points(
    reports: Iterable[PositionReport], kind: PlatformKind, of: str | None = None
) -> tuple[tuple[WayPoint, ...], float]:
    """Return the way points of one platform's believed reports, and the time of the first.

    A voyage of them that starts then is at each report's place at its time, and between two of
    them on the great circle. Positions that are not believed are left out, and of very many reports
    some. InvalidInputError for fewer than two, or where `of` is None and several platforms report.
    """
    kept = list(reports)
    if of is not None:
        kept = [report for report in kept if report.platform == of]
    names = Counter(report.platform for report in kept)
    if len(names) > 1:
        some = ", ".join(quoted(name) for name, _ in names.most_common(5))
        raise InvalidInputError(f"{len(names)} platforms report ({some}): say whose track it is.")
    believed = _believed(kept, kind)
    if len(believed) < 2:
        whose = "" if of is None else f" of {quoted(of)}"
        raise InvalidInputError(
            f"A track takes two believed reports{whose}, and there are {len(believed)}."
        )
    believed = _thinned(believed)
    return tuple(_points(believed)), believed[0].time


def _believed(reports: Sequence[PositionReport], kind: PlatformKind) -> list[PositionReport]:
    estimator, found = Estimator(kind), list[PositionReport]()
    for report in sorted(reports, key=lambda r: r.time):
        if not estimator.take(report).believed:
            continue
        if not found or report.time - found[-1].time >= LEAST_APART_S:
            found.append(report)
    return found


def _thinned(reports: list[PositionReport]) -> list[PositionReport]:
    step = math.ceil(len(reports) / _MOST_KEPT)
    return reports[::step] if (len(reports) - 1) % step == 0 else [*reports[::step], reports[-1]]


def _points(reports: list[PositionReport]) -> Iterable[WayPoint]:
    for one, other in pairwise(reports):
        took = other.time - one.time
        height, up = one.height_m or 0.0, (other.height_m or 0.0) - (one.height_m or 0.0)
        length = math.hypot(_distance_m(one, other), up)
        if length <= LEAST_LEG_M:
            yield WayPoint(one.lat_deg, one.lon_deg, height, stay_s=took)
        else:
            yield WayPoint(one.lat_deg, one.lon_deg, height, length / took / M_S_PER_KNOT)
    last = reports[-1]
    yield WayPoint(last.lat_deg, last.lon_deg, last.height_m or 0.0)


def _distance_m(one: PositionReport, other: PositionReport) -> float:
    """Return the length of the great circle, as a voyage has it."""
    a, b = _unit(one), _unit(other)
    cross = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    angle = math.atan2(math.hypot(*cross), sum(p * q for p, q in zip(a, b, strict=True)))
    return angle * MEAN_EARTH_RADIUS_M


def _unit(report: PositionReport) -> tuple[float, float, float]:
    lat, lon = math.radians(report.lat_deg), math.radians(report.lon_deg)
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)
