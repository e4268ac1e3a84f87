"""Laser links between satellites: planned at a fixed anchor each hour, checked in every slot.

A plan pairs terminals for one hour from where the satellites really are: fore and aft along each
orbital plane, one neighbour to the east and one to the west. It is made from the states at the
anchor and each ten minutes after it and from nothing else, so that the lasers of a slot are a pure
function of catalogue, options and slot, and two processes agree without talking. Within the hour a
planned link is up in the slots in which both ends are in range with a clear path between them.
docs/decisions/0002 says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numba
import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import EQUATORIAL_RADIUS_KM
from baluardo.terms import SLOT_PHASE_SECONDS, SLOT_SECONDS
from baluardo.twin.sky.earth_rotation import EARTH_RATE_RAD_S
from baluardo.twin.sky.propagation import States

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

TERMINALS = 4
FORE, AFT, WEST, EAST = range(TERMINALS)
NOBODY = -1

PLAN_SLOTS = 240
"""Slots from one anchor to the next: one hour."""

PLAN_SAMPLES = 7
"""A planned link is looked at this often in its hour, every ten minutes, both ends included. Half
an orbit lies between, so that the widest moment of a pair that moves together is among them."""

_PLANE_GAP = np.radians(0.8)
"""Ascending nodes further apart than this belong to different planes (the flown planes are 5 deg
apart and up to 0.8 deg wide in the larger shells)."""

_WIDEST = np.radians(50.0)
"""Pairs further apart along or across the orbit cannot see each other from these heights."""

_PHASE_BIAS = np.radians(0.5)
"""Breaks the tie between a neighbour half a spacing ahead and one half a spacing behind always
the same way, so that the next anchor pairs as this one did."""

_CANDIDATES = 12
"""Partners kept for each satellite before the pairing."""


class Layout(StrEnum):
    """Which laser terminals a satellite has."""

    GRID = "grid"
    """Fore, aft, west, east."""
    THREE = "three"
    """Fore, aft, and one across that even catalogue numbers point east and odd ones west."""
    RING = "ring"
    """Fore and aft only."""


@dataclass(frozen=True, slots=True)
class LaserOptions:
    """How satellites may be linked; ranges in km. Defaults: FACTS and docs/limits."""

    layout: Layout = Layout.GRID
    max_range_km: float = 5_400.0
    min_clearance_km: float = 80.0
    """The path stays this high above the equatorial radius: clear of the atmosphere."""
    bridge_every: int = 8
    """One satellite in so many turns its eastern terminal to another shell; 0 for none."""

    def __post_init__(self) -> None:
        """Refuse impossible options with a sentence that names the field."""
        if not self.max_range_km > 0.0:
            raise InvalidInputError(f"max_range_km {self.max_range_km} is not above 0.")
        if not 0.0 <= self.min_clearance_km < 1_000.0:
            raise InvalidInputError(
                f"min_clearance_km {self.min_clearance_km} is not at least 0 and below 1,000."
            )
        if self.bridge_every < 0:
            raise InvalidInputError(f"bridge_every {self.bridge_every} is below 0.")


@dataclass(frozen=True, slots=True, eq=False)
class LaserState:
    """Links that are up: shapes (satellites, 4), columns fore, aft, west, east.

    `neighbours` holds satellite indices, -1 for nobody; `lengths` km, infinite for nobody. Links
    go both ways: who stands in my row has me in hers.
    """

    neighbours: Ints
    lengths: Floats


def anchor_slot(slot: int) -> int:
    """Slot at which the plan that governs `slot` was made."""
    return slot - slot % PLAN_SLOTS


def sample_times(anchor: int) -> Floats:
    """POSIX times, shape (7,), at which `plan_lasers` wants the states of an anchor's hour."""
    start = anchor * SLOT_SECONDS + SLOT_PHASE_SECONDS
    return start + np.linspace(0.0, PLAN_SLOTS * SLOT_SECONDS, PLAN_SAMPLES)


