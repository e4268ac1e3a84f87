"""Which satellite lights which cell in which dwell, so that a warning reaches most people soonest.

In each dwell cells come in this order: the more severe warning first; in it whoever has waited for
more than `fair_rounds` even sweeps over all warned cells, longest first; then by the people whom a
visit is expected to reach. A visit leaves fewer to reach, so that beams go on sweeping where they
are fewer than cells. A cell in which at most 1 - `enough` of those who can hear are left steps
behind all others, until people come out of their houses. What beams are then left carries the usual
commercial load; what no longer fits is counted as displaced.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from baluardo.emergency.beams.contacts import (
    Bools,
    Floats,
    Integers,
    Ints,
    PhoneContacts,
    Singles,
)
from baluardo.emergency.beams.phones import Phones
from baluardo.emergency.beams.plan_loop import LONGEST_WAIT, dwell_by_dwell, snr_place, snr_steps
from baluardo.emergency.beams.wanted import Wanted
from baluardo.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """How beams are shared; our choices."""

    fair_rounds: int = 4
    """A cell waits for so many even sweeps at most; the rest of the beams goes where people are."""
    enough: float = 0.95
    """A cell of whose hearers this share is reached steps back."""

    def __post_init__(self) -> None:
        """Refuse what shares nothing."""
        if not 1 <= self.fair_rounds <= 1_000:
            raise InvalidInputError(f"fair_rounds {self.fair_rounds} is not 1 to 1,000.")
        if not 0.0 < self.enough <= 1.0:
            raise InvalidInputError(f"enough {self.enough} is not above 0 and at most 1.")


@dataclass(frozen=True, eq=False, slots=True)
class Standing:
    """How far warnings have come at a moment, so that the next plan goes on from there."""

    outdoors_now: float
    """Share of people outdoors."""
    outdoors: Floats
    """Share of each cell's people who are outdoors and not reached, shape (cells,)."""
    indoors: Floats
    """The same, indoors."""
    lit_at: Floats
    """When a beam last came, POSIX seconds; where none did, when the first plan began."""

    @classmethod
    def fresh(cls, cells: int, phones: Phones, start: float) -> Standing:
        """Nobody is reached yet."""
        out = phones.outdoors_at_start
        return cls(out, np.full(cells, out), np.full(cells, 1.0 - out), np.full(cells, start))


@dataclass(frozen=True, eq=False, slots=True)
class BeamPlan:
    """Beams for warnings, by dwell: entries `first[i]` to `first[i + 1]` are those of dwell `i`."""

    starts: Floats
    dwell_s: float
    cells: int
    first: Integers
    """Shape (dwells + 1,)."""
    satellite: Ints
    """Index into the contacts' satellites, shape (entries,)."""
    cell: Ints
    """Lit cell, shape (entries,); `Wanted.of_cell` says which warnings go there."""
    rate_bps: Singles
    snr_db: Singles
    warned_beams: Ints
    """Beams for warnings, shape (dwells, satellites)."""
    commercial_beams: Ints
    """Beams for the usual load, shape (dwells, satellites)."""
    displaced_beams: Ints
    """By how many beams the usual load is less than without warnings, shape (dwells,)."""
    displaced_bps: Floats
    """And by what rate."""
    seen: Bools
    """Which warned cells some satellite could have lit at some time, shape (cells,)."""
    standing: Standing
    """At the end."""

    @property
    def dwells(self) -> int:
        """Return the number of dwells."""
        return len(self.starts)

    @property
    def end(self) -> float:
        """Return when the last dwell ends, POSIX seconds."""
        return float(self.starts[-1]) + self.dwell_s

    def lit(self) -> Singles:
        """Return the signal to noise of each cell's beam, dB, (cells, dwells); NaN where dark."""
        out = np.full((self.cells, self.dwells), np.nan, dtype=np.float32)
        out[self.cell, np.repeat(np.arange(self.dwells), np.diff(self.first))] = self.snr_db
        return out


