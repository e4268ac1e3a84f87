"""Where the satellites are at the starts of slots, several slots at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numba
import numpy as np
import numpy.typing as npt

from baluardo.terms import SLOT_SECONDS, Status, slot_start
from baluardo.twin.sky.propagation import States
from baluardo.twin.sky.sky import Sky
from baluardo.twin.sky.sun import sunlit

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SLOTS_PER_NODE = 4
"""SGP4 is asked once a minute; between the minutes a cubic runs through positions and velocities.
The cubic leaves a circular orbit by h^4 / 384 n^4 r, 0.3 m at most: SGP4 itself errs by a km."""

NODES_PER_BLOCK = 16
"""Minutes propagated at once: one call costs less than sixteen."""


@dataclass(frozen=True, slots=True, eq=False)
class SlotSky:
    """The satellites at the start of a slot; km and km/s, Earth-fixed, shape (satellites, 3)."""

    slot: int
    positions: Floats
    velocities: Floats
    operational: Bools
    """Shape (satellites,)."""
    lit: Bools
    """Out of the Earth's shadow, shape (satellites,)."""

    @property
    def time(self) -> float:
        """First moment of the slot, POSIX seconds."""
        return slot_start(self.slot)


class Ephemeris(Protocol):
    """Whoever can tell where the satellites are at the start of a slot."""

    sky: Sky

    def at(self, slot: int) -> SlotSky:
        """Return the satellites at the start of a slot."""


class ComputedEphemeris:
    """Propagates with SGP4, a quarter of an hour at a time; one thread at a time."""

    def __init__(self, sky: Sky) -> None:
        """Take the sky whose satellites are asked about."""
        self.sky = sky
        self._block: int | None = None
        self._nodes = States(np.empty(0), np.empty(0))

    def at(self, slot: int) -> SlotSky:
        """Return the satellites at the start of a slot."""
        node, part = divmod(slot, SLOTS_PER_NODE)
        block = node - node % NODES_PER_BLOCK
        if block != self._block:
            nodes = block + np.arange(NODES_PER_BLOCK + 1)
            self._nodes = self.sky.propagator.earth_fixed(node_times(nodes))
            self._block = block
        row = node - block
        pair = States(self._nodes.positions[row : row + 2], self._nodes.velocities[row : row + 2])
        return slot_sky(self.sky, slot, between_nodes(pair, part))


def node_times(nodes: npt.NDArray[np.int64]) -> Floats:
    """Return the POSIX times of nodes: the start of every fourth slot."""
    return np.array([slot_start(int(node) * SLOTS_PER_NODE) for node in nodes])


def between_nodes(pair: States, part: int) -> States:
    """Return the states so many slots after the first of two nodes, shape (satellites, 3).

    pair: states at the two nodes, shape (2, satellites, 3).
    """
    if part == 0:
        return States(pair.positions[0], pair.velocities[0])
    out = States(np.empty_like(pair.positions[0]), np.empty_like(pair.positions[0]))
    _cubic(
        pair.positions,
        pair.velocities,
        part / SLOTS_PER_NODE,
        SLOTS_PER_NODE * float(SLOT_SECONDS),
        out.positions,
        out.velocities,
    )
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _cubic(  # type: ignore[no-untyped-def]
    positions, velocities, u, step, out, out_velocities
):
    """Write Hermite's cubic and its derivative at the fraction `u` of a step of seconds."""
    a, b = (1.0 + 2.0 * u) * (1.0 - u) ** 2, u * u * (3.0 - 2.0 * u)
    c, d = step * u * (1.0 - u) ** 2, step * u * u * (u - 1.0)
    slope = 6.0 * u * (1.0 - u) / step
    e, f = (1.0 - u) * (1.0 - 3.0 * u), u * (3.0 * u - 2.0)
    for s in range(out.shape[0]):
        for k in range(3):
            p, q = positions[0, s, k], positions[1, s, k]
            v, w = velocities[0, s, k], velocities[1, s, k]
            out[s, k] = a * p + b * q + c * v + d * w
            out_velocities[s, k] = slope * (q - p) + e * v + f * w


def slot_sky(sky: Sky, slot: int, states: States) -> SlotSky:
    """Return the sky of a slot from its satellites' states."""
    operational = sky.statuses(states.positions) == Status.OPERATIONAL
    lit = sunlit(states.positions, slot_start(slot))
    return SlotSky(slot, states.positions, states.velocities, operational, lit)
