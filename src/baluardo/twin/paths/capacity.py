"""How many of the state's sites are carried at the rate they ask for, beside everybody else.

A site is *carried* in a slot if a satellite serves it and its traffic lands, if it is given all the
beam time that it asks for in both directions, and if its own link makes of that time, and of the
share of the frames that is free, at least the rates asked for. Beam time adds up over sites; the
free share does not, which is why both are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.cells import Cells
from baluardo.geo.subscribers import Subscribers
from baluardo.terms import SLOT_SECONDS, Place, slot_at, slot_start
from baluardo.twin.paths.beams import NOMINAL_BEAM_BPS, UNITS_PER_BEAM
from baluardo.twin.paths.claims import Claims, Terminal, terminal_claims
from baluardo.twin.paths.ephemeris import (
    SLOTS_PER_NODE,
    SlotSky,
    between_nodes,
    node_times,
    slot_sky,
)
from baluardo.twin.paths.planner import Planner, SlotPaths
from baluardo.twin.paths.rounds import Reason, Served
from baluardo.twin.paths.world import Assignment
from baluardo.twin.sky.sky import Sky

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

HOUR_S = 3_600.0
SLOTS_PER_HOUR = int(HOUR_S / SLOT_SECONDS)

MOST_SITES = 100_000
"""Our choice: beyond that a search for the number of sites ends."""

_MIXER = np.uint64(0x9E37_79B9_7F4A_7C15)
"""2^64 over the golden ratio: multiples of it spread evenly (Knuth, TAOCP 3, section 6.4)."""

Fleet = Callable[[float], Sequence[Terminal]]
"""The sites as they are at a POSIX time: who is under way is somewhere else each slot."""


class SparseEphemeris:
    """Tells of slots far apart what `ComputedEphemeris` does, to the bit; one thread at a time.

    It propagates the two minutes around a slot instead of sixteen, and keeps the last slots.
    """

    def __init__(self, sky: Sky) -> None:
        """Take the sky whose satellites are asked about."""
        self.sky = sky
        self._at = lru_cache(maxsize=32)(self._propagate)

    def at(self, slot: int) -> SlotSky:
        """Return the satellites at the start of a slot."""
        return self._at(slot)

    def _propagate(self, slot: int) -> SlotSky:
        node, part = divmod(slot, SLOTS_PER_NODE)
        nodes = self.sky.propagator.earth_fixed(node_times(np.array([node, node + 1])))
        return slot_sky(self.sky, slot, between_nodes(nodes, part))


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of sites in some slots; counts are of sites times slots."""

    asked: int
    full: int
    """Carried at the full rate."""
    less: int
    """Served and landed, with less than was asked for."""
    reasons: Mapping[Reason, int]
    """Why the others were not served."""
    share: float
    """Part of the rate asked for, down, that was there, each site counted up to one; mean."""

    @property
    def full_share(self) -> float:
        """Return the part of the sites, over all slots, that was carried; 1 where none asks."""
        return self.full / self.asked if self.asked else 1.0


@dataclass(frozen=True, slots=True)
class Commercial:
    """The commercial users of a region in some slots: means over the slots."""

    users: float
    asked_bps: float
    """What they want, down, as beam time at the nominal rate of a beam."""
    granted_bps: float
    users_served: float
    load: float
    """Part of their beam time that the satellites which serve them have handed out to anybody."""


@dataclass(frozen=True, slots=True)
class HourCapacity:
    """One hour of the day."""

    start: float
    """POSIX seconds."""
    slots: tuple[int, ...]
    """Those that were looked at."""
    commercial: Commercial
    """Where the sites have no priority."""
    priority: Carried
    """With contracted priority."""
    ordinary: Carried
    """Without."""
    commercial_beside_priority: Commercial
    """What is left to them where the sites have priority."""


def hour_slots(start: float, samples: int) -> tuple[int, ...]:
    """Return evenly spread slots of the hour that begins at a POSIX time."""
    if not 1 <= samples <= SLOTS_PER_HOUR:
        raise InvalidInputError(f"samples {samples} is not from 1 to {SLOTS_PER_HOUR}.")
    step = HOUR_S / samples
    # The first slot that begins in each part of the hour.
    return tuple(slot_at(start + k * step - 1e-3) + 1 for k in range(samples))


