"""Simulated handsets under a plan of beams: a million of them, each with its own dice.

The model is that of `beams.phones`; `beams.forecast` computes expectations of the same model in
another way. Here every handset walks in and out of its house, looks for a cell, hears the warning
or does not, and keeps its serial number: what it hears again it does not show again. All dice hang
on the seed, the handset and the step alone, not on the order of the work.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from baluardo.emergency.beams.contacts import Bools, Floats, Ints, Singles
from baluardo.emergency.beams.phones import Phones
from baluardo.emergency.beams.plan import BeamPlan, column
from baluardo.errors import InvalidInputError

Bytes = npt.NDArray[np.uint8]

NEVER = -1
MOST_HANDSETS = 50_000_000
_AT_ONCE = 50_000
"""Handsets that one thread takes at a time."""

_MIXER = np.uint64(0x9E37_79B9_7F4A_7C15)
_MIX_A, _MIX_B = np.uint64(0xBF58_476D_1CE4_E5B9), np.uint64(0x94D0_49BB_1331_11EB)
"""Constants of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""


@dataclass(frozen=True, eq=False, slots=True)
class Handsets:
    """A population; every array has shape (handsets,), in ascending order of cells."""

    seed: int
    cells: int
    languages: tuple[str, ...]
    cell: Ints
    """Index into the cells, 0 to `cells`."""
    people: Floats
    """People in the area for whom the handsets of each cell stand, shape (cells,)."""
    inside: Bools
    """In the warned polygon; the others are beside it, under the same beam."""
    grounded: Bools
    """Its ground network stands, and it does not look for another."""
    working: Bools
    capable: Bools
    """Knows the satellites' band."""
    opted_out: Bools
    positioned: Bools
    """Knows where it is at once."""
    loss_db: Singles
    """What its house lets not through."""
    period: Bytes
    """Index into `Phones.searches`."""
    language: Bytes
    """Index into `languages`."""

    def __len__(self) -> int:
        """Return the number of handsets."""
        return len(self.cell)


def populate(
    people: Floats,
    count: int,
    seed: int,
    phones: Phones | None = None,
    *,
    people_beside: Floats | None = None,
    ground_lost: Floats | None = None,
    languages: Mapping[str, float] | None = None,
) -> Handsets:
    """Place `count` handsets by people on cells; the same arguments give the same handsets.

    people: inside the warned area, by cell, shape (cells,); people_beside: of the same cells,
    outside it; ground_lost: share of each cell without a ground network (all, where not given);
    languages: shares by language. InvalidInputError where nobody is, or a value is impossible.
    """
    phones = phones or Phones()
    inside = column("people", people, len(people), 0.0)
    beside = column("people_beside", people_beside, len(inside), 0.0)
    lost = column("ground_lost", ground_lost, len(inside), 1.0)
    spoken = dict(languages or {"it": 1.0})
    everybody = float((inside + beside).sum())
    if not 1 <= count <= MOST_HANDSETS or not everybody > 0.0:
        raise InvalidInputError(
            f"{count:,} handsets cannot be placed by {everybody:,.0f} people: "
            f"1 to {MOST_HANDSETS:,} handsets and somebody to carry them."
        )
    if not 0 <= seed < 2**63:
        raise InvalidInputError(f"seed {seed} is not between 0 and 2^63.")
    if not 1 <= len(spoken) <= 255 or min(spoken.values()) < 0.0 or sum(spoken.values()) <= 0.0:
        raise InvalidInputError("languages does not hold shares of at least one language.")
    dice = np.random.default_rng(seed)
    # One handset in each of `count` equal parts of the people: every cell has its share, to one.
    steps = (np.arange(count) + dice.random()) * (everybody / count)
    edges = np.cumsum(inside + beside)
    cell = np.minimum(np.searchsorted(edges, steps, side="right"), len(inside) - 1)
    return Handsets(
        seed=seed,
        cells=len(inside),
        languages=tuple(spoken),
        cell=cell.astype(np.int32),
        people=inside,
        inside=dice.random(count) * (inside + beside)[cell] < inside[cell],
        grounded=dice.random(count) >= lost[cell],
        working=dice.random(count) < phones.working,
        capable=dice.random(count) < phones.capable,
        opted_out=dice.random(count) < phones.opted_out,
        positioned=dice.random(count) < phones.positioned,
        loss_db=dice.normal(phones.indoor_loss_db, phones.indoor_deviation_db, count).astype(
            np.float32
        ),
        period=_drawn(dice, count, [share for _, share in phones.searches]),
        language=_drawn(dice, count, list(spoken.values())),
    )


def _drawn(dice: np.random.Generator, count: int, shares: Sequence[float]) -> Bytes:
    edges = np.cumsum(np.array(shares) / sum(shares))[:-1]
    return np.searchsorted(edges, dice.random(count), side="right").astype(np.uint8)


@dataclass(frozen=True, eq=False, slots=True)
class Received:
    """What happened to each handset, shape (handsets,); dwells are counted from the plan's start.

    Times are ends of dwells: 0 is before the first, NEVER is never.
    """

    plan_dwells: int
    dwell_s: float
    heard: Ints
    """When it first heard the warning, of a satellite or of the ground network."""
    shown: Ints
    """When it showed it."""
    duplicates: Ints
    """How often it heard it again, and showed nothing."""
    fenced_off: Bools
    """Heard, and not shown because the handset knows that it is outside."""

    def own_language(self, handsets: Handsets, languages: Sequence[str]) -> dict[str, int]:
        """Return how many were shown the warning in their own language, by language."""
        return {
            name: int(((handsets.language == k) & (self.shown != NEVER)).sum())
            for k, name in enumerate(handsets.languages)
            if name in languages
        }


