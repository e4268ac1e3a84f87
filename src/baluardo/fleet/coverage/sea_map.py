"""Maps of a sea: availability, delay, rate and trusted landing of every cell, hour by hour."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.fleet.coverage.waters import Water, water_at
from baluardo.geo.cells import Cells
from baluardo.terms import SLOT_SECONDS, slot_start
from baluardo.twin.paths.near.grid import GridAsked, GridPaths, grid_paths
from baluardo.twin.paths.near.sky import NearSky

Singles = npt.NDArray[np.float32]

SLOTS_PER_HOUR = 3_600 // SLOT_SECONDS


class Layer(StrEnum):
    """What is mapped."""

    AVAILABILITY = "availability"
    """Share of the slots with the rate, 0 to 1."""
    TRUSTED = "trusted-availability"
    """Likewise, and landed where it is trusted."""
    ROUND_TRIP = "round-trip"
    """Median delay there and back, s; NaN where nothing ever passes."""
    TRUSTED_ROUND_TRIP = "trusted-round-trip"
    RATE = "rate"
    """Median rate down, bit/s."""
    WORST_RATE = "worst-rate"
    """Rate down that is there for all but 5 % of the time, bit/s."""


HIGHER_IS_BETTER = {
    Layer.AVAILABILITY: True,
    Layer.TRUSTED: True,
    Layer.ROUND_TRIP: False,
    Layer.TRUSTED_ROUND_TRIP: False,
    Layer.RATE: True,
    Layer.WORST_RATE: True,
}


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A stretch of time on the map: every layer's values, each (cells,)."""

    start: float
    end: float
    layers: dict[Layer, Singles]


@dataclass(frozen=True, slots=True)
class WorstPlace:
    """A cell at the bad end of a layer, and what it is called."""

    cell: str
    lat_deg: float
    lon_deg: float
    water: Water
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class SeaMap:
    """The whole span, and its hours, or what else its frames are."""

    cells: Cells
    asked: GridAsked
    least_bps: float
    """Less down than this is no service."""
    whole: Frame
    frames: tuple[Frame, ...]

    def worst(self, layer: Layer, count: int = 5) -> list[WorstPlace]:
        """Return the cells with the worst values over the span, the worst first.

        Of each water the worst cell alone: neighbours differ by little.
        """
        values = self.whole.layers[layer].astype(np.float64)
        worth = values if HIGHER_IS_BETTER[layer] else -values
        # A cell that never gets through has no delay, and nothing is worse.
        worth = np.where(np.isfinite(worth), worth, -np.inf)
        found: list[WorstPlace] = []
        for k in np.argsort(worth, kind="stable").tolist():
            lat, lon = float(self.cells.lat_deg[k]), float(self.cells.lon_deg[k])
            water = water_at(lat, lon)
            if all(water is not w.water for w in found):
                name = f"{int(self.cells.numbers[k]):x}"
                found.append(WorstPlace(name, lat, lon, water, float(values[k])))
            if len(found) == count:
                break
        return found


def map_sea(
    near: NearSky,
    cells: Cells,
    asked: GridAsked,
    first_slot: int,
    slots: int,
    *,
    least_bps: float = 5e6,
    slots_per_frame: int = SLOTS_PER_HOUR,
    threads: int | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> SeaMap:
    """Return the maps of a span; InvalidInputError as `grid_paths`, and for rates below 0."""
    if not least_bps > 0.0:
        raise InvalidInputError(f"least_bps {least_bps} is not above 0.")
    paths = grid_paths(
        near,
        cells,
        asked,
        first_slot,
        slots,
        threads=threads or os.cpu_count() or 1,
        progress=progress,
    )
    frames = tuple(_frames(paths, slots_per_frame, least_bps))
    return SeaMap(cells, asked, least_bps, _frame(paths, 0, slots, least_bps), frames)


def _frames(paths: GridPaths, slots_per_frame: int, least_bps: float) -> Iterator[Frame]:
    slots = len(paths.in_view)
    for first in range(0, slots, slots_per_frame):
        yield _frame(paths, first, min(first + slots_per_frame, slots), least_bps)


def _frame(paths: GridPaths, first: int, last: int, least_bps: float) -> Frame:
    some = slice(first, last)
    rate, trusted = paths.rate_down_bps[some], paths.trusted_rate_down_bps[some]
    start = slot_start(paths.first_slot + first)
    # numpy's median of 5,760 rows copies once; sorted rows give all quantiles in one go.
    ordered = np.sort(rate, axis=0)
    n = len(ordered)
    return Frame(
        start,
        start + (last - first) * SLOT_SECONDS,
        {
            Layer.AVAILABILITY: np.mean(rate >= least_bps, axis=0, dtype=np.float32),
            Layer.TRUSTED: np.mean(trusted >= least_bps, axis=0, dtype=np.float32),
            Layer.ROUND_TRIP: _median_of_served(paths.round_trip_s[some]),
            Layer.TRUSTED_ROUND_TRIP: _median_of_served(paths.trusted_round_trip_s[some]),
            Layer.RATE: ordered[n // 2],
            Layer.WORST_RATE: ordered[int(0.05 * n)],
        },
    )


def _median_of_served(values: Singles) -> Singles:
    """Return the median of what is not NaN, (cells,); NaN where all is."""
    ordered = np.sort(values, axis=0)  # NaN goes last
    served = np.count_nonzero(~np.isnan(ordered), axis=0)
    middle = np.maximum(served - 1, 0) // 2
    median = np.take_along_axis(ordered, middle[None, :], axis=0)[0]
    return np.asarray(np.where(served > 0, median, np.float32(np.nan)))