def hour_capacity(
    planner: Planner, fleet: Fleet, region: Bools, start: float, samples: int = 4
) -> HourCapacity:
    """Return what sites and commercial users of a region get in an hour from `start` on.

    planner: of a world around the sites and the region; region: which of the world's users live
    in it, shape (users,), as `Subscribers` orders them.
    """
    slots = hour_slots(start, samples)
    claims = in_region(planner.world.claims, planner.world.users, region)
    # Slot by slot, both cases of each: where the satellites are is then worked out once.
    looks = [
        [_look(planner, fleet, slot, claims, contract=contract) for contract in (False, True)]
        for slot in slots
    ]
    (ordinary, first), (priority, second) = (
        (_all_carried([sites for sites, _ in case]), _all_commercial([users for _, users in case]))
        for case in zip(*looks, strict=True)
    )
    return HourCapacity(start, slots, first, priority, ordinary, second)


def in_region(claims: Claims, users: Subscribers, region: Bools) -> Bools:
    """Return which claims belong to cells of a region, shape (claims,)."""
    if region.shape != users.numbers.shape or region.dtype != np.bool_:
        raise InvalidInputError(
            f"region has shape {region.shape} and type {region.dtype}; it must be booleans of "
            f"shape ({len(users)},), one for each cell of users."
        )
    return np.asarray(np.isin(claims.cell, users.numbers[region]))


def carried_in(planner: Planner, fleet: Fleet, slots: Sequence[int], *, contract: bool) -> Carried:
    """Return what becomes of sites in slots, all with contracted priority or all without."""
    nobody = np.zeros(len(planner.world.claims), dtype=np.bool_)
    return _all_carried(
        [_look(planner, fleet, slot, nobody, contract=contract)[0] for slot in slots]
    )


def _look(
    planner: Planner, fleet: Fleet, slot: int, claims: Bools, *, contract: bool
) -> tuple[Carried, Commercial]:
    terminals = [replace(t, contract=contract) for t in fleet(slot_start(slot))]
    answer = planner.world.assign(slot, terminals)
    users = _commercial(answer, planner.world.claims, claims)
    if not terminals:
        return Carried(0, 0, 0, {}, 1.0), users
    wanted = terminal_claims(terminals).units(planner.world.options.demand, slot_start(slot))
    return _carried(planner.paths(slot, terminals), answer.terminals, terminals, wanted), users


def _carried(
    paths: SlotPaths, served: Served, terminals: Sequence[Terminal], wanted: tuple[Ints, Ints]
) -> Carried:
    """`wanted`: units down and up; `served` tells of what others on the cell leave of them."""
    down = np.array([t.down_bps for t in terminals])
    up = np.array([t.up_bps for t in terminals])
    fine = paths.reason == Reason.SERVED
    whole = (served.granted >= wanted[0]) & (served.up_granted >= wanted[1])
    full = fine & whole & (paths.rate_down_bps >= down) & (paths.rate_up_bps >= up)
    reasons, counts = np.unique(paths.reason[~fine], return_counts=True)
    return Carried(
        asked=len(terminals),
        full=int(full.sum()),
        less=int((fine & ~full).sum()),
        reasons={Reason(int(r)): int(n) for r, n in zip(reasons, counts, strict=True)},
        share=float(np.minimum(paths.rate_down_bps / down, 1.0).mean()),
    )


def _all_carried(slots: Sequence[Carried]) -> Carried:
    asked = sum(c.asked for c in slots)
    reasons: dict[Reason, int] = {}
    for one in slots:
        for reason, count in one.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
    return Carried(
        asked=asked,
        full=sum(c.full for c in slots),
        less=sum(c.less for c in slots),
        reasons=dict(sorted(reasons.items())),
        share=sum(c.share * c.asked for c in slots) / asked if asked else 1.0,
    )


