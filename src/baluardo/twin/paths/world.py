"""Whom every satellite serves in a slot: all commercial users and the state's own terminals.

In each round a claim asks the best satellite that had room when the round began, and a satellite
takes those who ask it while it has beam time on their channel. Two rounds are played by contracted
claims, then two by all others; who is then without a satellite is refused, and told why.

The number of rounds is fixed so that an answer depends on no more than a neighbourhood: a region is
computed from the claims a few footprints around it, and equals the world's answer there to the bit.
docs/decisions/0007 has the reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import earth_fixed
from baluardo.geo.subscribers import Subscribers
from baluardo.terms import Generation, Mask
from baluardo.twin.paths.beams import LEAST_SHARE, UNITS_PER_BEAM, room
from baluardo.twin.paths.choice import mixed_with
from baluardo.twin.paths.claims import (
    COMMERCIAL_MASK,
    ORDINARY,
    Claims,
    Terminal,
    commercial_claims,
)
from baluardo.twin.paths.demand import Demand
from baluardo.twin.paths.disruptions import Disruption, Failed, check_names, failed_in, working
from baluardo.twin.paths.ephemeris import Ephemeris, SlotSky
from baluardo.twin.paths.fleet import Fleet, LastFleet
from baluardo.twin.paths.policy import Policy, PolicyName
from baluardo.twin.paths.rounds import ROUNDS, Party, Served, Table, play
from baluardo.twin.radio.links import Links
from baluardo.twin.radio.radios import Radios
from baluardo.twin.sky.catalogue import EARTH_RADIUS_KM, Catalogue
from baluardo.twin.sky.coverage import footprint
from baluardo.twin.sky.status import on_station

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

_HEIGHT_MARGIN_KM = 20.0
"""How far above its mean apogee a working satellite may be found (short periods)."""

_NAMES_SHOWN = 12

_PLACES_AT_ONCE = 256
"""Places whose distances to all users are held in memory at once."""


@dataclass(frozen=True, slots=True)
class SlotOptions:
    """Everything that, with catalogue, users and terminals, decides an assignment."""

    policy: Policy = field(default_factory=lambda: Policy.named(PolicyName.STARLINK_LIKE))
    demand: Demand = field(default_factory=Demand)
    radios: Radios = field(default_factory=Radios)
    """What stands at the ends of links; how many beams a satellite has among it."""
    mask: Mask = COMMERCIAL_MASK
    """Of the commercial users; terminals bring their own."""
    seed: int = 0
    disruptions: tuple[Disruption, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a seed that is no 64-bit number, and masks that cells cannot have."""
        if not (isinstance(self.seed, int | np.integer) and 0 <= self.seed < 2**64):
            raise InvalidInputError(f"seed {self.seed} is not a whole number from 0 to 2**64 - 1.")
        if self.mask.obstructions:
            raise InvalidInputError("The mask of the commercial users has obstructions.")


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """The answer for one slot. Satellites are those of the whole catalogue."""

    sky: SlotSky
    commercial: Served
    terminals: Served
    used: Ints
    """Units handed out by satellite and channel, shape (satellites, channels)."""
    room: Ints
    """Units that there were, same shape."""
    up_used: Ints
    """Shape (satellites,)."""
    up_room: Ints
    failed: Failed

    @property
    def slot(self) -> int:
        """The slot that was assigned."""
        return self.sky.slot

    def load(self) -> Floats:
        """Return the share of its downlink beam time that each satellite uses, (satellites,)."""
        return np.asarray(self.used.sum(axis=1) / np.maximum(self.room.sum(axis=1), 1))


