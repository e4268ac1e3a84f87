"""The rounds of one slot's assignment, played over claims of one or more parties."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from baluardo.twin.paths.choice import (
    NOBODY,
    Askers,
    Offers,
    Weighing,
    add_pressure,
    choose,
    mixed_keys,
    settle,
)
from baluardo.twin.paths.claims import Claims
from baluardo.twin.paths.geostationary import bands
from baluardo.twin.paths.policy import Weights

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

ROUNDS = 2
"""Satellites that a claim may ask in a slot."""

_PRESSURE_SCALE = 4_096
"""Parts of a unit in which demand is spread over satellites: whole numbers, see `add_pressure`."""

_SMALLEST_EARTH_RADIUS_KM = 6_356.7
"""A little less than the polar radius."""

_VERTICAL_DEFLECTION_RAD = float(np.radians(0.2))
"""A little more than between the ellipsoid's vertical and the direction of the Earth's centre."""


class Reason(IntEnum):
    """Why a claim is served or not."""

    SERVED = 0
    NOTHING_IN_VIEW = 1
    """No operational satellite stands high enough."""
    BARRED = 2
    """Those high enough are behind an obstruction or too near to the geostationary arc."""
    FULL = 3
    """The satellites that may be used had no beam time left on the cell's channel."""
    NO_FIX = 4
    """The dish does not know where it is."""
    NO_LANDING = 5
    """A satellite serves, but no allowed gateway can be reached from it."""
    FADED = 6
    """Rain leaves no signal in one direction."""


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """What became of claims; every array has shape (claims,)."""

    satellite: Ints
    """Index into the catalogue; -1 for nobody."""
    units: Ints
    """Beam time asked for, down, in 1/64 of a beam."""
    granted: Ints
    up_units: Ints
    up_granted: Ints
    channel: npt.NDArray[np.int8]
    reason: npt.NDArray[np.int8]
    """`Reason`."""
    in_view: Ints
    """Satellites that the claim might use."""

    def __len__(self) -> int:
        """Return the number of claims."""
        return len(self.satellite)


class Party:
    """Claims that play together, with what has become of them so far."""

    def __init__(self, claims: Claims, units: Ints, up_units: Ints, *, regular: bool) -> None:
        """`regular`: all claims keep one and the same angle to the geostationary arc."""
        n = len(claims)
        self.claims = claims
        self.units, self.up_units = units, up_units
        self.asks: Bools = ~claims.mute
        avoidance = float(claims.gso_deg[0]) if n and regular else 0.0
        self.band = bands(avoidance)
        # Beyond the smallest elevation the band's ends would matter, which the table leaves out.
        self.use_band = regular and bool(n) and np.sin(np.radians(avoidance)) <= claims.min_sine[0]
        self.chosen = np.full(n, NOBODY, dtype=np.int32)
        self.in_view = np.zeros(n, dtype=np.int32)
        self.barred = np.zeros(n, dtype=np.int32)
        self.serving = np.full(n, NOBODY, dtype=np.int32)
        self.granted = np.zeros(n, dtype=np.int32)
        self.up_granted = np.zeros(n, dtype=np.int32)

    def __len__(self) -> int:
        """Return the number of claims."""
        return len(self.claims)

    def reach(self, positions: Floats) -> Floats:
        """Return the angle within which each satellite may be high enough for some claim, rad.

        Rounded up: for the smallest Earth and the vertical tilted towards the satellite.
        """
        least = float(np.arcsin(self.claims.min_sine.min())) if len(self) else 0.5
        return footprint(np.sqrt(np.einsum("ij,ij->i", positions, positions)), least)

    def askers(self) -> Askers:
        """Return the claims as the compiled loops take them."""
        c = self.claims
        return Askers(
            c.key,
            c.lat_deg,
            c.positions,
            c.frames,
            c.min_sine,
            c.gso_deg,
            c.obstruction_starts,
            c.obstructions,
            c.channel,
            self.units,
            self.up_units,
            self.asks,
            c.group_starts,
            c.group_centres,
            c.group_radii,
            c.group_circle,
            c.circle_centres,
            c.circle_radii,
        )

    def served(self, rows: npt.NDArray[np.intp]) -> Served:
        """Return the outcome; `rows` turns the satellites of the rounds into the catalogue's."""
        reason = np.full(len(self), Reason.FULL, dtype=np.int8)
        reason[self.in_view == 0] = Reason.NOTHING_IN_VIEW
        reason[(self.in_view == 0) & (self.barred > 0)] = Reason.BARRED
        reason[self.claims.mute] = Reason.NO_FIX
        reason[self.serving != NOBODY] = Reason.SERVED
        satellite = np.full(len(self), NOBODY, dtype=np.int32)
        found = self.serving != NOBODY
        satellite[found] = rows[self.serving[found]]
        return Served(
            satellite,
            self.units,
            self.granted,
            self.up_units,
            self.up_granted,
            self.claims.channel,
            reason,
            self.in_view,
        )