def plan_lasers(
    states: States,
    shell: npt.NDArray[np.int16],
    numbers: npt.NDArray[np.int64],
    usable: Bools,
    options: LaserOptions,
) -> Ints:
    """Return who is paired with whom for an hour, shape (satellites, 4), -1 for nobody.

    states: at `sample_times`, Earth-fixed, shape (7, satellites, 3); shell, numbers, usable: shape
    (satellites,). Only usable satellites are paired.
    """
    usable = usable & np.isfinite(states.positions).all(axis=(0, 2))
    plan = np.full((len(usable), TERMINALS), NOBODY, dtype=np.int32)
    node, phase, inclination = _orbits(states.positions[0], states.velocities[0])
    plane = _planes(node, shell, usable)
    reach = _Reach(np.ascontiguousarray(states.positions), options)
    _link_along_planes(plan, plane, phase, usable, reach)
    if options.layout is Layout.RING:
        return plan
    bridge = (
        (numbers % options.bridge_every == options.bridge_every - 1)
        if options.bridge_every
        else np.zeros(len(usable), dtype=np.bool_)
    )
    may_east, may_west = usable & ~bridge, usable
    if options.layout is Layout.THREE:
        # The only terminal across cannot look both ways.
        may_east, may_west = may_east & (numbers % 2 == 0), usable & ~bridge & (numbers % 2 == 1)
    west_ends, east_ends, separations = _neighbours_across(
        node, phase, inclination, shell, plane, may_east, may_west
    )
    _pair(plan, west_ends, east_ends, separations, EAST, WEST, reach)
    across = (WEST, EAST) if options.layout is Layout.GRID else (EAST,)
    if options.layout is Layout.THREE:
        moved = plan[:, WEST] != NOBODY
        plan[moved, EAST] = plan[moved, WEST]
        plan[:, WEST] = NOBODY
    # Bridges look for another shell first; whatever is still free then takes whom it can get.
    for same_shell in (False, True):
        free = usable & (plan[:, across] == NOBODY).any(axis=1)
        first, second, distances = _neighbours_anywhere(
            reach.positions, shell, free, same_shell, options.max_range_km
        )
        _pair_any(plan, first, second, distances, np.array(across, dtype=np.int64), reach)
    return plan


def links_at(plan: Ints, positions: Floats, usable: Bools, options: LaserOptions) -> LaserState:
    """Return the links of a plan that are up at one time.

    positions: shape (satellites, 3), km, Earth-fixed; usable: shape (satellites,).
    """
    neighbours, lengths = _check(
        plan,
        np.ascontiguousarray(positions),
        usable,
        options.max_range_km,
        EQUATORIAL_RADIUS_KM + options.min_clearance_km,
    )
    return LaserState(neighbours, lengths)


@dataclass(frozen=True, slots=True, eq=False)
class _Reach:
    """Where satellites are at the samples of an hour, and what a link must keep to there."""

    positions: Floats
    options: LaserOptions

    @property
    def limits(self) -> tuple[float, float]:
        return (
            self.options.max_range_km,
            EQUATORIAL_RADIUS_KM + self.options.min_clearance_km,
        )


def _orbits(positions: Floats, velocities: Floats) -> tuple[Floats, Floats, Floats]:
    """Return node, argument of latitude and inclination, each (satellites,), radians.

    The node is counted from the Earth-fixed x axis: only differences between nodes matter.
    """
    inertial = velocities + EARTH_RATE_RAD_S * np.stack(
        [-positions[:, 1], positions[:, 0], np.zeros(len(positions))], axis=1
    )
    normal = np.cross(positions, inertial)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    node = np.arctan2(normal[:, 0], -normal[:, 1])
    ascending = np.stack([np.cos(node), np.sin(node), np.zeros(len(node))], axis=1)
    phase = np.arctan2(
        np.sum(positions * np.cross(normal, ascending), axis=1),
        np.sum(positions * ascending, axis=1),
    )
    return node, phase, np.arccos(np.clip(normal[:, 2], -1.0, 1.0))


def _planes(node: Floats, shell: npt.NDArray[np.int16], usable: Bools) -> Ints:
    """Return a plane's index for each satellite, shape (satellites,), -1 where it is not usable."""
    plane = np.full(len(node), NOBODY, dtype=np.int32)
    next_plane = 0
    for label in np.unique(shell[usable]):
        members = np.flatnonzero(usable & (shell == label))
        members = members[np.argsort(node[members], kind="stable")]
        gaps = np.diff(node[members], prepend=node[members[-1]] - 2.0 * np.pi)
        # Begin after the widest gap, lest a plane that straddles the angle pi be cut in two.
        widest = int(np.argmax(gaps))
        members, gaps = np.roll(members, -widest), np.roll(gaps, -widest)
        gaps[0] = 0.0
        plane[members] = next_plane + np.cumsum(gaps > _PLANE_GAP)
        next_plane = int(plane[members[-1]]) + 1
    return plane


