"""Who wants service: the commercial users of every cell, and the state's own terminals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import earth_fixed, local_frames
from baluardo.geo.subscribers import Subscribers
from baluardo.terms import Mask, Place
from baluardo.twin.paths.beams import CHANNELS, NOMINAL_BEAM_BPS, UNITS_PER_BEAM
from baluardo.twin.paths.demand import Demand
from baluardo.twin.radio.radios import DishKind
from baluardo.twin.sky.landing import LandingRule
from baluardo.twin.sky.visibility import Observers

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

CELL_RESOLUTION = 5
"""H3 resolution that stands in for the operator's own cells (docs/limits.md)."""

PRIORITIES = CONTRACT, ORDINARY = 0, 1
"""Order in which satellites serve those who ask: contracted priority, then everybody else."""

COMMERCIAL_MASK = Mask(min_elevation_deg=25.0, gso_avoidance_deg=18.0)
"""What a commercial dish may use: 25 deg as filed (FACTS); 18 deg from the geostationary arc, the
angle of the operator's own filings for its first generation (FCC SAT-LOA-20161115-00118)."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A dish of the state's own, at one slot: who is under way passes its place anew each slot."""

    name: str
    place: Place
    mask: Mask = COMMERCIAL_MASK
    rule: LandingRule = field(default_factory=LandingRule)
    dish: DishKind = DishKind.STANDARD
    down_bps: float = 20e6
    """What it asks for (ours); what it gets is observed."""
    up_bps: float = 4e6
    contract: bool = False
    """Priority bought from the operator (contract)."""
    has_fix: bool = True
    """False while its position fix is jammed: a dish that does not know where it is stays mute."""

    def __post_init__(self) -> None:
        """Refuse rates that are impossible."""
        for name in ("down_bps", "up_bps"):
            value = getattr(self, name)
            if not 0.0 < value <= 1e10:
                raise InvalidInputError(
                    f"{self.name}: {name} {value} is not above 0 and up to 10 Gbit/s."
                )


@dataclass(frozen=True, slots=True, eq=False)
class Claims:
    """Claims as arrays, each (claims,) where not said otherwise, in groups of neighbours.

    Positions (claims, 3) km; frames (claims, 3, 3), rows east, north, up. `key` names a claim for
    the random numbers; `channel` is the one beam channel that it uses on its cell.
    """

    key: npt.NDArray[np.uint64]
    cell: npt.NDArray[np.uint64]
    lat_deg: Floats
    positions: Floats
    frames: Floats
    min_sine: Floats
    gso_deg: Floats
    obstruction_starts: npt.NDArray[np.int64]
    obstructions: Floats
    channel: npt.NDArray[np.int8]
    priority: npt.NDArray[np.int8]
    users: Floats
    """Commercial users behind a claim; 0 for a terminal of the state."""
    utc_offset_h: Floats
    down_bps: Floats
    """Demand in the busiest hour."""
    up_bps: Floats
    mute: npt.NDArray[np.bool_]
    group_starts: npt.NDArray[np.int64]
    group_centres: Floats
    """On the unit sphere, shape (groups, 3)."""
    group_radii: Floats
    """Radians."""
    group_circle: npt.NDArray[np.int64]
    """Which circle, of several groups, holds a group."""
    circle_centres: Floats
    circle_radii: Floats
    centre: Floats
    """On the unit sphere, shape (3,): of a cap that holds all claims."""
    radius: float
    """Radians."""

    def __len__(self) -> int:
        """Return the number of claims."""
        return len(self.key)

    def units(self, demand: Demand, time: float) -> tuple[Ints, Ints]:
        """Return what is asked for at a time, down and up, in units of beam time, each (claims,).

        Commercial demand follows the hour of the day where the users are; terminals ask always.
        Nobody gets more than one beam: a channel serves a cell from one satellite at a time.
        """
        factor = np.where(self.users > 0.0, demand.at(time, self.utc_offset_h), 1.0)
        return units_of(self.down_bps * factor, self.up_bps * factor)


UP_TO_DOWN = 62.5 / 480.0
"""Bandwidth of an uplink channel (62.5 MHz) over a downlink beam's (2 x 240 MHz); FACTS."""


def units_of(down_bps: Floats, up_bps: Floats) -> tuple[Ints, Ints]:
    """Return rates in units of beam time, down and up: at least one, and one beam at most."""
    per_unit = NOMINAL_BEAM_BPS / UNITS_PER_BEAM
    return tuple(  # type: ignore[return-value]
        np.clip(np.ceil(rate / (per_unit * ratio)), 1, UNITS_PER_BEAM).astype(np.int32)
        for rate, ratio in ((down_bps, 1.0), (up_bps, UP_TO_DOWN))
    )


