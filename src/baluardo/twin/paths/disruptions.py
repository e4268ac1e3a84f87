"""What the twin may take away, and from when: satellites, shells, landing, position fixes.

What happens at some moment is felt from the next slot on, as the operator reassigns only then.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from baluardo.errors import InvalidInputError
from baluardo.terms import slot_start


class DisruptionKind(StrEnum):
    """What can be taken away."""

    SATELLITE = "satellite"
    """By catalogue number."""
    SHELL = "shell"
    """By the catalogue's own name of it."""
    GATEWAY = "gateway"
    POINT_OF_PRESENCE = "point-of-presence"
    POSITION_FIX = "position-fix"
    """Of a terminal, by name: satellite navigation is jammed there."""


@dataclass(frozen=True, slots=True)
class Disruption:
    """Something is out of order from `start` (inclusive) to `end` (exclusive), POSIX seconds."""

    kind: DisruptionKind
    name: str
    start: float = -math.inf
    end: float = math.inf

    def __post_init__(self) -> None:
        """Refuse a disruption that ends before it begins."""
        if not self.start < self.end:
            raise InvalidInputError(
                f"{self.kind} {self.name}: end {self.end} is not after start {self.start}."
            )


@dataclass(frozen=True, slots=True)
class Failed:
    """All that is out of order in one slot."""

    satellites: frozenset[int] = frozenset()
    shells: frozenset[str] = frozenset()
    gateways: frozenset[str] = frozenset()
    points_of_presence: frozenset[str] = frozenset()
    fixes: frozenset[str] = field(default_factory=frozenset)


def failed_in(disruptions: Iterable[Disruption], slot: int) -> Failed:
    """Return what is out of order in a slot: what was so at its first moment."""
    moment = slot_start(slot)
    names: dict[DisruptionKind, set[str]] = {kind: set() for kind in DisruptionKind}
    for disruption in disruptions:
        if disruption.start <= moment < disruption.end:
            names[disruption.kind].add(disruption.name)
    return Failed(
        satellites=frozenset(_number(n) for n in names[DisruptionKind.SATELLITE]),
        shells=frozenset(names[DisruptionKind.SHELL]),
        gateways=frozenset(names[DisruptionKind.GATEWAY]),
        points_of_presence=frozenset(names[DisruptionKind.POINT_OF_PRESENCE]),
        fixes=frozenset(names[DisruptionKind.POSITION_FIX]),
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise InvalidInputError(f"{text!r} is no catalogue number (up to nine digits).")
    return int(text)
