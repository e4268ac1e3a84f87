"""What a dish in each cell of a sea gets in every slot of a span: the numbers behind maps.

Each cell is looked at as if a dish with bought priority stood in its middle, alone. What comes out
is *observed*; that traffic lands only where it is trusted is *contract*.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.cells import Cells
from baluardo.geo.ellipsoid import earth_fixed, local_frames, places_earth_fixed
from baluardo.twin.paths.beams import NOMINAL_BEAM_BPS, UNITS_PER_BEAM
from baluardo.twin.paths.choice import mixed_pairs
from baluardo.twin.paths.claims import COMMERCIAL_MASK, name_keys, units_of
from baluardo.twin.paths.geostationary import table_holds
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.near.arrays import held as arrays_of
from baluardo.twin.paths.near.grid_loop import NOBODY, Grid, GridTold, follow_cells
from baluardo.twin.paths.near.loop import Taste
from baluardo.twin.paths.near.mover import channels_at
from baluardo.twin.paths.near.paths import GATEWAY_DISH_M
from baluardo.twin.paths.near.rules import LASERS_OF, gateways_of
from baluardo.twin.paths.near.sky import NearSky, slot_times
from baluardo.twin.paths.planner import Weather
from baluardo.twin.paths.shares import delays_s, scheduling_wait_s, widths_hz
from baluardo.twin.paths.view import arc_of
from baluardo.twin.radio.attenuation import Climate, clear_air_db, climate_of, rain_fade_db
from baluardo.twin.radio.links import Links
from baluardo.twin.radio.radios import (
    GATEWAY_DOWN_HZ,
    GATEWAY_UP_HZ,
    USER_DOWN_HZ,
    USER_UP_HZ,
    DishKind,
)
from baluardo.twin.sky.landing import LandingRule, Lasers
from baluardo.twin.sky.routes import Landings

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

SLOTS_AT_ONCE = 60
"""A quarter of an hour: what is held in memory of each thread besides the answer."""


@dataclass(frozen=True, slots=True)
class GridAsked:
    """The dish in each cell, and where it may land."""

    trusted: LandingRule
    """The rule under which landing is trusted; the other one is none at all."""
    dish: DishKind = DishKind.MARITIME
    min_elevation_deg: float = COMMERCIAL_MASK.min_elevation_deg
    gso_avoidance_deg: float = COMMERCIAL_MASK.gso_avoidance_deg
    down_bps: float = 20e6
    up_bps: float = 4e6
    model: PathModel = field(default_factory=PathModel)
    weather: Weather | None = None


@dataclass(frozen=True, slots=True, eq=False)
class GridPaths:
    """What cells get; arrays (slots, cells). 0 where nothing passes, NaN for its delay."""

    first_slot: int
    round_trip_s: Singles
    rate_down_bps: Singles
    rate_up_bps: Singles
    trusted_round_trip_s: Singles
    trusted_rate_down_bps: Singles
    in_view: npt.NDArray[np.int16]


def grid_paths(
    near: NearSky,
    cells: Cells,
    asked: GridAsked,
    first_slot: int,
    slots: int,
    *,
    threads: int = 1,
    progress: Callable[[int], object] = lambda _: None,
) -> GridPaths:
    """Return what cells get; the number of threads changes nothing.

    InvalidInputError where the prepared sky does not hold slots or cells, or the rule needs lasers
    where none are needed: a map of that is a platform's plan.
    """
    near.check(first_slot, slots)
    if not near.cap.holds(cells.lat_deg, cells.lon_deg).all():
        raise InvalidInputError("Some of the cells are outside the prepared region.")
    if asked.min_elevation_deg < near.least_elevation_deg:
        raise InvalidInputError(
            f"The sky is prepared for dishes that look {near.least_elevation_deg:g} degrees high "
            "and more."
        )
    if asked.trusted.lasers is not Lasers.ANY:
        raise InvalidInputError("A map's rule names gateways and countries, and no lasers.")
    work = _Work(near, cells, asked)
    shape = slots, len(cells)
    trip, rate, up, trusted_trip, trusted_rate = (np.zeros(shape, np.float32) for _ in range(5))
    in_view = np.zeros(shape, np.int16)
    out = GridPaths(first_slot, trip, rate, up, trusted_trip, trusted_rate, in_view)

    def some(start: int) -> None:
        count = min(SLOTS_AT_ONCE, slots - start)
        work.fill(out, first_slot, start, count)
        progress(count)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(some, range(0, slots, SLOTS_AT_ONCE)))
    return out


class _Work:
    """Cells and gateways prepared; `fill` works out a run of slots, on any thread."""

    def __init__(self, near: NearSky, cells: Cells, asked: GridAsked) -> None:
        self._near, self._cells, self._asked = near, cells, asked
        self._links = Links(near.options.radios)
        self._held = arrays_of(near, self._links)
        lat, lon = cells.lat_deg, cells.lon_deg
        self._climate = _warm(climate_of(lat, lon, np.zeros(len(cells))), USER_DOWN_HZ, USER_UP_HZ)
        places = [g.place for g in near.sky.ground.gateways]
        self._gateway_lat, self._gateway_lon, height = (
            np.array([getattr(p, name) for p in places])
            for name in ("lat_deg", "lon_deg", "height_m")
        )
        self._gateway_climate = _warm(
            climate_of(self._gateway_lat, self._gateway_lon, height), GATEWAY_UP_HZ, GATEWAY_DOWN_HZ
        )
        positions = earth_fixed(lat, lon, np.zeros(len(cells)))
        light, points, landing = self._landings(positions)
        self._ground = gateways_of(near.sky, light, points, LASERS_OF[Lasers.ANY])
        least, avoidance = asked.min_elevation_deg, asked.gso_avoidance_deg
        self._arc = arc_of(avoidance, table_holds(avoidance, least))
        self._keys = name_keys(tuple(cells.names))
        self._grid = Grid(
            key=self._keys,
            lat_deg=lat,
            positions=positions,
            frames=local_frames(lat, lon),
            min_sine=float(np.sin(np.radians(least))),
            gso_deg=avoidance,
            channel=channels_at(lat, lon),
            landing=landing,
        )
        weights = near.options.policy.weights
        self._taste = Taste(
            weights.sine, weights.poleward, weights.sunlit, weights.newer, weights.noise
        )

    def _landings(self, positions: Floats) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
        """Return costs of gateways, points of presence, and which row each cell uses by rule."""
        sky = self._near.sky
        ends = places_earth_fixed([p.place for p in sky.ground.points_of_presence])
        light: list[Floats] = []
        points: list[Floats] = []
        landing: list[npt.NDArray[np.int64]] = []
        for rule in (LandingRule(), self._asked.trusted):
            homes = sky.ground.home_points(positions, rule)
            row = np.full(len(positions), NOBODY, np.int64)
            for home in np.unique(homes[homes >= 0]).tolist():
                row[homes == home] = len(light)
                light.append(Landings(sky.ground, rule, sky.options.landing, home).fibre_light_km)
                points.append(ends[home])
            landing.append(row)
        return np.array(light), np.array(points), np.array(landing)

    def fill(self, out: GridPaths, first_slot: int, start: int, count: int) -> None:
        """Work out `count` slots from the `start`-th on and write them into `out`."""
        near, asked, model = self._near, self._asked, self._asked.model
        slots = np.arange(first_slot + start, first_slot + start + count).astype(np.uint64)
        told = _room(count, len(self._cells))
        seeds = mixed_pairs(np.full(count, near.options.seed, np.uint64), slots)
        follow_cells(
            self._held,
            self._grid,
            seeds,
            self._taste,
            self._ground,
            self._arc,
            first_slot + start - near.first_slot,
            told,
        )
        times = slot_times(first_slot + start, count)
        up, down = self._efficiencies(told, times)
        got = told.satellite >= 0
        rows = np.where(got, told.satellite, 0)
        room = np.maximum(self._held.room[rows, self._grid.channel[None, :]], 1)
        up_room = np.maximum(self._held.up_room[rows], 1)
        units, up_units = (
            int(x[0]) for x in units_of(np.array([asked.down_bps]), np.array([asked.up_bps]))
        )
        granted, up_granted = np.minimum(units, room), np.minimum(up_units, up_room)
        load = np.minimum(np.maximum(told.others, 0), room - granted) / room
        up_load = np.minimum(np.maximum(told.up_others, 0), up_room - up_granted) / up_room
        up_hz, down_hz = widths_hz(
            *(self._links, model, load, up_load, granted, up_granted, np.full(got.shape, True))
        )
        feed = (np.maximum(told.used, 0) + granted) / UNITS_PER_BEAM * NOMINAL_BEAM_BPS
        wait = scheduling_wait_s(
            model,
            near.options.seed,
            np.repeat(slots, len(self._cells)),
            np.tile(self._keys, count),
        ).reshape(count, -1)
        part = slice(start, start + count)
        out.in_view[part] = told.in_view
        for rule, (trip, rate) in enumerate(
            (
                (out.round_trip_s, out.rate_down_bps),
                (out.trusted_round_trip_s, out.trusted_rate_down_bps),
            )
        ):
            feeder = self._feeders(told, rule, times)
            lands = np.isfinite(told.distance_km[:, rule]) & got & (feeder > 0.0)
            fine = lands & (up > 0.0) & (down > 0.0)
            way = told.range_km.astype(np.float64) + np.where(lands, told.distance_km[:, rule], 0.0)
            delay_up, delay_down = delays_s(model, way, wait, np.zeros(got.shape))
            trip[part] = np.where(fine, delay_up + delay_down, np.nan)
            fed = np.minimum(feeder / feed, 1.0)
            rate[part] = np.where(fine, down * down_hz * fed, 0.0)
            if rule == 0:
                out.rate_up_bps[part] = np.where(fine, up * up_hz, 0.0)

    def _efficiencies(self, told: GridTold, times: Floats) -> tuple[Floats, Floats]:
        """Return bit/s/Hz up and down, (slots, cells); 0 where there is no satellite."""
        got = told.satellite >= 0
        up, down = np.zeros(got.shape), np.zeros(got.shape)
        cell = np.nonzero(got)[1]
        if cell.size == 0:
            return up, down
        place = self._climate.take(cell)
        generation = self._near.sky.catalogue.generation[told.satellite[got]]
        high = np.degrees(np.arcsin(np.clip(told.sine[got].astype(np.float64), -1.0, 1.0)))
        length = told.range_km[got].astype(np.float64)
        percent = self._percent(self._cells.lat_deg, self._cells.lon_deg, times)
        for out, frequency, efficiency in (
            (down, USER_DOWN_HZ, self._links.user_down_bps_hz),
            (up, USER_UP_HZ, self._links.user_up_bps_hz),
        ):
            fade = clear_air_db(place, high, frequency)
            if percent is not None:
                fade = fade + rain_fade_db(place, high, frequency, percent[got])
            out[got] = efficiency(generation, int(self._asked.dish), length, high, fade)
        return up, down

    def _feeders(self, told: GridTold, rule: int, times: Floats) -> Floats:
        """Return what the antennas over the exits carry up, bit/s, (slots, cells)."""
        lands = np.isfinite(told.distance_km[:, rule]) & (told.satellite >= 0)
        out = np.zeros(lands.shape)
        slot = np.nonzero(lands)[0]
        if slot.size == 0:
            return out
        exits, gateway = told.exit[:, rule][lands], told.gateway[:, rule][lands]
        # Thousands of cells share some dozens of exits.
        pairs = (slot.astype(np.int64) * 2**24 + exits) * 2**8 + gateway
        _, one, back = np.unique(pairs, return_index=True, return_inverse=True)
        over = gateway[one]
        climate = self._gateway_climate.take(over)
        sine = told.exit_sine[:, rule][lands][one].astype(np.float64)
        high = np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))
        length = told.exit_range_km[:, rule][lands][one].astype(np.float64)
        generation = self._near.sky.catalogue.generation[exits[one]]
        percent = self._percent(self._gateway_lat, self._gateway_lon, times)
        fades = []
        for frequency in (GATEWAY_UP_HZ, GATEWAY_DOWN_HZ):
            fade = clear_air_db(climate, high, frequency)
            if percent is not None:
                fade = fade + rain_fade_db(
                    climate, high, frequency, percent[slot[one], over], diameter_m=GATEWAY_DISH_M
                )
            fades.append(fade)
        up = self._links.gateway_up_bps_hz(generation, length, fades[0])
        down = self._links.gateway_down_bps_hz(generation, length, fades[1])
        carried = np.where((up > 0.0) & (down > 0.0), up * self._links.gateway_up_hz, 0.0)
        out[lands] = carried[back.ravel()]
        return out

    def _percent(self, lat: Floats, lon: Floats, times: Floats) -> Floats | None:
        """Return the share of the year with harder rain, per cent, (slots, places); None: dry."""
        weather = self._asked.weather
        if weather is None:
            return None
        return np.array([weather.percent(lat, lon, time) for time in times.tolist()])


def _warm(climate: Climate, *frequencies_hz: float) -> Climate:
    for frequency in frequencies_hz:
        climate.zenith(frequency / 1e9)  # worked out once: what is taken from it keeps it
    return climate


def _room(slots: int, cells: int) -> GridTold:
    def ints(*shape: int) -> Ints:
        return np.full(shape, NOBODY, np.int32)

    def singles(*shape: int) -> Singles:
        return np.full(shape, np.inf, np.float32)

    both, ruled = (slots, cells), (slots, 2, cells)
    return GridTold(
        satellite=ints(*both),
        in_view=ints(*both),
        range_km=singles(*both),
        sine=singles(*both),
        others=ints(*both),
        used=ints(*both),
        up_others=ints(*both),
        distance_km=singles(*ruled),
        exit=ints(*ruled),
        gateway=ints(*ruled),
        exit_range_km=singles(*ruled),
        exit_sine=singles(*ruled),
    )