_GROUP_SHIFT, _CIRCLE_SHIFT = 3 * (15 - 2), 3 * (15 - 1)
"""Bits of an H3 number below its second and its first digit. Cells of resolution 2 (87,000 km2) are
the groups, and those of resolution 1 the circles, that are compared with footprints at once."""


_WIDEST_CIRCLE_RAD = float(np.radians(20.0))
"""Terminals within this are compared with satellites all at once first."""


def commercial_claims(users: Subscribers, demand: Demand, mask: Mask = COMMERCIAL_MASK) -> Claims:
    """Return the claims of commercial users: for each cell one for every beam it fills.

    The first takes the cell's own channel (by its number, so that neighbours differ), the second
    the next one; beyond eight beams of distinct channels a cell gets no more (FACTS).
    """
    down = users.users * demand.busy_hour_down_bps
    beams = np.minimum(np.ceil(down / NOMINAL_BEAM_BPS), CHANNELS).astype(np.int64)
    beams = np.maximum(beams, 1)
    owner = np.repeat(np.arange(len(users.numbers)), beams)
    nth = np.arange(owner.size) - np.repeat(np.cumsum(beams) - beams, beams)
    share = 1.0 / beams[owner]
    # The lowest bits of a coarse cell's number are all ones and say nothing: room for the beam's.
    key = users.numbers[owner] ^ nth.astype(np.uint64)
    return _claims(
        key=key,
        cell=users.numbers[owner],
        lat_deg=users.lat_deg[owner],
        lon_deg=users.lon_deg[owner],
        height_m=np.zeros(owner.size),
        mask=mask,
        channel=(first_channel(users.numbers[owner]) + nth) % CHANNELS,
        users=users.users[owner] * share,
        utc_offset_h=users.utc_offset_h[owner].astype(np.float64),
        down_bps=np.minimum(down[owner] * share, NOMINAL_BEAM_BPS),
        up_bps=np.minimum(
            users.users[owner] * share * demand.busy_hour_up_bps, NOMINAL_BEAM_BPS * UP_TO_DOWN
        ),
    )


def terminal_claims(terminals: Sequence[Terminal]) -> Claims:
    """Return the claims of the state's terminals, in their order.

    InvalidInputError where two share a name, since the name decides their random numbers.
    """
    names = [t.name for t in terminals]
    if len(set(names)) != len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise InvalidInputError(f"Two terminals are called {twice!r}; names must differ.")
    observers = Observers.of([t.place for t in terminals], [t.mask for t in terminals])
    lat = np.array([t.place.lat_deg for t in terminals], dtype=np.float64)
    cell = np.array(
        [h3.latlng_to_cell(t.place.lat_deg, _east(t.place), CELL_RESOLUTION) for t in terminals],
        dtype=np.uint64,
    )
    n, key = len(terminals), name_keys(tuple(names))
    return Claims(
        key=key,
        cell=cell,
        lat_deg=lat,
        positions=observers.positions,
        frames=observers.frames,
        min_sine=observers.min_sine,
        gso_deg=np.array([t.mask.gso_avoidance_deg for t in terminals], dtype=np.float64),
        obstruction_starts=observers.obstruction_starts,
        obstructions=observers.obstructions,
        # From the cell's last channel downwards: its commercial users begin at the first.
        channel=((first_channel(cell) + CHANNELS - 1 - _nth_of_cell(cell, key)) % CHANNELS).astype(
            np.int8
        ),
        priority=np.array([CONTRACT if t.contract else ORDINARY for t in terminals], np.int8),
        users=np.zeros(n),
        utc_offset_h=np.zeros(n),
        down_bps=np.array([t.down_bps for t in terminals], dtype=np.float64),
        up_bps=np.array([t.up_bps for t in terminals], dtype=np.float64),
        mute=np.array([not t.has_fix for t in terminals], dtype=np.bool_),
        group_starts=np.arange(n + 1, dtype=np.int64),
        group_centres=_unit(observers.positions),
        group_radii=np.zeros(n),
        **_circles_of(_unit(observers.positions)),
    )


def _claims(
    *,
    key: npt.NDArray[np.uint64],
    cell: npt.NDArray[np.uint64],
    lat_deg: Floats,
    lon_deg: Floats,
    height_m: Floats,
    mask: Mask,
    channel: npt.NDArray[Any],
    users: Floats,
    utc_offset_h: Floats,
    down_bps: Floats,
    up_bps: Floats,
) -> Claims:
    n = len(key)
    positions = earth_fixed(lat_deg, lon_deg, height_m)
    return Claims(
        key=key,
        cell=cell,
        lat_deg=lat_deg,
        positions=positions,
        frames=local_frames(lat_deg, lon_deg),
        min_sine=np.full(n, np.sin(np.radians(mask.min_elevation_deg))),
        gso_deg=np.full(n, mask.gso_avoidance_deg),
        obstruction_starts=np.zeros(n + 1, dtype=np.int64),
        obstructions=np.empty((0, 3)),
        channel=channel.astype(np.int8),
        priority=np.full(n, ORDINARY, dtype=np.int8),
        users=users,
        utc_offset_h=utc_offset_h,
        down_bps=down_bps,
        up_bps=up_bps,
        mute=np.zeros(n, dtype=np.bool_),
        **_groups(cell, positions),
    )


