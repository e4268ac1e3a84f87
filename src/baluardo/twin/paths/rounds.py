"""The rounds of one slot's assignment, played over claims of one or more parties."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from baluardo.twin.paths.choice import (
    NOBODY,
    Offers,
    Weighing,
    add_pressure,
    choose,
    mixed_keys,
    settle,
)
from baluardo.twin.paths.claims import PRIORITIES, Claims
from baluardo.twin.paths.geostationary import table_holds
from baluardo.twin.paths.policy import Weights
from baluardo.twin.paths.view import (
    Askers,
    Caps,
    arc_of,
    caps,
    near_cap,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

_Number = TypeVar("_Number", bound=np.generic)

ROUNDS = 2
"""Satellites that a claim may ask in a slot."""

_PRESSURE_SCALE = 4_096
"""Parts of a unit in which demand is spread over satellites: whole numbers, see `add_pressure`."""

_WIDEST_CAP_RAD = 1.0
"""Claims spread further are not taken for a region: satellites all over the Earth are near them."""

_CLAIMS_PER_SPAN = 250
"""Fewer than that are not worth a thread's waking up."""


class Reason(IntEnum):
    """Why a claim is served or not."""

    SERVED = 0
    NOTHING_IN_VIEW = 1
    """No operational satellite stands high enough."""
    BARRED = 2
    """Those high enough are behind an obstruction or too near to the geostationary arc."""
    FULL = 3
    """The satellites asked had no time left, on the cell's channel or upwards; or others, who come
    first, have all of that channel on the cell."""
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
    """Beam time asked for, down, in 1/1024 of a beam: no more than others on the cell leave."""
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
        least = float(np.degrees(np.arcsin(claims.min_sine.min(initial=1.0))))
        self.arc = arc_of(avoidance, regular and table_holds(avoidance, least))
        self.chosen = np.full(n, NOBODY, dtype=np.int32)
        self.in_view = np.zeros(n, dtype=np.int32)
        self.barred = np.zeros(n, dtype=np.int32)
        self.serving = np.full(n, NOBODY, dtype=np.int32)
        self.granted = np.zeros(n, dtype=np.int32)
        self.up_granted = np.zeros(n, dtype=np.int32)
        self._view: tuple[Caps, Ints] | None = None

    def __len__(self) -> int:
        """Return the number of claims."""
        return len(self.claims)

    def view(self, positions: Floats) -> tuple[Caps, Ints]:
        """Return where each satellite may be high enough for some claim, and who ever may be.

        positions: shape (satellites, 3), km. Found once: a party plays one slot.
        """
        if self._view is None:
            every = caps(positions, float(np.arcsin(self.claims.min_sine.min())))
            rows = np.arange(len(positions), dtype=np.int32)
            if self.claims.radius < _WIDEST_CAP_RAD:
                near = np.empty(len(rows) + 1, dtype=np.int32)
                cap = self.claims.centre, self.claims.radius
                rows = near[: near_cap(*cap, every, rows, len(rows), near)]
            self._view = every, rows
        return self._view

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
    """Play all rounds; changes the parties and the table. `seed` is seed and slot, mixed.

    Contracted claims play all of theirs before anybody else asks: one that is refused in the first
    must not find in the second that ordinary claims have the time.
    """
    weighing = Weighing(weights.sine, weights.poleward, weights.noise, seed)
    keys = [mixed_keys(party.claims.key, seed) for party in parties]
    if weights.pressure > 0.0:
        _ask(parties, table, weighing, threads, pool)
        _weigh_pressure(parties, table, weights.pressure)
    turns = [[p.asks & (p.claims.priority == standing) for p in parties] for standing in PRIORITIES]
    for turn in turns:
        if not any(asks.any() for asks in turn):
            continue
        for party, asks in zip(parties, turn, strict=True):
            party.asks = asks
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
        asking = int(np.count_nonzero(party.asks))
        if asking == 0:
            continue
        askers, (every, around) = party.askers(), party.view(table.positions)
        # More spans than threads, as the claims of one span may see far more than another's.
        spans = min(threads * 4, asking // _CLAIMS_PER_SPAN + 1) if pool else 1
        starts = askers.group_starts
        bounds = np.searchsorted(starts, np.linspace(0, len(party), spans + 1))
        for first, last in pairwise(bounds.tolist()):
            arguments = (
                *(first, last, askers, offers, weighing, party.arc, every, around),
                *(party.chosen, party.in_view, party.barred),
            )
            if pool is None or spans == 1:
                choose(*arguments)
            else:
                waiting.append(pool.submit(choose, *arguments))
    for future in waiting:
        future.result()


def _settle(parties: Sequence[Party], keys: Sequence[npt.NDArray[np.uint64]], table: Table) -> None:
    asking = [k for k, party in enumerate(parties) if party.asks.any()]
    if not asking:
        return
    some = [parties[k] for k in asking]
    serving = _joined([p.serving for p in some])
    granted = _joined([p.granted for p in some])
    up_granted = _joined([p.up_granted for p in some])
    settle(
        _joined([np.where(p.asks, p.chosen, np.int32(NOBODY)) for p in some]),
        _joined([keys[k] for k in asking]),
        _joined([p.claims.channel for p in some]),
        _joined([p.units for p in some]),
        _joined([p.up_units for p in some]),
        table.room,
        table.up_room,
        serving,
        granted,
        up_granted,
    )
    first = 0
    for party in some:
        mine = slice(first, first + len(party))
        party.serving, party.granted = serving[mine], granted[mine]
        party.up_granted = up_granted[mine]
        party.asks = party.asks & (party.serving == NOBODY)
        first += len(party)


def _joined(arrays: list[npt.NDArray[_Number]]) -> npt.NDArray[_Number]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _weigh_pressure(parties: Sequence[Party], table: Table, weight: float) -> None:
    pressure = np.zeros(len(table.numbers), dtype=np.int64)
    for party in parties:
        if len(party) == 0:
            continue
        every, around = party.view(table.positions)
        shares = np.where(
            party.in_view > 0,
            party.units.astype(np.int64) * _PRESSURE_SCALE // np.maximum(party.in_view, 1),
            0,
        )
        shares[~party.asks] = 0
        add_pressure(
            party.askers(),
            table.positions,
            party.arc,
            every,
            around,
            shares,
            pressure,
        )
    capacity = np.maximum(table.room.sum(axis=1, dtype=np.int64), 1)
    table.bonus = table.bonus - weight * (pressure / (capacity * _PRESSURE_SCALE))
