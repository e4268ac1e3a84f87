"""A terminal under way, and what its places mean for it: channel, climate, obstructions."""

from __future__ import annotations

from dataclasses import dataclass, field

import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt

from baluardo.terms import Obstruction
from baluardo.twin.paths.beams import CHANNELS
from baluardo.twin.paths.claims import CELL_RESOLUTION, COMMERCIAL_MASK, first_channel, units_of
from baluardo.twin.radio.attenuation import Climate, climate_of
from baluardo.twin.radio.radios import USER_DOWN_HZ, USER_UP_HZ, DishKind
from baluardo.twin.sky.landing import LandingRule

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

CLIMATE_STEP_DEG = 0.05
"""As in `planner`: places this near to each other share a climate."""


@dataclass(frozen=True, slots=True, eq=False)
class Mover:
    """A terminal under way over slots that follow each other; arrays are (slots,)."""

    name: str
    lat_deg: Floats
    lon_deg: Floats
    height_m: Floats
    heading_deg: Floats
    fix: Bools
    dish: DishKind = DishKind.MARITIME
    min_elevation_deg: float = COMMERCIAL_MASK.min_elevation_deg
    gso_avoidance_deg: float = COMMERCIAL_MASK.gso_avoidance_deg
    obstructions: tuple[Obstruction, ...] = ()
    """Azimuths clockwise from the bow."""
    rule: LandingRule = field(default_factory=LandingRule)
    down_bps: float = 20e6
    up_bps: float = 4e6
    contract: bool = True

    def __len__(self) -> int:
        """Return the number of slots."""
        return len(self.lat_deg)

    def units(self) -> tuple[int, int]:
        """Return what it asks for in units of beam time, down and up."""
        down, up = units_of(np.array([self.down_bps]), np.array([self.up_bps]))
        return int(down[0]), int(up[0])


def channels_of(mover: Mover) -> npt.NDArray[np.int8]:
    """Return the channel that a mover uses in each slot, (slots,)."""
    return channels_at(mover.lat_deg, mover.lon_deg)


def channels_at(lat_deg: Floats, lon_deg: Floats) -> npt.NDArray[np.int8]:
    """Return the channel of a terminal alone on its cell: the cell's last, (n,)."""
    places = zip(lat_deg.tolist(), lon_deg.tolist(), strict=True)
    cells = np.array(
        [h3.latlng_to_cell(lat, lon, CELL_RESOLUTION) for lat, lon in places], np.uint64
    )
    return ((first_channel(cells) + CHANNELS - 1) % CHANNELS).astype(np.int8)


def rows_of(obstructions: tuple[Obstruction, ...]) -> Floats:
    """Return from and to azimuth, rad, and sine of elevation, shape (obstructions, 3)."""
    rows = [
        (
            np.radians(o.from_azimuth_deg),
            np.radians(o.to_azimuth_deg),
            np.sin(np.radians(o.elevation_deg)),
        )
        for o in obstructions
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def climates_along(mover: Mover) -> tuple[Climate, npt.NDArray[np.int64]]:
    """Return the climates along a track, and which of them holds in each slot."""
    step = CLIMATE_STEP_DEG
    places = np.stack(
        [np.round(mover.lat_deg / step), np.round(mover.lon_deg / step), mover.height_m]
    )
    each, row = np.unique(places, axis=1, return_inverse=True)
    lat, lon = np.clip(each[0] * step, -90.0, 90.0), np.clip(each[1] * step, -180.0, 360.0)
    climate = climate_of(lat, lon, each[2])
    for frequency in (USER_DOWN_HZ, USER_UP_HZ):
        climate.zenith(frequency / 1e9)  # worked out once: what is taken from it keeps it
    return climate, row.ravel()