class World:
    """Commercial users, prepared, answering slot by slot. One thread at a time may ask.

    `threads` share the work of one slot; the answer does not depend on their number.
    """

    def __init__(
        self,
        ephemeris: Ephemeris,
        users: Subscribers,
        options: SlotOptions | None = None,
        *,
        threads: int = 2,
    ) -> None:
        """Prepare the claims of the users."""
        if threads < 1:
            raise InvalidInputError(f"threads {threads} is not at least 1.")
        self.ephemeris = ephemeris
        self.options = options or SlotOptions()
        check_names(self.options.disruptions, ephemeris.sky)
        self.users = users
        self.claims = commercial_claims(users, self.options.demand, self.options.mask)
        catalogue = ephemeris.sky.catalogue
        self._numbers = catalogue.numbers.astype(np.uint64)
        self.links = Links(self.options.radios)
        self._room, self._up_room = room(self.links, catalogue.generation)
        self._newer = (catalogue.generation == Generation.V2_MINI) | (
            catalogue.generation == Generation.V2_MINI_DIRECT_TO_CELL
        )
        self.fleets = LastFleet()
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def around(
        self,
        lat_deg: npt.ArrayLike,
        lon_deg: npt.ArrayLike,
        *,
        min_elevation_deg: float | None = None,
    ) -> World:
        """Return a world of fewer users with exact answers about places, each of shape (n,).

        Claims at the places are answered as in the whole world; those in the halo around them are
        there to compete, and their own answers may differ. `min_elevation_deg`: the lowest at which
        the terminals at the places look, where that is lower than the commercial users'. All
        terminals that ask must be at the places. InvalidInputError for places that are none.
        """
        lat, lon = _checked_places(lat_deg, lon_deg)
        least = self.options.mask.min_elevation_deg
        own = least if min_elevation_deg is None else min(min_elevation_deg, least)
        Mask(min_elevation_deg=own)
        theirs, crowd = footprint(
            np.array([highest_km(self.ephemeris.sky.catalogue)]), np.radians([own, least])
        ).tolist()
        hops = ROUNDS + (1 if self.options.policy.weights.pressure > 0.0 else 0)
        halo = theirs + (2.0 * hops - 1.0) * crowd
        wanted = _directions(lat, lon)
        here = _directions(self.users.lat_deg, self.users.lon_deg)
        nearest = np.full(len(here), -1.0)
        for some in np.array_split(wanted, len(wanted) // _PLACES_AT_ONCE + 1):
            np.maximum(nearest, (here @ some.T).max(axis=1), out=nearest)
        keep = nearest >= np.cos(min(halo, np.pi))
        return World(self.ephemeris, self.users.select(keep), self.options, threads=self._threads)

    def assign(self, slot: int, terminals: Sequence[Terminal] = ()) -> Assignment:
        """Return who is served by whom in a slot."""
        slot = int(slot)  # NumPy's whole numbers are narrower than the random numbers need
        failed = failed_in(self.options.disruptions, slot)
        _check_fixes(failed, terminals)
        sky = self.ephemeris.at(slot)
        rows = np.flatnonzero(working(sky.operational, self.ephemeris.sky.catalogue, failed))
        demand, weights = self.options.demand, self.options.policy.weights
        crowd = Party(self.claims, *self.claims.units(demand, sky.time), regular=True)
        claims = self._claims_of(self.fleets.of(terminals), failed)
        own = Party(claims, *claims.units(demand, sky.time), regular=False)
        _keep_to_one_beam(crowd, own)
        table = Table(
            self._numbers[rows],
            np.ascontiguousarray(sky.positions[rows]),
            np.asarray(weights.sunlit * sky.lit[rows] + weights.newer * self._newer[rows]),
            self._room[rows],
            self._up_room[rows],
        )
        seed = np.uint64(mixed_with(np.uint64(self.options.seed), np.uint64(slot % 2**64)))
        play((crowd, own), table, weights, seed, self._threads, self._pool)
        used, up_used = np.zeros_like(self._room), np.zeros_like(self._up_room)
        used[rows] = self._room[rows] - table.room
        up_used[rows] = self._up_room[rows] - table.up_room
        return Assignment(
            sky,
            crowd.served(rows),
            own.served(rows),
            used,
            self._room,
            up_used,
            self._up_room,
            failed,
        )

    def _claims_of(self, fleet: Fleet, failed: Failed) -> Claims:
        """Return the claims of terminals under the policy, without the fixes that have failed."""
        claims = fleet.claims
        if not self.options.policy.contract:
            claims = replace(claims, priority=np.full_like(claims.priority, ORDINARY))
        if failed.fixes:
            mute = np.array([name in failed.fixes for name in fleet.names], dtype=np.bool_)
            claims = replace(claims, mute=claims.mute | mute)
        return claims


def highest_km(catalogue: Catalogue) -> float:
    """Return the largest distance (km) from the Earth's centre at which a satellite may work."""
    stationed = on_station(catalogue)
    apogee = (catalogue.heights_km + EARTH_RADIUS_KM) * (1.0 + catalogue.eccentricity)
    return float(apogee[stationed].max(initial=EARTH_RADIUS_KM + 600.0)) + _HEIGHT_MARGIN_KM


def _directions(lat_deg: npt.NDArray[np.float64], lon_deg: npt.NDArray[np.float64]) -> Floats:
    ends = earth_fixed(lat_deg, lon_deg, np.zeros(lat_deg.shape)).reshape(-1, 3)
    return np.asarray(ends / np.linalg.norm(ends, axis=1, keepdims=True))


def _checked_places(lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike) -> tuple[Floats, Floats]:
    lat, lon = (np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in (lat_deg, lon_deg))
    if lat.shape != lon.shape or lat.ndim != 1 or lat.size == 0:
        raise InvalidInputError(
            f"lat_deg and lon_deg have shapes {lat.shape} and {lon.shape}, not both (n,), n > 0."
        )
    for name, values, low, high in (("lat_deg", lat, -90, 90), ("lon_deg", lon, -180, 360)):
        wrong = values[~((values >= low) & (values <= high))]
        if wrong.size:
            raise InvalidInputError(f"{name} {wrong[0]} is not between {low} and {high} degrees.")
    return lat, lon


def _check_fixes(failed: Failed, terminals: Sequence[Terminal]) -> None:
    unknown = sorted(failed.fixes - {t.name for t in terminals})
    if unknown and terminals:
        names = [t.name for t in terminals]
        known = ", ".join(names[:_NAMES_SHOWN]) + (", ..." if len(names) > _NAMES_SHOWN else "")
        raise InvalidInputError(f"No terminal is called {unknown[0]!r}. Known: {known}.")


def _keep_to_one_beam(crowd: Party, own: Party) -> None:
    """Keep what the claims of a cell have on one channel, together, to one beam.

    A channel serves a cell from one satellite at a time (Nco = 1). Contracted terminals come first,
    then the others by their keys, then the cell's commercial users. Whoever is left without time
    asks for 0 units, which no satellite takes.
    """
    left: dict[tuple[int, int], int] = {}
    claims = own.claims
    for t in np.lexsort((claims.key, claims.priority)).tolist():
        if not own.asks[t]:
            continue
        beam = int(claims.cell[t]), int(claims.channel[t])
        units = min(int(own.units[t]), left.get(beam, UNITS_PER_BEAM))
        own.units[t] = units if units * LEAST_SHARE >= own.units[t] else 0
        left[beam] = left.get(beam, UNITS_PER_BEAM) - int(own.units[t])
    if not left:
        return
    beams, spare = np.array(list(left), dtype=np.uint64), np.array(list(left.values()), np.int32)
    cells, channels = beams.T
    first, last = (np.searchsorted(crowd.claims.cell, cells, side) for side in _SIDES)
    for nth in range(int((last - first).max())):  # no more than a cell has channels
        some = np.flatnonzero(first + nth < last)
        rows = first[some] + nth
        same = crowd.claims.channel[rows] == channels[some]
        rows = rows[same]
        crowd.units[rows] = np.minimum(crowd.units[rows], spare[some[same]])


_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
