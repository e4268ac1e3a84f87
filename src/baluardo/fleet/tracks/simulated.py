"""Made-up platforms that go about their business, for trials of dead reckoning.

Merchants on long legs, ferries, patrols that zigzag and wait, boats that drift; helicopters that
cross, search, circle and hover. Everything is drawn from a seed. What is reported has the errors of
a receiver and the grain of AIS.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from baluardo.fleet.platform import PlatformKind
from baluardo.fleet.tracks.plane import LocalPlane
from baluardo.fleet.tracks.report import PositionReport, ReportSource

M_S_PER_KNOT = 1_852.0 / 3_600.0

NOISE_M, NOISE_M_S = 4.0, 0.1
"""Deviations of a satellite receiver, in each of east and north."""


@dataclass(frozen=True, slots=True)
class Business:
    """Something that a platform does for a while."""

    speed_m_s: tuple[float, float]
    """Drawn between the two."""
    leg_s: float
    """Mean time between changes of course; none in a circle."""
    turn_deg: float
    """Deviation of a change of course."""
    rate_deg_s: float
    """How fast it turns."""
    acceleration_m_s2: float
    wander_deg: float
    """Deviation of the course steered, over a minute."""
    lasts_s: float
    """Mean."""
    circles: bool = False
    """Turns at its rate all the time."""


MERCHANT = Business((5.0, 11.0), 3_000.0, 30.0, 0.3, 0.02, 0.5, 14_400.0)
FERRY = Business((6.0, 14.0), 900.0, 45.0, 0.6, 0.05, 1.5, 5_400.0)
PATROL = Business((3.0, 13.0), 600.0, 90.0, 1.2, 0.1, 2.5, 3_600.0)
DRIFT = Business((0.0, 0.5), 1_200.0, 60.0, 0.5, 0.02, 20.0, 2_400.0)
SAIL = Business((2.0, 4.0), 900.0, 80.0, 2.0, 0.05, 5.0, 5_400.0)
TRANSIT = Business((45.0, 75.0), 240.0, 35.0, 3.0, 1.5, 4.0, 1_200.0)
SEARCH = Business((25.0, 40.0), 120.0, 120.0, 4.0, 1.5, 5.0, 1_500.0)
CIRCLE = Business((25.0, 40.0), 1e9, 0.0, 1.2, 1.5, 4.0, 500.0, circles=True)
HOVER = Business((0.0, 2.0), 120.0, 90.0, 6.0, 1.5, 20.0, 300.0)

_BUSINESS = {
    PlatformKind.SHIP: (
        (MERCHANT,),
        (MERCHANT,),
        (MERCHANT, FERRY),
        (FERRY, FERRY, DRIFT),
        (PATROL, PATROL, MERCHANT, DRIFT),
        (SAIL, SAIL, DRIFT),
    ),
    PlatformKind.HELICOPTER: ((TRANSIT, SEARCH, CIRCLE, HOVER), (TRANSIT, HOVER, TRANSIT)),
}
"""By kind, what each sort of platform does in turn, by lot."""

_STEP_S = {PlatformKind.SHIP: 2.0, PlatformKind.HELICOPTER: 1.0}


def simulated(
    kind: PlatformKind, platforms: int, hours: float, interval_s: float, seed: int
) -> Iterator[PositionReport]:
    """Return the reports of platforms, one after the other, about `interval_s` apart.

    Ships and helicopters; KeyError for other kinds.
    """
    for number in range(platforms):
        random = Random(f"{seed} {kind} {number}")  # noqa: S311 - a trial, no secret
        sort = _BUSINESS[kind][number % len(_BUSINESS[kind])]
        yield from _platform(f"{kind} {number}", kind, sort, hours * 3_600.0, interval_s, random)


def _platform(
    name: str,
    kind: PlatformKind,
    sort: tuple[Business, ...],
    seconds: float,
    interval_s: float,
    random: Random,
) -> Iterator[PositionReport]:
    step = _STEP_S[kind]
    plane, east, north = LocalPlane(random.uniform(33.0, 43.0), random.uniform(0.0, 30.0)), 0.0, 0.0
    at, reported = random.uniform(0.0, 86_400.0), 0.0
    end, reported, changes, turns = at + seconds, at, at, at
    steered = random.uniform(0.0, 360.0)
    course, off, speed, wanted = steered, 0.0, 0.0, 0.0
    doing = random.choice(sort)
    while at < end:
        if at >= changes:
            new = random.choice(sort)
            speed = speed if changes > end - seconds else random.uniform(*new.speed_m_s)
            doing, wanted = new, random.uniform(*new.speed_m_s)
            changes = at + random.expovariate(1.0 / doing.lasts_s)
            turns = at + random.expovariate(1.0 / doing.leg_s)
        if at >= turns:
            steered += random.gauss(0.0, doing.turn_deg)
            turns = at + random.expovariate(1.0 / doing.leg_s)
            if random.random() < 0.2:
                wanted = random.uniform(*doing.speed_m_s)
        if doing.circles:
            steered = course = course + doing.rate_deg_s * step
        else:
            turn = (steered - course + 180.0) % 360.0 - 180.0
            course += max(-doing.rate_deg_s * step, min(doing.rate_deg_s * step, turn))
        kick = doing.wander_deg * math.sqrt(2.0 * step / 60.0)
        off += -off * step / 60.0 + random.gauss(0.0, kick)
        change = doing.acceleration_m_s2 * step
        speed += max(-change, min(change, wanted - speed))
        way = math.radians(course + off)
        velocity = speed * math.sin(way), speed * math.cos(way)
        east, north, at = east + velocity[0] * step, north + velocity[1] * step, at + step
        if at >= reported:
            # Some are never heard: transmissions collide, a headland stands between.
            reported = at + interval_s * (1.0 + min(random.expovariate(2.0), 4.0))
            lat, lon = plane.place(
                east + random.gauss(0.0, NOISE_M), north + random.gauss(0.0, NOISE_M)
            )
            yield _report(name, at + random.uniform(-0.5, 0.5), lat, lon, velocity, random)
        if math.hypot(east, north) > 50_000.0:
            moved = LocalPlane(*plane.place(east, north))
            turned = plane.turned(moved, *velocity)
            change = math.degrees(math.atan2(*turned) - math.atan2(*velocity))
            course, steered = course + change, steered + change
            plane, east, north = moved, 0.0, 0.0


def _report(
    name: str, time: float, lat: float, lon: float, velocity: tuple[float, float], random: Random
) -> PositionReport:
    east, north = (v + random.gauss(0.0, NOISE_M_S) for v in velocity)
    knots = round(math.hypot(east, north) / M_S_PER_KNOT, 1)
    course = round(math.degrees(math.atan2(east, north)) % 360.0, 1) % 360.0
    return PositionReport(
        platform=name,
        time=time,
        lat_deg=round(lat * 600_000.0) / 600_000.0,
        lon_deg=round(lon * 600_000.0) / 600_000.0,
        speed_m_s=knots * M_S_PER_KNOT,
        course_deg=course,
        source=ReportSource.AIS,
    )
