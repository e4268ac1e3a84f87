"""From one platform to another by lasers alone: nothing of it ever touches ground."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.terms import SPEED_OF_LIGHT_KM_S
from baluardo.twin.paths.claims import name_keys
from baluardo.twin.paths.near.loop import MOST_STEPS, NOBODY, begin_slot, most_near, plan_of
from baluardo.twin.paths.near.paths import NearPlanner
from baluardo.twin.paths.near.rules import gateways_of
from baluardo.twin.paths.near.search import LASERS_ANY, join, room_to_search
from baluardo.twin.paths.shares import delays_s, scheduling_wait_s

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class PeerPaths:
    """What one platform can send to another, slot by slot; arrays (slots,)."""

    first_slot: int
    delay_s: Floats
    """One way, from the one to the other; infinite where there is no way."""
    drift: Floats
    lasers: Ints
    """Laser hops; -1 where there is no way."""
    rate_bps: Floats
    ways: Ints
    """Satellites from the one's to the other's, -1 after them: (slots, MOST_STEPS)."""


@dataclass(frozen=True, slots=True, eq=False)
class PeerEnd:
    """One of the two platforms; arrays (slots,)."""

    name: str
    first_slot: int
    satellite: Ints
    """That serves it; -1 for none."""
    range_km: Floats
    sight_km_s: Floats
    """How fast the satellite moves away."""
    rate_up_bps: Floats
    rate_down_bps: Floats


def between(planner: NearPlanner, one: PeerEnd, other: PeerEnd) -> PeerPaths:
    """Return what goes from one platform to another over lasers, each served as planned.

    InvalidInputError where the two are not of the same slots.
    """
    n = len(one.satellite)
    if one.first_slot != other.first_slot or n != len(other.satellite):
        raise InvalidInputError("The two platforms' plans are not of the same slots.")
    near, model = planner.near, planner.model
    ground = gateways_of(near.sky, np.empty((0, 0)), np.empty((0, 3)), LASERS_ANY)
    ways = np.full((n, MOST_STEPS), NOBODY, np.int32)
    length, growth = np.full(n, np.inf), np.zeros(n)
    _join_all(
        *(planner.held, ground, one.first_slot - near.first_slot),
        *(one.satellite, other.satellite, ways, length, growth),
    )
    slots = np.arange(one.first_slot, one.first_slot + n).astype(np.uint64)
    waits = [
        scheduling_wait_s(model, near.options.seed, slots, np.repeat(name_keys((end.name,)), n))
        for end in (one, other)
    ]
    light = one.range_km + length + other.range_km
    up, _ = delays_s(model, light, waits[0], np.zeros(n))
    _, down = delays_s(model, np.zeros(n), waits[1], np.zeros(n))
    rate = np.minimum(one.rate_up_bps, other.rate_down_bps)
    fine = np.isfinite(length) & (rate > 0.0)
    growth = growth + one.sight_km_s + other.sight_km_s
    return PeerPaths(
        first_slot=one.first_slot,
        delay_s=np.where(fine, up + down, np.inf),
        drift=np.where(fine, growth / SPEED_OF_LIGHT_KM_S, 0.0),
        lasers=np.where(fine, (ways >= 0).sum(axis=1) - 1, NOBODY).astype(np.int32),
        rate_bps=np.where(fine, rate, 0.0),
        ways=ways,
    )


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _join_all(  # type: ignore[no-untyped-def]
    held, ground, first, one, other, ways, length, growth
):
    most = most_near(held)
    rows, search, onward = room_to_search(held.numbers.shape[0], most)
    node, count = -1, 0
    for k in range(one.shape[0]):
        if one[k] < 0 or other[k] < 0:
            continue
        i = first + k
        node, count = begin_slot(held, i, node, count, rows, onward)
        start, end = rows.row_of[one[k]], rows.row_of[other[k]]
        length[k], growth[k] = join(start, end, ground, rows, plan_of(held, i), search, ways, k)
