"""What is prepared of a region: the satellites around it, slot by slot, and what others draw there.

The satellites that a region's platforms, its gateways and the lasers between them can need are a
tenth of a constellation; the load that commercial users put on them does not depend on platforms
whose priority is bought. Both are worked out once, and a platform's plan then takes no assignment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import FLATTENING, earth_fixed
from baluardo.geo.subscribers import Subscribers
from baluardo.terms import SLOT_SECONDS, slot_start
from baluardo.twin.paths.disruptions import check_names, failed_in, working
from baluardo.twin.paths.ephemeris import SLOTS_PER_NODE, Ephemeris, SlotSky, node_times
from baluardo.twin.paths.world import SlotOptions, World, highest_km
from baluardo.twin.sky.catalogue import EARTH_RADIUS_KM, Catalogue
from baluardo.twin.sky.coverage import footprint
from baluardo.twin.sky.lasers import anchor_slot
from baluardo.twin.sky.propagation import States
from baluardo.twin.sky.sky import Sky

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

AT_WORK, LIT = 1, 2
"""Bits of a satellite's flags in a slot."""

LASER_REACH_RAD = float(np.radians(26.0))
"""Ours: so far beyond what a region's platforms see satellites are kept, 2,890 km. Ways of lasers
that lead further out than that are not found: from the Mediterranean none to Europe does."""

_MARGIN_RAD = float(np.radians(1.5))
"""Places that stand for a region are up to so far apart."""


