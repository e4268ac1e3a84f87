"""How a platform moves between two reports: a filter over position and velocity.

The velocity follows an Ornstein-Uhlenbeck process about itself: what it may change by grows with
time and then settles, so that the deviation of the position grows first with the power 3/2 of time
and later with its root. Over hours that fits what ships do, where a velocity that wanders without
end does not (Millefiori, Braca, Bryan, Willett, "Modeling vessel kinematics using a stochastic
mean-reverting process for long-term prediction", IEEE Trans. AES 52(5), 2016).

East and north have one and the same deviation here; what differs along and across the course is
learned per horizon (`rungs.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from baluardo.fleet.platform import HANDLING, PlatformKind
from baluardo.fleet.tracks.plane import LocalPlane

JITTER_S = 0.5
"""A report's time is that of a whole second, or of its reception: its deviation, our choice."""

_SPEED_SHARE = 0.02
_SPEED_FLOOR_M_S = 0.2
"""Deviation of a reported velocity: AIS gives tenths of a knot and of a degree, a receiver less."""

_RESTLESS = 0.1
"""How fast the filter follows what its surprises say of the platform, per report."""

_LEAST_FACTOR, _MOST_FACTOR = 0.05, 30.0
"""Bounds of what it follows to."""


@dataclass(frozen=True, slots=True)
class Wandering:
    """How a kind's velocity changes, as far as nothing else is known. Fitted, see `rungs.py`."""

    speed_m_s: float
    """Deviation of the velocity in each direction before any is reported."""
    change_m_s: float
    """Deviation of what it has changed by in the long run, in each direction."""
    lasts_s: float
    """How long a change takes."""
    mean_s: float
    """Over how long the mean velocity is taken to which it may return."""


WANDERING = {
    PlatformKind.SHIP: Wandering(7.0, 2.0, 600.0, 1_200.0),
    PlatformKind.HELICOPTER: Wandering(40.0, 35.0, 120.0, 900.0),
    PlatformKind.AIRCRAFT: Wandering(120.0, 90.0, 240.0, 900.0),
    PlatformKind.DRONE: Wandering(40.0, 25.0, 90.0, 900.0),
}


@dataclass(frozen=True, slots=True)
class Spread:
    """Variances in each direction: of position, m2, of velocity, m2/s2, and of both together."""

    place: float
    both: float
    velocity: float


@dataclass(frozen=True, slots=True)
class Motion:
    """What is known of a platform right after a report; the plane touches where it is."""

    time: float
    plane: LocalPlane
    east_m_s: float
    north_m_s: float
    mean_east_m_s: float
    mean_north_m_s: float
    """Mean velocity of the time before."""
    mean_over_s: float
    """Of how much time."""
    spread: Spread
    factor: float
    """How much more restless than its kind the platform is just now."""

    @property
    def speed_m_s(self) -> float:
        """Speed over ground."""
        return math.hypot(self.east_m_s, self.north_m_s)

    def spread_after(self, kind: PlatformKind, seconds: float) -> Spread:
        """Return the spread so much later, if nothing is heard meanwhile."""
        s, t, model = self.spread, seconds, WANDERING[kind]
        # What it does just now says little of what it does much later.
        factor = self.factor ** math.exp(-t / model.lasts_s)
        place, both, velocity = wandered(model, factor, t)
        return Spread(
            s.place + t * (2.0 * s.both + t * s.velocity) + place,
            s.both + t * s.velocity + both,
            s.velocity + velocity,
        )


def wandered(model: Wandering, factor: float, seconds: float) -> tuple[float, float, float]:
    """Return the variances that a time adds: of position, both together, of velocity."""
    rate = 1.0 / model.lasts_s
    power = 2.0 * rate * factor * model.change_m_s**2
    t = seconds
    if rate * t < 1e-2:
        # The differences below would lose their digits.
        return power * t**3 / 3.0, power * t**2 / 2.0, power * t
    gone = math.exp(-rate * t)
    return (
        power / rate**2 * (t - 2.0 * (1.0 - gone) / rate + (1.0 - gone * gone) / (2.0 * rate)),
        power / (2.0 * rate**2) * (1.0 - gone) ** 2,
        power / (2.0 * rate) * (1.0 - gone * gone),
    )


