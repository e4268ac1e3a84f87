"""An order to carry a warning out, the receipt for it, and the interface of whatever does so."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from baluardo.emergency.broadcast.message import BroadcastMessage
from baluardo.emergency.channels import Channel
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.terms import Bilingual

MOST_CELLS: Final = 20_000
"""More than 5 million km2 in cells of H3 resolution 5."""
MOST_POINTS: Final = 10_000
MOST_MESSAGES: Final = 16
LARGEST_ALERT: Final = 262_144
LONGEST_NAME: Final = 64

Ring = tuple[tuple[float, float], ...]
"""Longitude before latitude, degrees, the first point not repeated at the end."""

_KEY = re.compile(r"[0-9a-f]{16,96}\Z", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z", re.ASCII)
_CELL = re.compile(r"[0-9a-f]{15,16}\Z", re.ASCII)


class OrderKind(StrEnum):
    """What is asked of a way out."""

    RELEASE = "release"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class OrderArea:
    """Where a warning goes: outlines for phones, H3 cells for beams."""

    polygons: tuple[tuple[Ring, ...], ...] = ()
    """Of each polygon the outer ring, then its holes."""
    cells: tuple[str, ...] = ()
    """H3 resolution 5, as H3 writes them, ascending and each once."""

    def __post_init__(self) -> None:
        """Refuse what is no area; InvalidInputError says what."""
        points = [point for rings in self.polygons for ring in rings for point in ring]
        if len(points) > MOST_POINTS:
            raise InvalidInputError(f"An area has at most {MOST_POINTS:,} points.")
        if any(not rings or any(len(ring) < 3 for ring in rings) for rings in self.polygons):
            raise InvalidInputError("A ring of an area has at least three points.")
        for lon_deg, lat_deg in points:
            if not (-180.0 <= lon_deg <= 180.0 and -90.0 <= lat_deg <= 90.0):
                raise InvalidInputError("A point of an area lies outside the Earth's degrees.")
        if len(self.cells) > MOST_CELLS:
            raise InvalidInputError(f"An area has at most {MOST_CELLS:,} cells.")
        if any(not _CELL.match(cell) for cell in self.cells):
            raise InvalidInputError("A cell of an area is 15 small hexadecimal digits.")
        if any(one >= other for one, other in zip(self.cells, self.cells[1:], strict=False)):
            raise InvalidInputError("The cells of an area stand in ascending order, each once.")

    @classmethod
    def of_outline(cls, outline: Mapping[str, object], cells: Iterable[str]) -> OrderArea:
        """Return the area of a GeoJSON MultiPolygon (RFC 7946) and its cells, in any order.

        InvalidInputError if the outline is none.
        """
        try:
            polygons = tuple(
                tuple(_open(ring) for ring in rings)
                for rings in outline["coordinates"]  # type: ignore[attr-defined]
            )
        except (KeyError, TypeError, ValueError, IndexError):
            raise InvalidInputError("The outline of an area is no MultiPolygon.") from None
        return cls(polygons, tuple(sorted(set(cells))))


@dataclass(frozen=True, slots=True)
class Order:
    """One thing that one way is to do, once."""

    key: str
    """Stable and of this order alone (small hexadecimal digits): the same key again is the same
    order again, which a way does not carry out twice."""
    warning: str
    """The warning it is about; a cancel bears the one that it withdraws."""
    way: str
    """Name of the way out."""
    kind: OrderKind
    channel: Channel
    level: str
    alert: bytes
    """The CAP alert that goes out, its very octets; of a cancel the CAP Cancel."""
    messages: tuple[BroadcastMessage, ...]
    """What phones receive; of a cancel the words that take the warning back, with the identifiers
    and the message code of what they take the place of."""
    area: OrderArea
    starts: float
    """When it was released, POSIX seconds."""
    expires: float
    """POSIX seconds: after it nothing is sent any more."""
    repetition_s: float
    """From one broadcast to the next."""

    def __post_init__(self) -> None:
        """Refuse what no way could carry; InvalidInputError says what."""
        if not _KEY.match(self.key):
            raise InvalidInputError("The key of an order is 16 to 96 small hexadecimal digits.")
        for field in ("warning", "way", "level"):
            if not _NAME.match(getattr(self, field)):
                raise InvalidInputError(
                    f"{field} {quoted(getattr(self, field))}: 1 to {LONGEST_NAME} letters, digits, "
                    "dots, dashes and underscores."
                )
        if not 0 < len(self.alert) <= LARGEST_ALERT:
            raise InvalidInputError(f"The alert of an order has 1 to {LARGEST_ALERT:,} octets.")
        if len(self.messages) > MOST_MESSAGES:
            raise InvalidInputError(f"An order has at most {MOST_MESSAGES} messages.")
        if not (math.isfinite(self.starts) and math.isfinite(self.expires)):
            raise InvalidInputError("An order starts and expires at finite times.")
        if not self.starts < self.expires:
            raise InvalidInputError("An order expires after it starts.")
        if not 0.0 < self.repetition_s <= 86_400.0:
            raise InvalidInputError(
                f"repetition_s {self.repetition_s} is not above 0 and at most a day."
            )


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a way out has taken an order: what it will do about it is in the detail."""

    way: str
    accepted_at: float
    """POSIX seconds, by the clock of whoever took it."""
    detail: Bilingual


class WayOut(Protocol):
    """Carries orders out of one or more channels."""

    @property
    def name(self) -> str:
        """Return what orders call it."""
        ...

    @property
    def channels(self) -> frozenset[Channel]:
        """Return the channels it takes; it refuses every other before anything is sent."""
        ...

    async def send(self, order: Order) -> Receipt:
        """Return once the order was taken; the same key again does nothing and is no error.

        ConflictError and InvalidInputError are final: the same order will be refused again.
        SourceError (nobody answers, or not as agreed) and TrustError (the answer is not genuine)
        may pass: the order is to be sent again.
        """
        ...


def _open(ring: object) -> Ring:
    """Return a ring of GeoJSON without its closing point, to 0.1 m."""
    points = tuple(
        (round(float(point[0]), 6), round(float(point[1]), 6))
        for point in ring  # type: ignore[attr-defined]
    )
    return points[:-1] if len(points) > 1 and points[0] == points[-1] else points
