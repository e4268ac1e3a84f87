"""The reach of a warning over time and by cell, counted on handsets, and beside its forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baluardo.emergency.beams.contacts import Floats, Integers, Ints
from baluardo.emergency.beams.forecast import GOAL, ReachForecast
from baluardo.emergency.reach.handsets import NEVER, Handsets, Received
from baluardo.errors import InvalidInputError


@dataclass(frozen=True, eq=False, slots=True)
class ReachCurve:
    """Whom a warning has reached; times are seconds from the plan's start, one each dwell."""

    times_s: Floats
    """Shape (dwells + 1,)."""
    share: Floats
    """Share of handsets inside the area that have shown it, shape (dwells + 1,)."""
    shown: Integers
    """Handsets inside the area that have shown it, by time and cell, (dwells + 1, cells)."""
    inside: Integers
    """Handsets inside the area, shape (cells,)."""
    shown_beside: int
    """Handsets outside the area that have shown it: they did not know where they are."""
    fenced_off: int
    """Handsets outside the area that heard it and kept silent."""
    duplicates: int
    """How often it was heard again and not shown again."""
    time_to_95_s: float | None

    @property
    def by_cell(self) -> Floats:
        """Share reached, shape (dwells + 1, cells); NaN where no handset is inside."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.shown / self.inside)

    def at(self, seconds: float) -> float:
        """Return the share reached at a time from the plan's start: that of the last whole dwell.

        Before the start nobody is reached, after the end no more than at the end.
        """
        k = int(np.searchsorted(self.times_s, seconds, side="right")) - 1
        return float(self.share[k]) if k >= 0 else 0.0


def curve(handsets: Handsets, received: Received) -> ReachCurve:
    """Count what handsets have received; InvalidInputError if these are others."""
    if len(handsets) != len(received.shown):
        raise InvalidInputError(
            f"{len(received.shown):,} handsets received, but {len(handsets):,} were asked about."
        )
    columns = received.plan_dwells + 1
    counted = handsets.inside & (received.shown != NEVER)
    where = handsets.cell[counted].astype(np.int64)
    flat = received.shown[counted] * np.int64(handsets.cells) + where
    each = np.bincount(flat, minlength=columns * handsets.cells)
    shown = each.reshape(columns, handsets.cells).cumsum(axis=0)
    inside = np.bincount(handsets.cell[handsets.inside], minlength=handsets.cells)
    share = shown.sum(axis=1) / max(1, int(inside.sum()))
    times = received.dwell_s * np.arange(float(columns))
    there = np.flatnonzero(share >= GOAL)
    return ReachCurve(
        times_s=times,
        share=share,
        shown=shown,
        inside=inside,
        shown_beside=int(((received.shown != NEVER) & ~handsets.inside).sum()),
        fenced_off=int(received.fenced_off.sum()),
        duplicates=int(received.duplicates.sum()),
        time_to_95_s=float(times[there[0]]) if there.size else None,
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a counted curve and its forecast are furthest apart."""

    share: float
    """Counted less forecast, with its sign."""
    at_s: float
    deviations: float
    """The same in standard deviations of the count, were every handset an independent throw."""
    cell_deviations: float
    """The largest of any cell at the end, without its sign."""


def compare(counted: ReachCurve, expected: ReachForecast, cells: Ints) -> Difference:
    """Return the largest difference of a curve and the forecast of the warning on `cells`.

    Handsets are placed by people, so that shares of both mean the same. InvalidInputError if the
    times are not the same.
    """
    if counted.times_s.shape != expected.times_s.shape:
        raise InvalidInputError("The curve and the forecast are of different times.")
    apart = counted.share - expected.share
    worst = int(np.abs(apart).argmax())
    sure = _deviation(expected.share, float(counted.inside.sum()))
    here = counted.inside[cells].astype(np.float64)
    at_end = counted.shown[-1, cells] - here * expected.by_cell[-1]
    one = _deviation(expected.by_cell[-1], np.maximum(here, 1.0)) * np.maximum(here, 1.0)
    return Difference(
        share=float(apart[worst]),
        at_s=float(counted.times_s[worst]),
        deviations=float(np.abs(apart / sure).max()),
        cell_deviations=float(np.abs(at_end / one).max()) if here.size else 0.0,
    )


def _deviation(share: Floats, count: float | Floats) -> Floats:
    """Return the standard deviation of a counted share; where next to nothing is expected, of one.

    A count of one where 1e-9 was expected is no contradiction of ten thousand deviations.
    """
    return np.asarray(np.sqrt(np.maximum(share * (1.0 - share) / count, 1.0 / count**2)))
