"""Where a platform is at a time after its last believed report, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from baluardo.errors import InvalidInputError
from baluardo.fleet.platform import HANDLING, PlatformKind
from baluardo.fleet.tracks.kinematics import JITTER_S, Motion
from baluardo.fleet.tracks.plane import LocalPlane, Point
from baluardo.fleet.tracks.rungs import SHARE, SQUARE, Ladder, Rung

Covariance = tuple[Point, Point]

LEAST_VARIANCE_M2 = 1.0
"""A metre: a receiver that repeats itself does not know better where it is. Our choice."""


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse round an estimate."""

    semi_major_m: float
    semi_minor_m: float
    azimuth_deg: float
    """Of the major axis, clockwise from true north, 0 to 180."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A position that nobody reported. The deviation of a report is part of the covariance: it is
    that of where a report of the same moment would put the platform."""

    time: float
    """POSIX seconds."""
    lat_deg: float
    lon_deg: float
    speed_m_s: float
    course_deg: float
    """Clockwise from true north, 0 to 360."""
    covariance: Covariance
    """Of metres east and north, m2. Its 95 % ellipse is the one that is fitted; others assume a
    normal distribution."""
    age_s: float
    """Since the last believed report."""

    def ellipse(self, share: float = SHARE) -> Ellipse:
        """Return the ellipse that holds a share of what may be. InvalidInputError unless 0 to 1."""
        if not 0.0 < share < 1.0:
            raise InvalidInputError(f"share {share} is not between 0 and 1.")
        (ee, en), (_, nn) = self.covariance
        middle, reach = (ee + nn) / 2.0, math.hypot((ee - nn) / 2.0, en)
        wide = -2.0 * math.log(1.0 - share)
        # Clockwise from north: the angle from the axis of north towards east.
        azimuth = math.degrees(0.5 * math.atan2(2.0 * en, nn - ee)) % 180.0
        return Ellipse(
            math.sqrt(wide * (middle + reach)), math.sqrt(wide * (middle - reach)), azimuth
        )

    def squared_distance(self, lat_deg: float, lon_deg: float) -> float:
        """Return how far off a place is, in deviations, squared (Mahalanobis)."""
        east, north = LocalPlane(self.lat_deg, self.lon_deg).point(lat_deg, lon_deg)
        (ee, en), (_, nn) = self.covariance
        return (nn * east**2 - 2.0 * en * east * north + ee * north**2) / (ee * nn - en * en)

    def holds(self, lat_deg: float, lon_deg: float, share: float = SHARE) -> bool:
        """Return whether a place lies in the ellipse of a share."""
        return self.squared_distance(lat_deg, lon_deg) <= -2.0 * math.log(1.0 - share)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known right after a report; says what follows from it at any later time."""

    kind: PlatformKind
    motion: Motion
    deviation_m: float
    """Of a report like the last, in each of east and north."""

    def at(self, time: float, ladder: Ladder) -> Estimate:
        """Return the estimate of a time, not before the report's."""
        m, age = self.motion, time - self.motion.time
        along, across, factor, back = ladder.at(age)
        east, north = self._velocity(back)
        lat, lon = m.plane.place(east * age, north * age)
        long, wide = self._base(age)
        grown = math.exp(factor)
        # However little is known: it cannot be farther away than its kind gets.
        most = HANDLING[self.kind].most_speed_m_s + m.speed_m_s
        bound = ((most * age + 4.0 * self.deviation_m) ** 2) / SQUARE
        long, wide = min(long * along * grown, bound), min(wide * across * grown, bound)
        long, wide = max(long, LEAST_VARIANCE_M2), max(wide, LEAST_VARIANCE_M2)
        x, y, sure = self._course()
        half = (1.0 - sure) / 2.0 * (wide - long)
        long, wide = long + half, wide - half
        there = LocalPlane(lat, lon)
        x, y = m.plane.turned(there, x, y)
        east, north = m.plane.turned(there, east, north)
        en = (long - wide) * x * y
        return Estimate(
            time=time,
            lat_deg=lat,
            lon_deg=lon,
            speed_m_s=math.hypot(east, north),
            course_deg=math.degrees(math.atan2(east, north)) % 360.0,
            covariance=(
                (long * x * x + wide * y * y, en),
                (en, long * y * y + wide * x * x),
            ),
            age_s=age,
        )

    def teach(self, ladder: Ladder, rung: Rung, time: float, place: Point) -> None:
        """Hold the estimate of a time against the place of a believed report."""
        m, age = self.motion, time - self.motion.time
        estimate = self.at(time, ladder)
        found = m.plane.point(*place)
        way = found[0] - m.east_m_s * age, found[1] - m.north_m_s * age
        turn = (
            (m.mean_east_m_s - m.east_m_s) * age,
            (m.mean_north_m_s - m.north_m_s) * age,
        )
        east, north = self._velocity(ladder.at(age)[3])
        off = found[0] - east * age, found[1] - north * age
        long, wide = self._base(age)
        x, y, _ = self._course()
        gap = turn[0] ** 2 + turn[1] ** 2
        lean = min(max(way[0] * turn[0] + way[1] * turn[1], -gap), 2.0 * gap)
        unit = gap + long + wide
        rung.learn(
            along=(off[0] * x + off[1] * y) ** 2 / long,
            across=(off[0] * y - off[1] * x) ** 2 / wide,
            inside=estimate.holds(*place),
            gap=gap / unit,
            lean=lean / unit,
        )

    def _velocity(self, back: float) -> Point:
        m = self.motion
        return (
            m.east_m_s + back * (m.mean_east_m_s - m.east_m_s),
            m.north_m_s + back * (m.mean_north_m_s - m.north_m_s),
        )

    def _base(self, age: float) -> Point:
        """Variances along and across the course as the filter has them, m2."""
        place = self.motion.spread_after(self.kind, age).place + self.deviation_m**2
        return place + (JITTER_S * self.motion.speed_m_s) ** 2, place

    def _course(self) -> tuple[float, float, float]:
        """Direction of the course, a unit vector, and how sure it is, 0 to 1."""
        m, speed = self.motion, self.motion.speed_m_s
        if speed < 1e-9:
            return 0.0, 1.0, 0.0
        sure = speed**2 / (speed**2 + m.spread.velocity)
        return m.east_m_s / speed, m.north_m_s / speed, sure
