"""The loops behind laser planning: who can be linked, who comes near, who is paired first.

Compiled; shapes as in `lasers`. Positions are km, Earth-fixed: (satellites, 3) at one time, or
(samples, satellites, 3) over a plan's hour. A pair is two indices, -1 is nobody.
"""

from __future__ import annotations

import numba
import numpy as np

TERMINALS = 4
NOBODY = -1

_WIDEST = np.radians(50.0)
"""Pairs further apart along or across the orbit cannot see each other from these heights."""

_PHASE_BIAS = np.radians(0.5)
"""Breaks the tie between a neighbour half a spacing ahead and one half a spacing behind always
the same way, so that the next anchor pairs as this one did."""

_CANDIDATES = 12
"""Partners kept for each satellite before the pairing."""


@numba.njit(cache=True, nogil=True, error_model="numpy")
def clear_length(positions, a, b, max_range, min_radius):  # type: ignore[no-untyped-def]
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
def widest_length(positions, a, b, max_range, min_radius):  # type: ignore[no-untyped-def]
    """Largest distance of a pair over the samples; infinite if it breaks at one."""
    widest = 0.0
    for k in range(positions.shape[0]):
        widest = max(widest, clear_length(positions[k], a, b, max_range, min_radius))
        if widest == np.inf:
            break
    return widest


@numba.njit(cache=True, nogil=True)
def lasting(positions, first, second, max_range, min_radius):  # type: ignore[no-untyped-def]
    out = np.empty(len(first), np.bool_)
    for i in range(len(first)):
        out[i] = widest_length(positions, first[i], second[i], max_range, min_radius) < np.inf
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def neighbours_across(  # type: ignore[no-untyped-def]
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
def neighbours_anywhere(  # type: ignore[no-untyped-def]
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
def pair_in_order(  # type: ignore[no-untyped-def]
    plan, first, second, first_terminal, second_terminal, positions, max_range, min_radius
):
    for k in range(len(first)):
        a, b = first[k], second[k]
        if plan[a, first_terminal] != NOBODY or plan[b, second_terminal] != NOBODY:
            continue
        if _linked(plan, a, b):
            continue
        if widest_length(positions, a, b, max_range, min_radius) < np.inf:
            plan[a, first_terminal] = b
            plan[b, second_terminal] = a


@numba.njit(cache=True, nogil=True)
def pair_free_in_order(  # type: ignore[no-untyped-def]
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
        if widest_length(positions, a, b, max_range, min_radius) < np.inf:
            plan[a, mine] = b
            plan[b, hers] = a


@numba.njit(cache=True, nogil=True)
def _linked(plan, a, b):  # type: ignore[no-untyped-def]
    for terminal in range(TERMINALS):
        if plan[a, terminal] == b:
            return True
    return False


@numba.njit(cache=True, nogil=True, error_model="numpy")
def links_up(plan, positions, usable, max_range, min_radius):  # type: ignore[no-untyped-def]
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
                length = clear_length(positions, min(a, b), max(a, b), max_range, min_radius)
                if length < np.inf:
                    neighbours[a, terminal] = b
                    lengths[a, terminal] = length
    return neighbours, lengths
