"""The state's terminals as arrays, kept from slot to slot while they stay the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import is_

import numpy as np
import numpy.typing as npt

from baluardo.twin.paths.claims import Claims, Terminal, terminal_claims

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """Terminals, each array (terminals,). Whoever takes an array must not change it."""

    terminals: tuple[Terminal, ...]
    names: tuple[str, ...]
    claims: Claims
    lat_deg: Floats
    lon_deg: Floats
    dish: npt.NDArray[np.int64]
    """`radios.DishKind`."""
    contract: Bools

    def __len__(self) -> int:
        """Return the number of terminals."""
        return len(self.terminals)

    @classmethod
    def of(cls, terminals: Sequence[Terminal]) -> Fleet:
        """Prepare terminals; InvalidInputError where two share a name."""
        return cls(
            terminals=tuple(terminals),
            names=tuple(t.name for t in terminals),
            claims=terminal_claims(terminals),
            lat_deg=np.array([t.place.lat_deg for t in terminals], dtype=np.float64),
            lon_deg=np.array([t.place.lon_deg for t in terminals], dtype=np.float64),
            dish=np.array([int(t.dish) for t in terminals], dtype=np.int64),
            contract=np.array([t.contract for t in terminals], dtype=np.bool_),
        )

    def is_of(self, terminals: Sequence[Terminal]) -> bool:
        """Tell whether these are the very terminals, which are values and never change."""
        return len(terminals) == len(self.terminals) and all(map(is_, terminals, self.terminals))


class LastFleet:
    """Prepares terminals, and keeps the last: most ask about the same ones slot after slot."""

    def __init__(self) -> None:
        """Begin with none."""
        self._fleet: Fleet | None = None

    def of(self, terminals: Sequence[Terminal]) -> Fleet:
        """Return the terminals prepared; the same object while they are the same."""
        fleet = self._fleet
        if fleet is None or not fleet.is_of(terminals):
            fleet = self._fleet = Fleet.of(terminals)
        return fleet
