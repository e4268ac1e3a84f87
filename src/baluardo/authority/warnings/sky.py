"""What the desk is told of the sky: whom beams will reach, and whom they have reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from baluardo.emergency.area.warned_area import WarnedArea


@dataclass(frozen=True, slots=True)
class BeamForecast:
    """What beams would do for an area from now on."""

    satellites: tuple[str, ...]
    """Names, in the order in which they come."""
    beams_at_once: int
    """The most that would shine on the area at a time."""
    first_s: float | None
    """Seconds until the first beam; None if there is none in the span."""
    time_to_95_s: float | None
    """Seconds until 95 % of those who can be reached are; None if not in the span."""
    curve: tuple[tuple[float, float], ...]
    """Seconds from now, share of the area's people."""


@dataclass(frozen=True, slots=True)
class BeamNow:
    """One beam that shines on a cell for a warning."""

    satellite: str
    cell: str
    """H3, hexadecimal."""
    until: float
    """POSIX seconds."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a warning has come, as phones that are simulated have received it."""

    at: float
    """POSIX seconds."""
    share: float
    """Of the area's people."""
    curve: tuple[tuple[float, float], ...]
    """Seconds since its release, share."""
    forecast: tuple[tuple[float, float], ...]
    time_to_95_s: float | None
    cells: tuple[tuple[str, float], ...]
    beams: tuple[BeamNow, ...]
    busy: int
    """Beams for phones in use over the area, for whatever warning, of so many in view."""
    of: int


@dataclass(frozen=True, slots=True)
class OnAir:
    """What a phone at a place receives now."""

    warning: str
    """Id of the warning."""
    channel: str
    message_id: int
    serial: int
    language: str
    pages: tuple[bytes, ...]
    area: bytes
    """Warning-area coordinates."""
    coding: int
    """The octet of the data coding scheme."""
    cancel: bool
    """Whether it takes back what was said before."""


class WarningSky(Protocol):
    """The beams for phones, as far as somebody knows them: the twin's in the stage."""

    async def preview(self, warned: WarnedArea) -> BeamForecast:
        """Return what would be if a warning for this area were released now."""

    def reach(self, warning: str) -> Reach | None:
        """Return how far a warning has come; None if it is not on the air."""

    def on_air(self, lat_deg: float, lon_deg: float) -> Sequence[OnAir]:
        """Return what a phone at a place receives."""
