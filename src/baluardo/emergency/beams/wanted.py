"""What beams shall carry: warnings, and the cells and people of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.emergency.beams.contacts import MOST_CELLS
from baluardo.errors import InvalidInputError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

MOST_SEVERITY = 15
"""Severities are 0 to this; more is more severe."""

MOST_PEOPLE = 1e9
"""In one cell."""


@dataclass(frozen=True, eq=False, slots=True)
class CellWarning:
    """One warning: where it goes, to how many, how urgent it is, and how long."""

    cells: Ints
    """Indices into the contacts' cells, each once."""
    people: Floats
    """Inside the warned area, by cell."""
    severity: int
    """0 to MOST_SEVERITY."""
    octets: float
    """Of all its pages, in all its languages."""

    def __post_init__(self) -> None:
        """Refuse what no plan can be made for."""
        if self.cells.ndim != 1 or self.cells.shape != self.people.shape:
            raise InvalidInputError("cells and people of a warning are not of one length.")
        if self.cells.size and (self.cells.min() < 0 or self.cells.max() >= MOST_CELLS):
            raise InvalidInputError(f"A warning's cell is not between 0 and {MOST_CELLS:,}.")
        if np.unique(self.cells).size != self.cells.size:
            raise InvalidInputError("A warning names a cell twice.")
        if not ((self.people >= 0.0) & (self.people <= MOST_PEOPLE)).all():
            raise InvalidInputError(f"A cell's people are not between 0 and {MOST_PEOPLE:,.0f}.")
        if not 0 <= self.severity <= MOST_SEVERITY:
            raise InvalidInputError(f"severity {self.severity} is not 0 to {MOST_SEVERITY}.")
        if not 0.0 < self.octets < 1e6:
            raise InvalidInputError(f"A warning of {self.octets} octets cannot be broadcast.")


@dataclass(frozen=True, eq=False, slots=True)
class Wanted:
    """All warnings together, on cells 0 to `cells`; a beam carries all messages of its cell."""

    cells: int
    warnings: tuple[CellWarning, ...]
    severity: Ints
    """The highest of each cell, -1 where no warning is for it, shape (cells,)."""
    people: Floats
    """Of each cell; where warnings overlap, of the one that concerns most."""
    octets: Floats
    """Of all messages of each cell."""

    @classmethod
    def of(cls, cells: int, warnings: Sequence[CellWarning]) -> Wanted:
        """Lay warnings over each other; InvalidInputError if one leaves the cells."""
        if not 1 <= cells <= MOST_CELLS:
            raise InvalidInputError(f"cells {cells} is not between 1 and {MOST_CELLS:,}.")
        severity = np.full(cells, -1, dtype=np.int32)
        people, octets = np.zeros(cells), np.zeros(cells)
        for each in warnings:
            if each.cells.size and each.cells.max() >= cells:
                raise InvalidInputError(f"A warning is for a cell beyond the {cells:,} there are.")
            severity[each.cells] = np.maximum(severity[each.cells], each.severity)
            people[each.cells] = np.maximum(people[each.cells], each.people)
            octets[each.cells] += each.octets
        return cls(cells, tuple(warnings), severity, people, octets)

    def of_cell(self, cell: int) -> tuple[int, ...]:
        """Return the indices of the warnings that a beam on a cell carries."""
        return tuple(i for i, each in enumerate(self.warnings) if (each.cells == cell).any())