def simulate(
    plan: BeamPlan,
    handsets: Handsets,
    phones: Phones | None = None,
    *,
    octets: Floats,
    goes_to: Bools | None = None,
    threads: int | None = None,
) -> Received:
    """Let handsets live through a plan; the same arguments give the same answer.

    octets: of all messages that beams carry to each cell (`Wanted.octets`), shape (cells,);
    goes_to: which cells the warning is for (all, where not given). InvalidInputError if the plan
    is of other cells or the messages are too long for a dwell.
    """
    phones = phones or Phones()
    if plan.cells != handsets.cells:
        raise InvalidInputError(
            f"The plan is of {plan.cells:,} cells and the handsets of {handsets.cells:,}."
        )
    lit = plan.lit()
    if goes_to is not None:
        lit[~goes_to] = np.nan
    lengths, which = np.unique(column("octets", octets, plan.cells, 0.0), return_inverse=True)
    in_time = np.array([phones.in_time(n, plan.dwell_s) if n > 0.0 else 0.0 for n in lengths])
    after = phones.ground_after_s
    count = len(handsets)
    received = Received(
        plan_dwells=plan.dwells,
        dwell_s=plan.dwell_s,
        heard=np.full(count, NEVER, dtype=np.int32),
        shown=np.full(count, NEVER, dtype=np.int32),
        duplicates=np.zeros(count, dtype=np.int32),
        fenced_off=np.zeros(count, dtype=np.bool_),
    )

    def live(begin: int) -> None:
        part = slice(begin, begin + _AT_ONCE)
        _live(
            np.uint64(handsets.seed),
            begin,
            handsets.cell[part],
            handsets.inside[part],
            handsets.grounded[part],
            handsets.working[part],
            handsets.capable[part],
            handsets.opted_out[part],
            handsets.positioned[part],
            handsets.loss_db[part],
            handsets.period[part],
            lit,
            in_time[which],
            np.array(phones.period_dwells(plan.dwell_s), dtype=np.int64),
            phones.outdoors_at_start,
            phones.outdoors,
            np.exp(-np.arange(plan.dwells + 1) * plan.dwell_s / phones.moving_s),
            phones.open_sky,
            phones.least_snr_db,
            math.ceil(phones.position_wait_s / plan.dwell_s),
            NEVER if after is None else math.ceil(after / plan.dwell_s),
            received.heard[part],
            received.shown[part],
            received.duplicates[part],
            received.fenced_off[part],
        )

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for done in [pool.submit(live, begin) for begin in range(0, count, _AT_ONCE)]:
            done.result()
    return received


@numba.njit(cache=True, nogil=True)
def _mixed(x):  # type: ignore[no-untyped-def]
    """Return 64 well-mixed bits of a number (SplitMix64's finaliser)."""
    x = (x ^ (x >> np.uint64(30))) * _MIX_A
    x = (x ^ (x >> np.uint64(27))) * _MIX_B
    return x ^ (x >> np.uint64(31))


@numba.njit(cache=True, nogil=True)
def _live(  # type: ignore[no-untyped-def]
    seed,
    begin,
    cell,
    inside,
    grounded,
    working,
    capable,
    opted_out,
    positioned,
    loss_db,
    period,
    lit,
    in_time,
    periods,
    at_start,
    tends_to,
    decay,
    open_sky,
    least_snr,
    wait,
    ground_after,
    heard,
    shown,
    duplicates,
    fenced_off,
):
    dwells = lit.shape[1]
    unit = 1.0 / 2.0**53
    for h in range(cell.size):
        if not working[h]:
            continue
        c = cell[h]
        if grounded[h]:
            if 0 <= ground_after <= dwells:
                heard[h] = ground_after
        elif capable[h]:
            mine = _mixed(_mixed(seed + _MIXER) + np.uint64(begin + h) * _MIXER)
            step = np.uint64(0)
            every = periods[period[h]]
            outside, last = at_start, np.int64(0)
            for first in range(0, dwells, every):
                step += np.uint64(1)
                bits = _mixed(mine + step * _MIXER)
                # The product of 32 bits and the period, without its lower half: even to 1 in 2^32.
                k = first + np.int64(((bits >> np.uint64(32)) * np.uint64(every)) >> np.uint64(32))
                if k >= dwells:
                    break
                signal = lit[c, k]
                if np.isnan(signal):
                    continue
                # Where it is matters only now: from where it was last seen, by the time since.
                step += np.uint64(1)
                chance = tends_to + (outside - tends_to) * decay[k - last]
                walks = np.float64(_mixed(mine + step * _MIXER) >> np.uint64(11)) * unit
                outside, last = (1.0 if walks < chance else 0.0), k
                step += np.uint64(1)
                luck = np.float64(_mixed(mine + step * _MIXER) >> np.uint64(11)) * unit
                if outside == 1.0:
                    hears = signal >= least_snr and luck < open_sky * in_time[c]
                else:
                    hears = signal - loss_db[h] >= least_snr and luck < in_time[c]
                if not hears:
                    continue
                if heard[h] == NEVER:
                    heard[h] = k + 1
                else:
                    duplicates[h] += 1
        if heard[h] == NEVER or opted_out[h]:
            continue
        # The ground network's own cells are small: what it sends is taken to be for its place.
        if grounded[h]:
            if inside[h]:
                shown[h] = heard[h]
        elif not positioned[h]:
            if heard[h] + wait <= dwells:
                shown[h] = heard[h] + wait
        elif inside[h]:
            shown[h] = heard[h]
        else:
            fenced_off[h] = True
