"""Reports that cannot be, kept while it is open whether others agree with them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from baluardo.fleet.platform import HANDLING, PlatformKind
from baluardo.fleet.tracks.kinematics import JITTER_S, Sighting
from baluardo.fleet.tracks.plane import LocalPlane

AGREEING = 4
"""Reports in a row that agree with each other are believed, however far away. Our choice."""

FORGOTTEN_S = 1_800.0
"""A place from which nothing more comes is forgotten after that."""

_MOST = 4
"""Places that are kept open; with more, the one that was silent longest is forgotten."""

_GATE = 4.0


@dataclass(slots=True, eq=False)
class Rival:
    """Reports that agree with each other and not with what is believed."""

    kept: list[Sighting] = field(default_factory=list)
    """The last few, in the order of their times."""
    reports: int = 0
    overlaps: bool = False
    """Whether reports from the believed place came between them."""


class Rivals:
    """The places where a platform is not believed to be."""

    def __init__(self, kind: PlatformKind) -> None:
        """Keep those of a platform of a kind."""
        self._kind = kind
        self._open: list[Rival] = []

    def __iter__(self) -> Iterator[Rival]:
        """Go through those that are kept."""
        return iter(self._open)

    def take(self, seen: Sighting, believed: float) -> Rival:
        """Add a sighting to the reports that it agrees with.

        believed: time of the newest report from the believed place, POSIX seconds.
        """
        self.forget(seen.time)
        for rival in self._open:
            last = rival.kept[-1]
            if seen.time > last.time and _agrees(self._kind, last, seen):
                rival.kept = [*rival.kept[1 - AGREEING :], seen]
                rival.reports += 1
                rival.overlaps = believed > rival.kept[0].time
                return rival
        found = Rival([seen], 1)
        self._open.append(found)
        if len(self._open) > _MOST:
            self._open.remove(min(self._open, key=lambda r: r.kept[-1].time))
        return found

    def forget(self, time: float) -> None:
        """Drop the places from which nothing came for long."""
        if self._open:
            self._open = [r for r in self._open if time - r.kept[-1].time <= FORGOTTEN_S]

    def remove(self, rival: Rival) -> None:
        """Drop one that is believed now."""
        self._open.remove(rival)


def _agrees(kind: PlatformKind, one: Sighting, other: Sighting) -> bool:
    apart = math.hypot(*LocalPlane(one.lat_deg, one.lon_deg).point(other.lat_deg, other.lon_deg))
    fast = HANDLING[kind].most_speed_m_s * (other.time - one.time + 2.0 * JITTER_S)
    return apart <= fast + _GATE * math.hypot(one.deviation_m, other.deviation_m)
