"""The compiled search for a landing: from one satellite outwards, the nearest first.

What is still missing from a satellite is never less than the straight line to the point of
presence (A*; Hart, Nilsson and Raphael, IEEE Trans. Systems Science and Cybernetics, 1968): the
fibre behind a gateway is longer than its chord, and light in it slower.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from baluardo.twin.sky.laser_pairing import clear_length

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Stamps = npt.NDArray[np.int64]

NOBODY = -1

LASERS_ANY, LASERS_REQUIRED, LASERS_FORBIDDEN = 0, 1, 2


class Rows(NamedTuple):
    """Satellites near to a region in a slot, in ascending catalogue order."""

    row_of: Ints
    """By catalogue index; -1 for who is not near."""
    satellite: Ints
    positions: Floats
    velocities: Floats
    at_work: npt.NDArray[np.bool_]


class Search(NamedTuple):
    """Room for a search, by row; stamps tell whose entries are of this search."""

    reached: Floats
    """Kilometres of light from the serving satellite."""
    hope: Floats
    """The same, and the least that is still missing."""
    before: Ints
    steps: Ints
    seen: Stamps
    closed: Stamps
    open: Ints
    banned: npt.NDArray[np.bool_]
    stamp: Stamps
    """Shape (1,): number of the last search."""


class GatewaysOfRules(NamedTuple):
    """Gateways, and what landing at each costs under every rule that occurs."""

    positions: Floats
    frames: Floats
    min_sine: Floats
    light_km: Floats
    """Kilometres of light from gateway to point of presence; infinite where the rule bars it or it
    is out of order: shape (rules, gateways)."""
    points: Floats
    """Where the point of presence is, km: shape (rules, 3)."""
    lasers: int
    max_range_km: float
    min_radius_km: float


@numba.njit(cache=True, nogil=True)
def room_to_search(catalogue, most):  # type: ignore[no-untyped-def]
    """Return rows, room for a search, and where rows are found a minute later, of `most` rows."""
    rows = Rows(
        np.full(catalogue, NOBODY, np.int32),
        np.empty(most, np.int32),
        np.empty((most, 3)),
        np.empty((most, 3)),
        np.zeros(most, np.bool_),
    )
    search = Search(
        np.empty(most),
        np.empty(most),
        np.empty(most, np.int32),
        np.empty(most, np.int32),
        np.zeros(most, np.int64),
        np.zeros(most, np.int64),
        np.empty(most, np.int32),
        np.zeros(most, np.bool_),
        np.zeros(1, np.int64),
    )
    return rows, search, np.empty(most, np.int32)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def nearest(search, waiting):  # type: ignore[no-untyped-def]
    """Return which of those that wait has the most hope."""
    at = 0
    for n in range(1, waiting):
        if search.hope[search.open[n]] < search.hope[search.open[at]]:
            at = n
    return at


@numba.njit(cache=True, nogil=True, error_model="numpy")
def join(start, end, ground, rows, plan, search, ways, k):  # type: ignore[no-untyped-def]
    """Find the shortest way by lasers alone from a row to another; write it into `ways[k]`.

    Returns kilometres of light and how fast they grow, km/s; infinite where there is no way.
    """
    search.stamp[0] += 1
    stamp = search.stamp[0]
    goal = rows.positions[end]
    search.reached[start], search.hope[start] = 0.0, _straight(rows.positions[start], goal)
    search.before[start], search.steps[start] = NOBODY, 1
    search.seen[start] = stamp
    search.open[0] = start
    waiting = 1
    while waiting > 0:
        at = nearest(search, waiting)
        row = search.open[at]
        if row == end:
            break
        waiting -= 1
        search.open[at] = search.open[waiting]
        search.closed[row] = stamp
        if search.steps[row] < ways.shape[1]:
            waiting = _spread(row, goal, ground, rows, plan, search, waiting, stamp)
    if waiting == 0:
        return np.inf, 0.0
    growth, row = 0.0, end
    while row != NOBODY:
        ways[k, search.steps[row] - 1] = rows.satellite[row]
        if search.before[row] != NOBODY:
            growth += _parting(rows, search.before[row], row)
        row = search.before[row]
    return search.reached[end], growth


@numba.njit(cache=True, nogil=True, error_model="numpy")
def land(start, rule, ground, rows, plan, search, k, way, told):  # type: ignore[no-untyped-def]
    """Find the shortest way from a row to the ground and write it into `told`; False for none.

    Satellites that are banned are not passed; those of the way found become banned.
    """
    search.stamp[0] += 1
    stamp = search.stamp[0]
    goal = ground.points[rule]
    best, best_row, best_gateway = np.inf, NOBODY, NOBODY
    search.reached[start], search.hope[start] = 0.0, _straight(rows.positions[start], goal)
    search.before[start], search.steps[start] = NOBODY, 1
    search.seen[start] = stamp
    search.open[0] = start
    waiting = 1
    while waiting > 0:
        at = nearest(search, waiting)
        row = search.open[at]
        if search.hope[row] >= best:
            break
        waiting -= 1
        search.open[at] = search.open[waiting]
        search.closed[row] = stamp
        if not (ground.lasers == LASERS_REQUIRED and row == start):
            gateway, cost = _cheapest(rows.positions[row], rule, ground)
            if search.reached[row] + cost < best:
                best, best_row, best_gateway = search.reached[row] + cost, row, gateway
        if ground.lasers == LASERS_FORBIDDEN:
            break
        if search.steps[row] < told.ways.shape[2]:
            waiting = _spread(row, goal, ground, rows, plan, search, waiting, stamp)
    if best_row == NOBODY:
        return False
    _write(best_row, best_gateway, best, ground, rows, search, k, way, told)
    return True


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _spread(row, goal, ground, rows, plan, search, waiting, stamp):  # type: ignore[no-untyped-def]
    """Reach the neighbours of a row by laser; return how many rows wait."""
    s = rows.satellite[row]
    for terminal in range(plan.shape[1]):
        other = plan[s, terminal]
        if other == NOBODY or rows.row_of[other] == NOBODY:
            continue
        onward = rows.row_of[other]
        if not rows.at_work[onward] or search.banned[onward] or search.closed[onward] == stamp:
            continue
        # Always from the lower one, so that both directions are equal to the last bit.
        length = clear_length(
            rows.positions,
            min(row, onward),
            max(row, onward),
            ground.max_range_km,
            ground.min_radius_km,
        )
        through = search.reached[row] + length
        if search.seen[onward] == stamp and through >= search.reached[onward]:
            continue
        if not through < np.inf:
            continue
        if search.seen[onward] != stamp:
            search.open[waiting] = onward
            waiting += 1
        search.seen[onward] = stamp
        search.reached[onward] = through
        search.hope[onward] = through + _straight(rows.positions[onward], goal)
        search.before[onward], search.steps[onward] = row, search.steps[row] + 1
    return waiting


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _cheapest(position, rule, ground):  # type: ignore[no-untyped-def]
    """Return the gateway in view that costs least, and what it costs, km of light."""
    best, cost = NOBODY, np.inf
    x, y, z = position[0], position[1], position[2]
    for g in range(ground.positions.shape[0]):
        light = ground.light_km[rule, g]
        if not light < cost:
            continue
        dx = x - ground.positions[g, 0]
        dy = y - ground.positions[g, 1]
        dz = z - ground.positions[g, 2]
        up = ground.frames[g, 2, 0] * dx + ground.frames[g, 2, 1] * dy + ground.frames[g, 2, 2] * dz
        if not up > 0.0:
            continue
        distance = np.sqrt(dx * dx + dy * dy + dz * dz)
        if up / distance >= ground.min_sine[g] and distance + light < cost:
            best, cost = g, distance + light
    return best, cost


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _write(  # type: ignore[no-untyped-def]
    row, gateway, distance, ground, rows, search, k, way, told
):
    """Write a way that was found, and ban its satellites from those that come after."""
    told.gateway[k, way], told.distance_km[k, way] = gateway, distance
    told.exit[k, way] = rows.satellite[row]
    told.lasers[k, way] = search.steps[row] - 1
    dx = rows.positions[row, 0] - ground.positions[gateway, 0]
    dy = rows.positions[row, 1] - ground.positions[gateway, 1]
    dz = rows.positions[row, 2] - ground.positions[gateway, 2]
    length = np.sqrt(dx * dx + dy * dy + dz * dz)
    frame = ground.frames[gateway]
    told.exit_range_km[k, way] = length
    told.exit_sine[k, way] = (frame[2, 0] * dx + frame[2, 1] * dy + frame[2, 2] * dz) / length
    speed = rows.velocities[row]
    growth = (dx * speed[0] + dy * speed[1] + dz * speed[2]) / length
    at = search.steps[row] - 1
    while row != NOBODY:
        told.ways[k, way, at] = rows.satellite[row]
        search.banned[row] = True
        before = search.before[row]
        if before != NOBODY:
            growth += _parting(rows, before, row)
        row = before
        at -= 1
    told.growth_km_s[k, way] = growth


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _parting(rows, one, other):  # type: ignore[no-untyped-def]
    """Return how fast two satellites part, km/s."""
    total, squared = 0.0, 0.0
    for x in range(3):
        away = rows.positions[other, x] - rows.positions[one, x]
        total += away * (rows.velocities[other, x] - rows.velocities[one, x])
        squared += away * away
    return total / np.sqrt(squared)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _straight(position, goal):  # type: ignore[no-untyped-def]
    dx, dy, dz = position[0] - goal[0], position[1] - goal[1], position[2] - goal[2]
    return np.sqrt(dx * dx + dy * dy + dz * dz)