def _link_along_planes(
    plan: Ints, plane: Ints, phase: Floats, usable: Bools, reach: _Reach
) -> None:
    order = np.lexsort((phase, plane))
    order = order[usable[order]]
    bounds = np.flatnonzero(np.diff(plane[order])) + 1
    for members in np.split(order, bounds):
        if len(members) < 2:
            continue
        # A plane of two is a line, not a ring: its two are linked once.
        behind = members if len(members) > 2 else members[:1]
        ahead = np.roll(members, -1)[: len(behind)]
        lasting = _lasting(reach.positions, behind, ahead, *reach.limits)
        plan[behind[lasting], FORE] = ahead[lasting]
        plan[ahead[lasting], AFT] = behind[lasting]


def _pair(
    plan: Ints,
    first: Ints,
    second: Ints,
    costs: Floats,
    first_terminal: int,
    second_terminal: int,
    reach: _Reach,
) -> None:
    """Pair the cheapest first, each terminal once, where the link lasts."""
    order = np.argsort(costs, kind="stable")
    _pair_in_order(
        plan,
        first[order],
        second[order],
        first_terminal,
        second_terminal,
        reach.positions,
        *reach.limits,
    )


def _pair_any(
    plan: Ints,
    first: Ints,
    second: Ints,
    costs: Floats,
    terminals: npt.NDArray[np.int64],
    reach: _Reach,
) -> None:
    """Pair the cheapest first at any free terminal of those named, where the link lasts."""
    order = np.argsort(costs, kind="stable")
    _pair_free_in_order(
        plan, first[order], second[order], terminals, reach.positions, *reach.limits
    )


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _clear(positions, a, b, max_range, min_radius):  # type: ignore[no-untyped-def]
    """Distance of two satellites if they can link, otherwise infinity."""
    ax, ay, az = positions[a, 0], positions[a, 1], positions[a, 2]
    dx, dy, dz = positions[b, 0] - ax, positions[b, 1] - ay, positions[b, 2] - az
    squared = dx * dx + dy * dy + dz * dz
    if not squared <= max_range * max_range:
        return np.inf
    # The point of the segment nearest to the Earth's centre, if it lies between the two ends.
    along = -(ax * dx + ay * dy + az * dz) / squared
    if 0.0 < along < 1.0:
        cx, cy, cz = ax + along * dx, ay + along * dy, az + along * dz
        if cx * cx + cy * cy + cz * cz < min_radius * min_radius:
            return np.inf
    return np.sqrt(squared)


@numba.njit(cache=True, nogil=True)
def _widest(positions, a, b, max_range, min_radius):  # type: ignore[no-untyped-def]
    """Largest distance of a pair over the samples; infinite if it breaks at one."""
    widest = 0.0
    for k in range(positions.shape[0]):
        widest = max(widest, _clear(positions[k], a, b, max_range, min_radius))
        if widest == np.inf:
            break
    return widest


@numba.njit(cache=True, nogil=True)
def _lasting(positions, first, second, max_range, min_radius):  # type: ignore[no-untyped-def]
    out = np.empty(len(first), np.bool_)
    for i in range(len(first)):
        out[i] = _widest(positions, first[i], second[i], max_range, min_radius) < np.inf
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _neighbours_across(  # type: ignore[no-untyped-def]
    node, phase, inclination, shell, plane, may_east, may_west
):
    """Candidate pairs within shells: western ends, eastern ends, separation (radians).

    Two satellites of one shell keep their phase offset along the orbit all the time and swing
    across it by their nodes' distance times sin(inclination): both together rank the neighbours.
    """
    n = len(node)
    east = np.flatnonzero(may_east)
    west = np.flatnonzero(may_west)
    firsts, seconds = np.empty(n * _CANDIDATES, np.int32), np.empty(n * _CANDIDATES, np.int32)
    costs = np.empty(n * _CANDIDATES)
    best, best_cost = np.empty(_CANDIDATES, np.int32), np.empty(_CANDIDATES)
    count = 0
    for i in east:
        held = 0
        cos_i, sin_i = np.cos(inclination[i]), np.sin(inclination[i])
        for j in west:
            if shell[i] != shell[j] or plane[i] == plane[j]:
                continue
            apart = (node[j] - node[i]) % (2.0 * np.pi)
            if apart > _WIDEST:
                continue
            ahead = (phase[j] - phase[i] + apart * cos_i + np.pi) % (2.0 * np.pi) - np.pi
            if abs(ahead) > _WIDEST:
                continue
            cost = np.hypot(ahead - _PHASE_BIAS, apart * sin_i)
            held = _keep(best, best_cost, held, j, cost)
        for k in range(held):
            firsts[count], seconds[count], costs[count] = i, best[k], best_cost[k]
            count += 1
    return firsts[:count], seconds[:count], costs[:count]