def plan(
    contacts: PhoneContacts,
    wanted: Wanted,
    phones: Phones | None = None,
    *,
    ground_lost: Floats | None = None,
    usual: Floats | None = None,
    options: PlanOptions | None = None,
    standing: Standing | None = None,
) -> BeamPlan:
    """Return which satellite lights which cell, in every dwell of the contacts.

    ground_lost: share of each cell's people without a ground network (all, where not given), whom
    beams must reach; usual: weight of the commercial load of each cell (subscribers, or people);
    both shape (cells,). standing: where an earlier plan ended. InvalidInputError if the columns do
    not fit, or if a cell's messages are too long for a dwell.
    """
    phones, options = phones or Phones(), options or PlanOptions()
    cells = wanted.cells
    if len(contacts.cell) and int(contacts.cell.max()) >= cells:
        raise InvalidInputError(f"A contact is with a cell beyond the {cells:,} there are.")
    lost = column("ground_lost", ground_lost, cells, 1.0)
    load = column("usual", usual, cells, 0.0)
    if (lost > 1.0).any():
        raise InvalidInputError("ground_lost is a share, and above 1 somewhere.")
    before = standing or Standing.fresh(cells, phones, float(contacts.starts[0]))
    if before.outdoors.shape != (cells,):
        raise InvalidInputError("The standing is of other cells.")
    waited = np.floor((contacts.starts[0] - before.lit_at) / contacts.dwell_s + 0.5)
    last = -np.clip(waited, 1, LONGEST_WAIT).astype(np.int64)
    out, indoors = before.outdoors.copy(), before.indoors.copy()
    first, sat, cell, entry, warned, commercial, displaced, displaced_bps, seen, now = (
        dwell_by_dwell(
            contacts.first,
            contacts.cell,
            contacts.satellite,
            contacts.rate_bps,
            contacts.snr_db,
            contacts.beams,
            wanted.severity,
            wanted.people * lost,
            _reach_of_a_visit(wanted, phones, contacts.dwell_s),
            load,
            phones.open_sky,
            phones.least_snr_db,
            np.array([phones.indoors_reached(snr) for snr in snr_steps()]),
            phones.outdoors,
            math.exp(-contacts.dwell_s / phones.moving_s),
            options.fair_rounds,
            1.0 - options.enough,
            before.outdoors_now,
            out,
            indoors,
            last,
        )
    )
    lit_at = np.where(last >= 0, contacts.starts[0] + last * contacts.dwell_s, before.lit_at)
    return BeamPlan(
        starts=contacts.starts,
        dwell_s=contacts.dwell_s,
        cells=cells,
        first=first,
        satellite=sat,
        cell=cell,
        rate_bps=contacts.rate_bps[entry],
        snr_db=contacts.snr_db[entry],
        warned_beams=warned,
        commercial_beams=commercial,
        displaced_beams=displaced,
        displaced_bps=displaced_bps,
        seen=seen,
        standing=Standing(now, out, indoors, lit_at),
    )


def standing_after(
    made: BeamPlan, dwells: int, wanted: Wanted, phones: Phones, before: Standing
) -> Standing:
    """Return how far warnings have come when only the first dwells of a plan were played.

    wanted, phones, before: what the plan was made with. InvalidInputError if the plan is shorter or
    of other cells.
    """
    if not 0 <= dwells <= made.dwells or not made.cells == wanted.cells == len(before.outdoors):
        raise InvalidInputError(
            f"{dwells} dwells of {wanted.cells:,} cells are not part of a plan of {made.dwells} "
            f"dwells and {made.cells:,} cells."
        )
    out, indoors, lit_at = before.outdoors.copy(), before.indoors.copy(), before.lit_at.copy()
    now, tends = before.outdoors_now, phones.outdoors
    decay = math.exp(-made.dwell_s / phones.moving_s)
    reach = _reach_of_a_visit(wanted, phones, made.dwell_s)
    through = np.array([phones.indoors_reached(snr) for snr in snr_steps()])
    for k in range(dwells):
        part = slice(int(made.first[k]), int(made.first[k + 1]))
        cell, snr = made.cell[part], made.snr_db[part].astype(np.float64)
        lit_at[cell] = made.starts[k]
        out[cell] *= 1.0 - reach[cell] * phones.open_sky * (snr >= phones.least_snr_db)
        deaf = (1.0 - now) * (1.0 - through[snr_place(snr)])
        indoors[cell] -= reach[cell] * np.maximum(0.0, indoors[cell] - deaf)
        both = out + indoors
        out = tends * both + (out - tends * both) * decay
        indoors = both - out
        now = tends + (now - tends) * decay
    return Standing(now, out, indoors, lit_at)


def column(name: str, values: Floats | None, cells: int, default: float) -> Floats:
    """Return values by cell, the default for all where none are given; else InvalidInputError."""
    if values is None:
        return np.full(cells, default)
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (cells,) or not ((array >= 0.0) & (array < 1e12)).all():
        raise InvalidInputError(f"{name} is not one number of at least 0 for each cell.")
    return array


def _reach_of_a_visit(wanted: Wanted, phones: Phones, dwell_s: float) -> Floats:
    """Return the share of those who can hear whom one dwell on a cell reaches, shape (cells,)."""
    looks = sum(
        share / period
        for (_, share), period in zip(phones.searches, phones.period_dwells(dwell_s), strict=True)
    )
    lengths, which = np.unique(wanted.octets, return_inverse=True)
    return np.asarray(
        np.array([phones.in_time(n, dwell_s) if n > 0.0 else 0.0 for n in lengths])[which] * looks
    )
