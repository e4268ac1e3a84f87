"""The loops behind laser planning: who can be linked, who comes near, who is paired first.

Compiled; shapes as in `lasers`. Positions are km, Earth-fixed: (satellites, 3) at one time, or
(samples, satellites, 3) over a plan's hour. A pair is two indices, -1 is nobody.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

TERMINALS = 4
NOBODY = -1

_WIDEST = np.radians(50.0)
"""Pairs further apart along or across the orbit cannot see each other from these heights."""

_PHASE_BIAS = np.radians(0.5)
"""Breaks the tie between a neighbour half a spacing ahead and one half a spacing behind always
the same way, so that the next anchor pairs as this one did."""

_MICRO = 1e6
_MILLI = 1e3
"""Separations are ranked in whole microradians and metres, so that neighbours that tie by symmetry
tie exactly, whatever a machine's rounding, and their order decides."""

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


def neighbours_across(
    node: Floats,
    phase: Floats,
    inclination: Floats,
    shell: npt.NDArray[np.int16],
    plane: Ints,
    may_east: Bools,
    may_west: Bools,
) -> tuple[Ints, Ints, Floats]:
    """Candidate pairs within shells: western ends, eastern ends, separation (microradians).

    Two satellites of one shell keep their phase offset along the orbit all the time and swing
    across it by their nodes' distance times sin(inclination): both together rank the neighbours.
    """
    nodes = node % (2.0 * np.pi)
    west = np.flatnonzero(may_west)
    west = west[np.lexsort((nodes[west], shell[west]))]
    labels, starts = np.unique(shell[west], return_index=True)
    ends = np.append(starts[1:], len(west))
    # Each eastern-looking satellite meets only its own shell's block of the sorted others.
    block = np.searchsorted(labels, shell)
    known = np.isin(shell, labels)
    found: tuple[Ints, Ints, Floats] = _across(
        nodes,
        phase,
        inclination,
        plane,
        np.flatnonzero(may_east & known),
        west,
        starts[np.minimum(block, len(labels) - 1)] if len(labels) else starts,
        ends[np.minimum(block, len(labels) - 1)] if len(labels) else ends,
    )
    return found


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _across(node, phase, inclination, plane, east, west, starts, ends):  # type: ignore[no-untyped-def]
    room = len(east) * _CANDIDATES
    firsts, seconds = np.empty(room, np.int32), np.empty(room, np.int32)
    costs = np.empty(room)
    best, best_cost = np.empty(_CANDIDATES, np.int32), np.empty(_CANDIDATES)
    count = 0
    for i in east:
        held = 0
        cos_i, sin_i = np.cos(inclination[i]), np.sin(inclination[i])
        low, size = starts[i], ends[i] - starts[i]
        first = np.searchsorted(node[west[low : low + size]], node[i])
        for step in range(size):
            j = west[low + (first + step) % size]
            apart = (node[j] - node[i]) % (2.0 * np.pi)
            if apart > _WIDEST:
                break
            if held == _CANDIDATES and apart * sin_i * _MICRO > best_cost[held - 1] + 1.0:
                break  # nodes only get further from here on
            if plane[i] == plane[j]:
                continue
            ahead = (phase[j] - phase[i] + apart * cos_i + np.pi) % (2.0 * np.pi) - np.pi
            if abs(ahead) > _WIDEST:
                continue
            cost = np.rint(np.hypot(ahead - _PHASE_BIAS, apart * sin_i) * _MICRO)
            held = _keep(best, best_cost, held, j, cost)
        for k in range(held):
            firsts[count], seconds[count], costs[count] = i, best[k], best_cost[k]
            count += 1
    return firsts[:count], seconds[:count], costs[:count]


@numba.njit(cache=True, nogil=True)
def neighbours_anywhere(  # type: ignore[no-untyped-def]
    positions, shell, free, same_shell, max_range
):
    """Candidate pairs among free satellites: both ends and their widest distance (metres).

    The widest of the first, middle and last sample. Satellites are met in the order of their
    distance along the Earth's axis, which is never more than the distance itself.
    """
    members = np.flatnonzero(free)
    axial = positions[0, :, 2][members]
    order = np.argsort(axial, kind="mergesort")
    members, axial = members[order], axial[order]
    room = len(members) * _CANDIDATES
    firsts, seconds = np.empty(room, np.int32), np.empty(room, np.int32)
    costs = np.empty(room)
    best, best_cost = np.empty(_CANDIDATES, np.int32), np.empty(_CANDIDATES)
    count = 0
    limit = max_range * _MILLI
    for at in range(len(members)):
        i, held = members[at], 0
        below, above = at - 1, at + 1
        while True:
            down = axial[at] - axial[below] if below >= 0 else np.inf
            up = axial[above] - axial[at] if above < len(members) else np.inf
            nearest = min(down, up) * _MILLI
            if nearest > limit or (held == _CANDIDATES and nearest > best_cost[held - 1] + 1.0):
                break
            if down <= up:
                j = members[below]
                below -= 1
            else:
                j = members[above]
                above += 1
            if (shell[i] == shell[j]) != same_shell:
                continue
            cost = np.rint(_widest_of_three(positions, i, j) * _MILLI)
            if cost <= limit:
                held = _keep(best, best_cost, held, j, cost)
        for k in range(held):
            firsts[count], seconds[count] = min(i, best[k]), max(i, best[k])
            costs[count] = best_cost[k]
            count += 1
    return firsts[:count], seconds[:count], costs[:count]


@numba.njit(cache=True, nogil=True)
def _widest_of_three(positions, a, b):  # type: ignore[no-untyped-def]
    last = positions.shape[0] - 1
    widest = 0.0
    for k in (0, last // 2, last):
        squared = 0.0
        for axis in range(3):
            squared += (positions[k, a, axis] - positions[k, b, axis]) ** 2
        widest = max(widest, squared)
    return np.sqrt(widest)


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
    plan, first, second, first_terminals, second_terminals, positions, max_range, min_radius
):
    """Pair in the given order whoever still has a free terminal, where the link lasts."""
    for k in range(len(first)):
        a, b = first[k], second[k]
        mine, hers = _free(plan, a, first_terminals), _free(plan, b, second_terminals)
        if mine == NOBODY or hers == NOBODY or _linked(plan, a, b):
            continue
        if widest_length(positions, a, b, max_range, min_radius) < np.inf:
            plan[a, mine] = b
            plan[b, hers] = a


@numba.njit(cache=True, nogil=True)
def _free(plan, a, terminals):  # type: ignore[no-untyped-def]
    """Return the last of the terminals that is free, NOBODY if none is."""
    found = NOBODY
    for terminal in terminals:
        if plan[a, terminal] == NOBODY:
            found = terminal
    return found


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