@dataclass(frozen=True, slots=True)
class Sighting:
    """A report as the filter takes it."""

    time: float
    lat_deg: float
    lon_deg: float
    deviation_m: float
    velocity: tuple[float, float] | None
    """East, north, m/s."""


def first_motion(kind: PlatformKind, seen: Sighting) -> Motion:
    """Return what the first report tells."""
    model = WANDERING[kind]
    velocity = seen.velocity or (0.0, 0.0)
    variance = _velocity_variance(seen.velocity) if seen.velocity else model.speed_m_s**2
    return Motion(
        time=seen.time,
        plane=LocalPlane(seen.lat_deg, seen.lon_deg),
        east_m_s=velocity[0],
        north_m_s=velocity[1],
        mean_east_m_s=velocity[0],
        mean_north_m_s=velocity[1],
        mean_over_s=0.0,
        spread=Spread(seen.deviation_m**2, 0.0, variance),
        factor=1.0,
    )


def next_motion(kind: PlatformKind, before: Motion, seen: Sighting) -> Motion:
    """Return what is known after another report, later than the last."""
    t = seen.time - before.time
    plane = before.plane
    s = before.spread_after(kind, t)
    ahead = before.east_m_s * t, before.north_m_s * t
    there = plane.point(seen.lat_deg, seen.lon_deg)
    miss = there[0] - ahead[0], there[1] - ahead[1]
    noise = seen.deviation_m**2
    surprise = (miss[0] ** 2 + miss[1] ** 2) / (2.0 * (s.place + noise))
    # Position first, then the velocity that the report gives.
    gain, gain_v = s.place / (s.place + noise), s.both / (s.place + noise)
    step = ahead[0] + gain * miss[0], ahead[1] + gain * miss[1]
    east, north = before.east_m_s + gain_v * miss[0], before.north_m_s + gain_v * miss[1]
    s = Spread(s.place * (1.0 - gain), s.both * (1.0 - gain), s.velocity - gain_v * s.both)
    if seen.velocity is not None:
        noise = _velocity_variance(seen.velocity)
        off = seen.velocity[0] - east, seen.velocity[1] - north
        surprise = 0.5 * surprise + (off[0] ** 2 + off[1] ** 2) / (4.0 * (s.velocity + noise))
        gain, gain_v = s.both / (s.velocity + noise), s.velocity / (s.velocity + noise)
        step = step[0] + gain * off[0], step[1] + gain * off[1]
        east, north = east + gain_v * off[0], north + gain_v * off[1]
        s = Spread(s.place - gain * s.both, s.both * (1.0 - gain_v), s.velocity * (1.0 - gain_v))
    over = min(before.mean_over_s + t, WANDERING[kind].mean_s)
    new = t / over if over > 0.0 else 1.0
    new = min(new, 1.0)
    mean = (
        before.mean_east_m_s + new * (step[0] / t - before.mean_east_m_s),
        before.mean_north_m_s + new * (step[1] / t - before.mean_north_m_s),
    )
    now = LocalPlane(*plane.place(*step))
    east, north = plane.turned(now, east, north)
    most = HANDLING[kind].most_speed_m_s
    if (speed := math.hypot(east, north)) > most:
        east, north = east * most / speed, north * most / speed
    mean = plane.turned(now, *mean)
    return Motion(
        time=seen.time,
        plane=now,
        east_m_s=east,
        north_m_s=north,
        mean_east_m_s=mean[0],
        mean_north_m_s=mean[1],
        mean_over_s=over,
        spread=s,
        factor=_followed(before.factor, surprise),
    )


def _velocity_variance(velocity: tuple[float, float]) -> float:
    return (_SPEED_FLOOR_M_S + _SPEED_SHARE * math.hypot(*velocity)) ** 2


def _followed(factor: float, surprise: float) -> float:
    """Return the restlessness after a surprise, 1 on average where the filter is right."""
    grown = factor * math.exp(_RESTLESS * (min(surprise, 5.0) - 1.0))
    return min(max(grown, _LEAST_FACTOR), _MOST_FACTOR)