def footprint(radius_km: Floats, min_elevation: float) -> Floats:
    """Return the angle at the Earth's centre, rad, within which a satellite may stand so high."""
    elevation = min_elevation - _VERTICAL_DEFLECTION_RAD
    cosine = _SMALLEST_EARTH_RADIUS_KM * np.cos(elevation) / radius_km
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)) - elevation)


@dataclass(slots=True, eq=False)
class Table:
    """The satellites at work in a slot and the time they have left; rows, not catalogue indices."""

    numbers: npt.NDArray[np.uint64]
    positions: Floats
    bonus: Floats
    room: Ints
    up_room: Ints

    def offers(self) -> Offers:
        """Return the satellites as the compiled loops take them."""
        return Offers(self.numbers, self.positions, self.bonus, self.room, self.up_room)


def play(
    parties: Sequence[Party],
    table: Table,
    weights: Weights,
    seed: np.uint64,
    threads: int,
    pool: Executor | None,
) -> None:
    """Play all rounds; changes the parties and the table. `seed` is seed and slot, mixed."""
    weighing = Weighing(weights.sine, weights.poleward, weights.noise, seed)
    keys = [mixed_keys(party.claims.key, seed) for party in parties]
    if weights.pressure > 0.0:
        _ask(parties, table, weighing, threads, pool)
        _weigh_pressure(parties, table, weights.pressure)
    for _ in range(ROUNDS):
        _ask(parties, table, weighing, threads, pool)
        _settle(parties, keys, table)


def _ask(
    parties: Sequence[Party],
    table: Table,
    weighing: Weighing,
    threads: int,
    pool: Executor | None,
) -> None:
    offers = table.offers()
    waiting: list[Future[None]] = []
    for party in parties:
        if not party.asks.any():
            continue
        askers, reach = party.askers(), party.reach(table.positions)
        groups = len(askers.group_starts) - 1
        # More spans than threads, as the groups of one span may be far fuller than another's.
        bounds = np.linspace(0, groups, min(threads * 4 if pool else 1, groups) + 1).astype(int)
        for first, last in pairwise(bounds.tolist()):
            arguments = (
                *(first, last, askers, offers, weighing, party.band, party.use_band, reach),
                *(party.chosen, party.in_view, party.barred),
            )
            if pool is None:
                choose(*arguments)
            else:
                waiting.append(pool.submit(choose, *arguments))
    for future in waiting:
        future.result()


def _settle(parties: Sequence[Party], keys: Sequence[npt.NDArray[np.uint64]], table: Table) -> None:
    serving = np.concatenate([p.serving for p in parties])
    granted = np.concatenate([p.granted for p in parties])
    up_granted = np.concatenate([p.up_granted for p in parties])
    settle(
        np.concatenate([np.where(p.asks, p.chosen, NOBODY).astype(np.int32) for p in parties]),
        np.concatenate(keys),
        np.concatenate([p.claims.priority for p in parties]),
        np.concatenate([p.claims.channel for p in parties]),
        np.concatenate([p.units for p in parties]),
        np.concatenate([p.up_units for p in parties]),
        table.room,
        table.up_room,
        serving,
        granted,
        up_granted,
    )
    first = 0
    for party in parties:
        mine = slice(first, first + len(party))
        party.serving, party.granted = serving[mine], granted[mine]
        party.up_granted = up_granted[mine]
        party.asks = party.asks & (party.serving == NOBODY)
        first += len(party)


def _weigh_pressure(parties: Sequence[Party], table: Table, weight: float) -> None:
    pressure = np.zeros(len(table.numbers), dtype=np.int64)
    for party in parties:
        shares = np.where(
            party.in_view > 0,
            party.units.astype(np.int64) * _PRESSURE_SCALE // np.maximum(party.in_view, 1),
            0,
        )
        shares[~party.asks] = 0
        add_pressure(
            party.askers(),
            table.positions,
            party.band,
            party.use_band,
            party.reach(table.positions),
            shares,
            pressure,
        )
    capacity = np.maximum(table.room.sum(axis=1, dtype=np.int64), 1)
    table.bonus = table.bonus - weight * (pressure / (capacity * _PRESSURE_SCALE))