def _groups(cell: npt.NDArray[np.uint64], positions: Floats) -> dict[str, Any]:
    """Cut claims in ascending order of their cells into groups and circles: coarser cells."""
    centres, radii, starts = _caps(cell >> np.uint64(_GROUP_SHIFT), _unit(positions))
    wide = cell[starts[:-1]] >> np.uint64(_CIRCLE_SHIFT)
    round_it, wide_radii, first = _caps(wide, centres)
    circle = np.repeat(np.arange(len(round_it)), np.diff(first))
    # A circle must hold its groups whole, not only their centres.
    wide_radii = wide_radii + (radii.max() if radii.size else 0.0)
    centre, radius = _cap(round_it)
    return {
        "group_starts": starts,
        "group_centres": centres,
        "group_radii": radii,
        "group_circle": circle,
        "circle_centres": round_it,
        "circle_radii": wide_radii,
        "centre": centre,
        "radius": radius + (wide_radii.max() if wide_radii.size else 0.0),
    }


def _circles_of(places: Floats) -> dict[str, Any]:
    """Put terminals, in no order, into one circle where they are neighbours; else each in its own.

    places: on the unit sphere, shape (terminals, 3).
    """
    n = len(places)
    centre, radius = _cap(places)
    if radius > _WIDEST_CIRCLE_RAD:
        circle, centres, radii = np.arange(n, dtype=np.int64), places, np.zeros(n)
    else:
        circle, centres = np.zeros(n, dtype=np.int64), centre.reshape(1, 3)
        radii = np.array([radius])
    return {
        "group_circle": circle,
        "circle_centres": centres,
        "circle_radii": radii,
        "centre": centre,
        "radius": radius,
    }


def _cap(directions: Floats) -> tuple[Floats, float]:
    """Return centre and radius (rad) of a cap that holds unit vectors of shape (n, 3)."""
    total = directions.sum(axis=0)
    length = float(np.linalg.norm(total))
    if length < 1e-6 * max(len(directions), 1):
        return np.array([0.0, 0.0, 1.0]), np.pi
    centre = total / length
    least = float(np.clip((directions @ centre).min(), -1.0, 1.0))
    return centre, float(np.arccos(least)) + 1e-6


def _caps(
    labels: npt.NDArray[np.uint64], directions: Floats
) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Return centres, radii (rad) and bounds of the runs of equal labels."""
    if len(labels) == 0:
        return np.empty((0, 3)), np.empty(0), np.zeros(1, dtype=np.int64)
    starts = np.append(np.flatnonzero(np.append(True, labels[1:] != labels[:-1])), len(labels))
    centres = _unit(np.add.reduceat(directions, starts[:-1], axis=0))
    cosines = np.einsum("ij,ij->i", directions, np.repeat(centres, np.diff(starts), axis=0))
    radii = np.arccos(np.clip(np.minimum.reduceat(cosines, starts[:-1]), -1.0, 1.0)) + 1e-6
    return centres, radii, starts.astype(np.int64)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def first_channel(cell: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Return a cell's first channel: its number, well mixed, so that neighbours differ."""
    mixed = (cell >> np.uint64(24)) * np.uint64(0x9E37_79B9_7F4A_7C15)
    return ((mixed >> np.uint64(40)) % np.uint64(CHANNELS)).astype(np.int64)


def _nth_of_cell(
    cell: npt.NDArray[np.uint64], key: npt.NDArray[np.uint64]
) -> npt.NDArray[np.int64]:
    """Number the claims of each cell in the order of their keys, whatever order they come in."""
    seen: dict[int, int] = {}
    nth = np.empty(len(cell), dtype=np.int64)
    for t in np.lexsort((key, cell)).tolist():
        nth[t] = seen.get(int(cell[t]), 0)
        seen[int(cell[t])] = int(nth[t]) + 1
    return nth


@lru_cache(maxsize=64)
def name_keys(names: tuple[str, ...]) -> npt.NDArray[np.uint64]:
    """Return the numbers by which terminals' names enter the random streams, shape (names,).

    FNV-1a, 64 bit: the same in every process, which `hash` is not.
    """
    keys = np.empty(len(names), dtype=np.uint64)
    for i, name in enumerate(names):
        value = 0xCBF2_9CE4_8422_2325
        for octet in name.encode("utf-8"):
            value = ((value ^ octet) * 0x100_0000_01B3) % 2**64
        keys[i] = value
    keys.setflags(write=False)
    return keys


def _east(place: Place) -> float:
    return place.lon_deg - 360.0 if place.lon_deg > 180.0 else place.lon_deg
