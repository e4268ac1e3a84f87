"""What the twin may take away, and from when: satellites, shells, landing, position fixes.

What happens at some moment is felt from the next slot on, as the operator reassigns only then.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.terms import slot_start
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.sky import Sky


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


def working(
    operational: npt.NDArray[np.bool_], catalogue: Catalogue, failed: Failed
) -> npt.NDArray[np.bool_]:
    """Return which satellites of a catalogue are at work: operational, and not out of order."""
    found = operational.copy()
    for number in failed.satellites:
        found[catalogue.index_of(number)] = False
    for name in failed.shells:
        found &= catalogue.shell != catalogue.shell_names.index(name)
    return found


def check_names(disruptions: Iterable[Disruption], sky: Sky) -> None:
    """Refuse, whenever it may be, what a sky does not have; a terminal's name is not its matter.

    InvalidInputError names those known; CatalogueError for a satellite.
    """
    known = {
        DisruptionKind.SHELL: set(sky.catalogue.shell_names),
        DisruptionKind.GATEWAY: {g.place.name for g in sky.ground.gateways},
        DisruptionKind.POINT_OF_PRESENCE: {p.place.name for p in sky.ground.points_of_presence},
    }
    for disruption in disruptions:
        kind, name = disruption.kind, disruption.name
        if kind == DisruptionKind.SATELLITE:
            sky.catalogue.index_of(_number(name))
        elif kind in known and name not in known[kind]:
            what, all_of_them = kind.replace("-", " "), ", ".join(sorted(known[kind]))
            raise InvalidInputError(f"No {what} is called {name!r}. Known: {all_of_them}.")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise InvalidInputError(f"{text!r} is no catalogue number (up to nine digits).")
    return int(text)