def _commercial(answer: Assignment, claims: Claims, keep: Bools) -> Commercial:
    served = answer.commercial
    per_unit = NOMINAL_BEAM_BPS / UNITS_PER_BEAM
    got = keep & (served.satellite >= 0)
    above = np.unique(served.satellite[got])
    handed, there = answer.used[above].sum(), answer.room[above].sum()
    return Commercial(
        users=float(claims.users[keep].sum()),
        asked_bps=float(served.units[keep].sum()) * per_unit,
        granted_bps=float(served.granted[keep].sum()) * per_unit,
        users_served=float(claims.users[got].sum()),
        load=float(handed / there) if there else 0.0,
    )


def _all_commercial(slots: Sequence[Commercial]) -> Commercial:
    def mean(name: str) -> float:
        return float(np.mean([getattr(c, name) for c in slots]))

    return Commercial(
        mean("users"), mean("asked_bps"), mean("granted_bps"), mean("users_served"), mean("load")
    )


def busiest(hours: Sequence[HourCapacity]) -> HourCapacity:
    """Return the hour in which the commercial users ask for most, the first of equals.

    InvalidInputError where there is none.
    """
    if not hours:
        raise InvalidInputError("hours is empty: there is no busiest one.")
    return max(hours, key=lambda hour: hour.commercial.asked_bps)


def spread_sites(cells: Cells, count: int, model: Terminal) -> list[Terminal]:
    """Return sites at the centres of cells, each like `model` but for its name and place.

    The order of the cells is that of their numbers times 2^64 over the golden ratio: a smaller
    count is the beginning of a larger one, and any beginning is spread over the region. Beyond the
    last cell the first has a second site, and so on.
    """
    if not 0 <= count <= MOST_SITES:
        raise InvalidInputError(f"count {count} is not from 0 to {MOST_SITES:,}.")
    if len(cells) == 0:
        raise InvalidInputError("cells is empty: there is nowhere to put a site.")
    # The low bits of a coarse cell's number are all ones: they are left out before mixing.
    with np.errstate(over="ignore"):
        order = np.argsort((cells.numbers >> np.uint64(24)) * _MIXER, kind="stable")
    lat, lon, n = cells.lat_deg.tolist(), cells.lon_deg.tolist(), len(cells)
    out = []
    for k in range(count):
        cell = int(order[k % n])
        name = f"{model.name} {k + 1}"
        out.append(
            replace(model, name=name, place=Place(name, lat[cell], lon[cell])),
        )
    return out


@dataclass(frozen=True, slots=True)
class Most:
    """How many sites are carried: the answer of `most_sites`."""

    sites: int
    """The largest number found at which enough are carried; 0 where the first tried is too many:
    fewer are not tried, as the share of a handful in a few slots is chance."""
    refused_at: int | None
    """A larger number at which too few are; None where the search ended before finding one."""
    tried: Mapping[int, float]
    """Share of the sites that was carried, for each number that was tried."""


def most_sites(
    share_of: Callable[[int], float],
    *,
    enough: float = 0.95,
    first: int = 64,
    most: int = MOST_SITES,
    within: float = 0.02,
) -> Most:
    """Return how many sites are carried by doubling and then halving.

    share_of: the part of so many sites that is carried; enough: the part that must be; within:
    the search ends where the two numbers differ by no more than this part of the larger. More
    sites are taken to be harder to carry.
    """
    if not 0.0 < enough <= 1.0:
        raise InvalidInputError(f"enough {enough} is not above 0 and up to 1.")
    if not 1 <= first <= most <= MOST_SITES:
        raise InvalidInputError(
            f"first {first} and most {most} are not in their order between 1 and {MOST_SITES:,}."
        )
    if not 0.0 < within < 1.0:
        raise InvalidInputError(f"within {within} is not between 0 and 1.")
    tried: dict[int, float] = {}

    def carries(count: int) -> bool:
        tried[count] = share_of(count)
        return tried[count] >= enough

    good, bad, count = 0, None, first
    while bad is None and good < most:
        if carries(count):
            good, count = count, min(2 * count, most)
        else:
            bad = count
    while bad is not None and good and bad - good > max(1, int(within * bad)):
        middle = (good + bad) // 2
        if carries(middle):
            good = middle
        else:
            bad = middle
    return Most(good, bad, dict(sorted(tried.items())))
