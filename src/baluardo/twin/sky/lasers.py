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

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import EQUATORIAL_RADIUS_KM
from baluardo.terms import SLOT_SECONDS, slot_start
from baluardo.twin.sky.earth_rotation import EARTH_RATE_RAD_S
from baluardo.twin.sky.laser_pairing import (
    NOBODY,
    TERMINALS,
    lasting,
    links_up,
    neighbours_across,
    neighbours_anywhere,
    pair_in_order,
)
from baluardo.twin.sky.propagation import States

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

FORE, AFT, WEST, EAST = range(TERMINALS)
PLAN_SLOTS = 240
"""Slots from one anchor to the next: one hour."""

PLAN_SAMPLES = 7
"""A planned link is looked at this often in its hour, every ten minutes, both ends included. Half
an orbit lies between, so that the widest moment of a pair that moves together is among them."""

_PLANE_GAP = np.radians(0.8)
"""Ascending nodes further apart than this belong to different planes (the flown planes are 5 deg
apart and up to 0.8 deg wide in the larger shells)."""


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
    return slot_start(anchor) + np.linspace(0.0, PLAN_SLOTS * SLOT_SECONDS, PLAN_SAMPLES)


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
    across: tuple[int, ...] = (WEST, EAST)
    may_east, may_west, western_terminals = usable & ~bridge, usable, (WEST,)
    if options.layout is Layout.THREE:
        # The only terminal across cannot look both ways: even numbers look east, odd ones west.
        across = western_terminals = (EAST,)
        may_east, may_west = may_east & (numbers % 2 == 0), may_east & (numbers % 2 == 1)
    candidates = neighbours_across(node, phase, inclination, shell, plane, may_east, may_west)
    _pair(plan, candidates, (EAST,), western_terminals, reach)
    # Bridges look for another shell first; whatever is still free then takes whom it can get.
    for same_shell in (False, True):
        free = usable & (plan[:, across] == NOBODY).any(axis=1)
        candidates = neighbours_anywhere(
            reach.positions, shell, free, same_shell, options.max_range_km
        )
        _pair(plan, candidates, across, across, reach)
    return plan


def links_at(plan: Ints, positions: Floats, usable: Bools, options: LaserOptions) -> LaserState:
    """Return the links of a plan that are up at one time.

    positions: shape (satellites, 3), km, Earth-fixed; usable: shape (satellites,).
    """
    neighbours, lengths = links_up(
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
        holds = lasting(reach.positions, behind, ahead, *reach.limits)
        plan[behind[holds], FORE] = ahead[holds]
        plan[ahead[holds], AFT] = behind[holds]


def _pair(
    plan: Ints,
    candidates: tuple[Ints, Ints, Floats],
    first_terminals: tuple[int, ...],
    second_terminals: tuple[int, ...],
    reach: _Reach,
) -> None:
    """Pair candidates (first ends, second ends, costs), the cheapest first, where the link lasts.

    Each end takes a terminal of those named for it that is still free.
    """
    first, second, costs = candidates
    order = np.argsort(costs, kind="stable")
    pair_in_order(
        plan,
        first[order],
        second[order],
        np.array(first_terminals),
        np.array(second_terminals),
        reach.positions,
        *reach.limits,
    )