@dataclass(frozen=True, slots=True)
class Cap:
    """A circle on the ground in which platforms may be."""

    lat_deg: float
    lon_deg: float
    radius_km: float

    def __post_init__(self) -> None:
        """Refuse what is no circle on the Earth."""
        if not (-90.0 <= self.lat_deg <= 90.0 and -180.0 <= self.lon_deg <= 360.0):
            raise InvalidInputError(f"({self.lat_deg}, {self.lon_deg}) is no place on the Earth.")
        if not 1.0 <= self.radius_km <= 5_000.0:
            raise InvalidInputError(f"radius_km {self.radius_km} is not between 1 and 5,000.")

    @classmethod
    def around(cls, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, margin_km: float) -> Cap:
        """Return a circle that holds places, each of shape (n,), and so much around them."""
        lat, lon = (np.atleast_1d(np.asarray(x, np.float64)) for x in (lat_deg, lon_deg))
        ends = earth_fixed(lat, lon, np.zeros(lat.shape))
        ends = ends / np.linalg.norm(ends, axis=1, keepdims=True)
        # Towards whoever is farthest, by ever smaller steps (Badoiu and Clarkson, 2003).
        middle = ends.mean(axis=0)
        for step in range(1, 200):
            far = ends[np.argmin(ends @ middle)]
            middle = middle + (far - middle) / (step + 1.0)
            middle /= np.linalg.norm(middle)
        radius = float(np.arccos(np.clip((ends @ middle).min(), -1.0, 1.0)))
        lat_mid, lon_mid = _geodetic(middle)
        return cls(float(lat_mid), float(lon_mid), radius * EARTH_RADIUS_KM + margin_km)

    @property
    def centre(self) -> Floats:
        """Direction of the middle, a unit vector, Earth-fixed, shape (3,)."""
        end = earth_fixed(np.array([self.lat_deg]), np.array([self.lon_deg]), np.zeros(1))[0]
        return np.asarray(end / np.linalg.norm(end))

    @property
    def radius_rad(self) -> float:
        """Radius as an angle at the Earth's centre."""
        return self.radius_km / EARTH_RADIUS_KM

    def holds(self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Tell which places, shape (n,), lie inside."""
        lat, lon = (np.atleast_1d(np.asarray(x, np.float64)) for x in (lat_deg, lon_deg))
        ends = earth_fixed(lat, lon, np.zeros(lat.shape))
        ends = ends / np.linalg.norm(ends, axis=1, keepdims=True)
        return np.asarray(ends @ self.centre >= np.cos(self.radius_rad))

    def places(self) -> tuple[Floats, Floats]:
        """Return latitudes and longitudes, degrees, that fill it, none far from another."""
        step = np.degrees(_MARGIN_RAD)
        count = int(np.ceil(np.degrees(self.radius_rad) / step))
        rings = [(0.0, 0.0)]
        for ring in range(1, count + 1):
            around = max(6, int(np.ceil(2.0 * np.pi * ring)))
            rings += [
                (self.radius_rad * ring / count, 2.0 * np.pi * k / around) for k in range(around)
            ]
        tilt, turn = np.array(rings).T
        up = self.centre
        east = np.cross([0.0, 0.0, 1.0], up) if abs(up[2]) < 0.999 else np.array([0.0, 1.0, 0.0])
        east /= np.linalg.norm(east)
        north = np.cross(up, east)
        ends = (
            np.cos(tilt)[:, None] * up
            + (np.sin(tilt) * np.sin(turn))[:, None] * east
            + (np.sin(tilt) * np.cos(turn))[:, None] * north
        )
        return _geodetic(ends)


@dataclass(frozen=True, slots=True, eq=False)
class Loads:
    """What commercial users draw from the satellites that see the region, slot by slot.

    Those of the k-th slot are entries `starts[k]` to `starts[k + 1]`, in ascending order.
    """

    starts: npt.NDArray[np.int64]
    satellites: Ints
    used: npt.NDArray[np.int16]
    """Units of beam time by channel, shape (entries, CHANNELS)."""
    up_used: npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class NearSky:
    """The satellites around a region over slots that follow each other.

    Those of the k-th minute are entries `starts[k]` to `starts[k + 1]`, in ascending order. The
    answers made of it are those of the policy, the seed and the disruptions in `options`.
    """

    sky: Sky
    options: SlotOptions
    cap: Cap
    least_elevation_deg: float
    """Platforms look so high and no lower."""
    first_slot: int
    slots: int
    starts: npt.NDArray[np.int64]
    """Shape (minutes + 1,)."""
    satellites: Ints
    states: Floats
    """Positions and velocities, km and km/s, Earth-fixed, shape (entries, 6)."""
    flag_starts: npt.NDArray[np.int64]
    """Shape (slots + 1,)."""
    flags: npt.NDArray[np.uint8]
    """Of the satellites of a slot's minute."""
    plans: Ints
    """Who is paired with whom by laser, shape (hours, satellites of the catalogue, 4)."""
    loads: Loads | None

    @property
    def last_slot(self) -> int:
        """The last slot that is held."""
        return self.first_slot + self.slots - 1

    @property
    def first_node(self) -> int:
        """The minute in which it begins."""
        return self.first_slot // SLOTS_PER_NODE

    def holds_gateways(self) -> npt.NDArray[np.bool_]:
        """Tell over which gateways the satellites are held, (gateways,)."""
        ends = self.sky.gateways.positions
        ends = ends / np.linalg.norm(ends, axis=1, keepdims=True)
        reach = _overhead_rad(self.sky.catalogue, self.cap, self.least_elevation_deg)
        return np.asarray(ends @ self.cap.centre >= np.cos(min(reach + LASER_REACH_RAD, np.pi)))

    def check(self, first_slot: int, slots: int) -> None:
        """Refuse slots that are not held; InvalidInputError says which are."""
        if slots < 1 or first_slot < self.first_slot or first_slot + slots - 1 > self.last_slot:
            raise InvalidInputError(
                f"The prepared sky holds slots {self.first_slot} to {self.last_slot}, and not all "
                f"of {first_slot} to {first_slot + slots - 1}."
            )


def prepare(
    ephemeris: Ephemeris,
    cap: Cap,
    first_slot: int,
    slots: int,
    options: SlotOptions | None = None,
    users: Subscribers | None = None,
    *,
    least_elevation_deg: float = 25.0,
    threads: int = 2,
    progress: Callable[[int], object] = lambda _: None,
) -> NearSky:
    """Prepare a region; without `users` nothing is known of loads, and beams are taken as empty.

    `progress` is told how many slots more are done. InvalidInputError for a policy that weighs how
    crowded the ground below a satellite is: platforms then depend on everybody.
    """
    options = options or SlotOptions()
    if slots < 1:
        raise InvalidInputError(f"slots {slots} is not at least 1.")
    if options.policy.weights.pressure > 0.0:
        raise InvalidInputError(
            "A policy that weighs the crowds below satellites has to be planned slot by slot."
        )
    check_names(options.disruptions, ephemeris.sky)
    gathering = _Gathering(ephemeris, cap, least_elevation_deg, options)
    world = None
    if users is not None:
        world = World(ephemeris, users, options, threads=threads).around(
            *cap.places(), min_elevation_deg=least_elevation_deg
        )
    for slot in range(first_slot, first_slot + slots):
        if world is None:
            gathering.add(ephemeris.at(slot))
        else:
            answer = world.assign(slot)
            gathering.add(answer.sky)
            gathering.add_loads(answer.sky, answer.used, answer.up_used)
        progress(1)
    return gathering.done(first_slot, slots)


class _Gathering:
    """Takes slots one after the other and keeps what is near."""

    def __init__(
        self, ephemeris: Ephemeris, cap: Cap, least_elevation_deg: float, options: SlotOptions
    ) -> None:
        self._ephemeris, self._cap, self._options = ephemeris, cap, options
        self._least = least_elevation_deg
        catalogue = ephemeris.sky.catalogue
        overhead = _overhead_rad(catalogue, cap, least_elevation_deg)
        self._cosine = float(np.cos(min(overhead + LASER_REACH_RAD, np.pi)))
        self._load_cosine = float(np.cos(min(overhead, np.pi)))
        self._centre = cap.centre
        self._members: list[Ints] = []
        self._states: list[Floats] = []
        self._flags: list[npt.NDArray[np.uint8]] = []
        self._plans: dict[int, Ints] = {}
        self._loads: list[tuple[Ints, npt.NDArray[np.int16], npt.NDArray[np.int16]]] = []
        self._node: int | None = None

    def add(self, sky: SlotSky) -> None:
        """Take a slot's satellites."""
        node = sky.slot // SLOTS_PER_NODE
        if node != self._node:
            self._add_node(node)
            self._node = node
        at_work = working(
            sky.operational,
            self._ephemeris.sky.catalogue,
            failed_in(self._options.disruptions, sky.slot),
        )
        members = self._members[-1]
        flags = at_work[members] * np.uint8(AT_WORK) | sky.lit[members] * np.uint8(LIT)
        self._flags.append(flags.astype(np.uint8))
        anchor = anchor_slot(sky.slot)
        if anchor not in self._plans:
            self._plans[anchor] = self._ephemeris.sky.laser_plan(sky.slot)

    def add_loads(self, sky: SlotSky, used: Ints, up_used: Ints) -> None:
        """Take what commercial users draw in a slot from the satellites that see the region."""
        rows = self._within(sky.positions, self._load_cosine)
        self._loads.append((rows, used[rows].astype(np.int16), up_used[rows].astype(np.int16)))

    def done(self, first_slot: int, slots: int) -> NearSky:
        """Return what was gathered."""
        self._add_node((first_slot + slots - 1) // SLOTS_PER_NODE + 1)
        sky = self._ephemeris.sky
        loads = None
        if self._loads:
            rows, used, up_used = zip(*self._loads, strict=True)
            loads = Loads(_bounds(rows), *(np.concatenate(x) for x in (rows, used, up_used)))
        return NearSky(
            sky=sky,
            options=self._options,
            cap=self._cap,
            least_elevation_deg=self._least,
            first_slot=first_slot,
            slots=slots,
            starts=_bounds(self._members),
            satellites=np.concatenate(self._members),
            states=np.concatenate(self._states),
            flag_starts=_bounds(self._flags),
            flags=np.concatenate(self._flags),
            plans=np.stack(list(self._plans.values())),
            loads=loads,
        )

    def _add_node(self, node: int) -> None:
        both = self._states_of(node)
        members = self._within(both.positions[0], self._cosine)
        self._members.append(members)
        self._states.append(
            np.concatenate([both.positions[0, members], both.velocities[0, members]], axis=1)
        )

    def _states_of(self, node: int) -> States:
        return self._ephemeris.sky.propagator.earth_fixed(node_times(np.array([node])))

    def _within(self, positions: Floats, cosine: float) -> Ints:
        with np.errstate(invalid="ignore"):  # NaN where SGP4 failed: not near
            near = positions @ self._centre >= cosine * np.linalg.norm(positions, axis=1)
        return np.flatnonzero(near).astype(np.int32)


def _geodetic(directions: Floats) -> tuple[Floats, Floats]:
    """Return the places on the ellipsoid in directions of shape (..., 3), degrees."""
    across = np.hypot(directions[..., 0], directions[..., 1])
    lat = np.degrees(np.arctan2(directions[..., 2], across * (1.0 - FLATTENING) ** 2))
    return np.asarray(lat), np.degrees(np.arctan2(directions[..., 1], directions[..., 0]))


def _overhead_rad(catalogue: Catalogue, cap: Cap, least_elevation_deg: float) -> float:
    """Return how far from a cap's middle a satellite may be that somebody in it sees."""
    seen = footprint(np.array([highest_km(catalogue)]), np.radians([least_elevation_deg]))
    return cap.radius_rad + float(seen[0]) + _MARGIN_RAD


def _bounds(parts: object) -> npt.NDArray[np.int64]:
    return np.cumsum([0, *(len(p) for p in parts)], dtype=np.int64)  # type: ignore[attr-defined]


def slot_times(first_slot: int, slots: int) -> Floats:
    """Return the POSIX times at which slots begin, shape (slots,)."""
    return np.asarray(slot_start(first_slot) + SLOT_SECONDS * np.arange(slots, dtype=np.float64))
