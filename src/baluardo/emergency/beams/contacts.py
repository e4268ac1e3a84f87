"""Contacts of satellites with cells, dwell by dwell: what somebody who knows the sky hands over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]

DWELL_S: Final = 5.0
"""How long a beam stays on a cell. Our choice: a third of the slot of 15 s in which satellites are
assigned, so that no dwell lies across a handover; several times the 1 to 2 s that a phone needs to
find the cell and hear a whole warning; and short enough for 8 beams to sweep 24 cells in a slot."""

MOST_CELLS: Final = 300_000
"""As `geo.cells` cuts a region at most."""


@dataclass(frozen=True, eq=False, slots=True)
class PhoneContacts:
    """Who can light whom; the entries of dwell `i` are `first[i]` to `first[i + 1]`.

    They ascend by cell and, in a cell, by satellite, each pair once in a dwell.
    """

    starts: Floats
    """POSIX seconds at which dwells begin, shape (dwells,): one after the other, `dwell_s` each."""
    dwell_s: float
    satellites: Indices
    """Indices into the catalogue, shape (satellites,); names come from outside."""
    beams: Integers
    """Beams for phones that each satellite may point at a time, shape (satellites,)."""
    first: Integers
    """Shape (dwells + 1,)."""
    cell: Ints
    """Index into the cells, shape (entries,)."""
    satellite: Ints
    """Index into `satellites`, shape (entries,)."""
    rate_bps: Singles
    """Of a whole beam at the cell's centre, outdoors, shape (entries,)."""
    snr_db: Singles
    """Of the downlink, there and then, shape (entries,)."""

    def __post_init__(self) -> None:
        """Refuse columns that do not fit together: compiled loops do not look again."""
        n, dwells = len(self.cell), len(self.starts)
        rules = {
            "starts holds no dwell": dwells > 0,
            "dwell_s is not above 0": 0.0 < self.dwell_s < float("inf"),
            "starts are not one dwell apart": bool(
                np.allclose(np.diff(self.starts), self.dwell_s, rtol=0.0, atol=1e-3)
            ),
            "the columns of entries are not of one length": all(
                column.shape == (n,) for column in (self.satellite, self.rate_bps, self.snr_db)
            ),
            "beams and satellites are not of one length": self.beams.shape == self.satellites.shape,
            "first does not lead from 0 to the number of entries": (
                self.first.shape == (dwells + 1,)
                and int(self.first[0]) == 0
                and int(self.first[-1]) == n
                and bool((np.diff(self.first) >= 0).all())
            ),
        }
        wrong = next((what for what, holds in rules.items() if not holds), None)
        if wrong is None and n > 0:
            wrong = self._wrong_entry()
        if wrong is None and bool((self.beams < 0).any()):
            wrong = "a satellite has fewer than 0 beams"
        if wrong is not None:
            raise InvalidInputError(f"These are no contacts of satellites with cells: {wrong}.")

    def _wrong_entry(self) -> str | None:
        """Return what is wrong with the entries, of which there are some."""
        if self.cell.min() < 0 or self.cell.max() >= MOST_CELLS:
            return f"a cell is not between 0 and {MOST_CELLS:,}"
        if self.satellite.min() < 0 or self.satellite.max() >= len(self.satellites):
            return "an entry names a satellite that is not there"
        if not np.isfinite(self.snr_db).all() or not np.isfinite(self.rate_bps).all():
            return "a rate or a signal is no finite number"
        order = self.cell.astype(np.int64) * len(self.satellites) + self.satellite
        rising = np.diff(order) > 0
        begins = self.first[1:-1]
        rising[begins[(begins > 0) & (begins < len(order))] - 1] = True
        return None if rising.all() else "entries of a dwell do not ascend by cell and satellite"

    @classmethod
    def of(cls, columns: Any) -> PhoneContacts:
        """Take over an object with the same columns: what the twin makes."""
        return cls(**{name: getattr(columns, name) for name in cls.__slots__})

    @property
    def dwells(self) -> int:
        """Return the number of dwells."""
        return len(self.starts)