@numba.njit(cache=True, nogil=True)
def _neighbours_anywhere(  # type: ignore[no-untyped-def]
    positions, shell, free, same_shell, max_range
):
    """Candidate pairs among free satellites: both ends and their widest first or last distance."""
    members = np.flatnonzero(free)
    last = positions.shape[0] - 1
    n = len(members)
    firsts, seconds = np.empty(n * _CANDIDATES, np.int32), np.empty(n * _CANDIDATES, np.int32)
    costs = np.empty(n * _CANDIDATES)
    best, best_cost = np.empty(_CANDIDATES, np.int32), np.empty(_CANDIDATES)
    count = 0
    limit = max_range * max_range
    for i in members:
        held = 0
        for j in members:
            if i == j or (shell[i] == shell[j]) != same_shell:
                continue
            farthest = 0.0
            for k in (0, last, last // 2):
                squared = 0.0
                for axis in range(3):
                    squared += (positions[k, i, axis] - positions[k, j, axis]) ** 2
                farthest = max(farthest, squared)
                if farthest > limit:
                    break
            if farthest <= limit:
                held = _keep(best, best_cost, held, j, np.sqrt(farthest))
        for k in range(held):
            if i < best[k]:
                firsts[count], seconds[count], costs[count] = i, best[k], best_cost[k]
            else:
                firsts[count], seconds[count], costs[count] = best[k], i, best_cost[k]
            count += 1
    return firsts[:count], seconds[:count], costs[:count]


@numba.njit(cache=True, nogil=True)
def _keep(best, best_cost, held, item, cost):  # type: ignore[no-untyped-def]
    """Insert into the short sorted list of the cheapest; return how many it holds now."""
    if held == len(best):
        if cost >= best_cost[held - 1]:
            return held
        held -= 1
    k = held
    while k > 0 and best_cost[k - 1] > cost:
        best[k], best_cost[k] = best[k - 1], best_cost[k - 1]
        k -= 1
    best[k], best_cost[k] = item, cost
    return held + 1


@numba.njit(cache=True, nogil=True)
def _pair_in_order(  # type: ignore[no-untyped-def]
    plan, first, second, first_terminal, second_terminal, positions, max_range, min_radius
):
    for k in range(len(first)):
        a, b = first[k], second[k]
        if plan[a, first_terminal] != NOBODY or plan[b, second_terminal] != NOBODY:
            continue
        if _linked(plan, a, b):
            continue
        if _widest(positions, a, b, max_range, min_radius) < np.inf:
            plan[a, first_terminal] = b
            plan[b, second_terminal] = a


@numba.njit(cache=True, nogil=True)
def _pair_free_in_order(  # type: ignore[no-untyped-def]
    plan, first, second, terminals, positions, max_range, min_radius
):
    for k in range(len(first)):
        a, b = first[k], second[k]
        mine, hers = NOBODY, NOBODY
        for terminal in terminals:
            if plan[a, terminal] == NOBODY:
                mine = terminal
            if plan[b, terminal] == NOBODY:
                hers = terminal
        if mine == NOBODY or hers == NOBODY or _linked(plan, a, b):
            continue
        if _widest(positions, a, b, max_range, min_radius) < np.inf:
            plan[a, mine] = b
            plan[b, hers] = a


@numba.njit(cache=True, nogil=True)
def _linked(plan, a, b):  # type: ignore[no-untyped-def]
    for terminal in range(TERMINALS):
        if plan[a, terminal] == b:
            return True
    return False


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _check(plan, positions, usable, max_range, min_radius):  # type: ignore[no-untyped-def]
    n = plan.shape[0]
    neighbours = np.full((n, TERMINALS), NOBODY, np.int32)
    lengths = np.full((n, TERMINALS), np.inf)
    for a in range(n):
        if not usable[a]:
            continue
        for terminal in range(TERMINALS):
            b = plan[a, terminal]
            if b != NOBODY and usable[b]:
                # Always from the lower index, so that both directions are equal to the last bit.
                length = _clear(positions, min(a, b), max(a, b), max_range, min_radius)
                if length < np.inf:
                    neighbours[a, terminal] = b
                    lengths[a, terminal] = length
    return neighbours, lengths
