"""What each of the state's terminals gets in a slot: satellite, landing, delay, rate, loss.

The array form, for planning. `wire_path` in `paths.segments` makes of it, for one terminal, the
value that the wire takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from baluardo.terms import SPEED_OF_LIGHT_KM_S
from baluardo.twin.paths.beams import NOMINAL_BEAM_BPS, UNITS_PER_BEAM
from baluardo.twin.paths.claims import Claims, Terminal, name_keys
from baluardo.twin.paths.fleet import Fleet
from baluardo.twin.paths.ground import DRY_PERCENT, GroundLinks, Landed
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.rounds import Reason, Served
from baluardo.twin.paths.shares import delays_s, scheduling_wait_s, widths_hz
from baluardo.twin.paths.world import Assignment, World
from baluardo.twin.radio.attenuation import Climate, clear_air_db, climate_of, rain_fade_db
from baluardo.twin.radio.climate import rain_rate_exceeded_mm_h
from baluardo.twin.radio.radios import USER_DOWN_HZ, USER_UP_HZ

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

_CLIMATE_STEP_DEG = 0.05
"""Places this near to each other share a climate: a ship's is read anew every few kilometres."""


class Weather(Protocol):
    """Whoever can tell the rain: the twin's own field, or measured records."""

    def percent(self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, time: float) -> Floats:
        """Return the share of the year, per cent, in which it rains harder there than now."""


@dataclass(frozen=True, slots=True, eq=False)
class SlotPaths:
    """What terminals get in one slot; every array has shape (terminals,). All of it *observed*.

    Where `reason` is not `Reason.SERVED` the path is out: rates 0, delays infinite.
    """

    slot: int
    names: tuple[str, ...]
    reason: npt.NDArray[np.int8]
    satellite: Ints
    """Index into the catalogue; -1 for none."""
    handover: Bools
    """The slot before had another satellite, or none."""
    in_view: Ints
    elevation_deg: Floats
    azimuth_deg: Floats
    range_km: Floats
    gateway: Ints
    point: Ints
    lasers: Ints
    delay_up_s: Floats
    """One way, at the slot's start."""
    delay_down_s: Floats
    drift: Floats
    """Growth of either delay, s per s."""
    jitter_up_s: Floats
    jitter_down_s: Floats
    rate_up_bps: Floats
    rate_down_bps: Floats
    loss_up: Floats
    loss_down: Floats
    """Mean over the slot's undisturbed middle."""
    load: Floats
    """Share of the beam's time that others are given, 0 to 1."""
    rain_mm_h: Floats
    fade_down_db: Floats
    """What rain takes from the way down, over clear air."""

    @property
    def round_trip_s(self) -> Floats:
        """Delay there and back, s."""
        return self.delay_up_s + self.delay_down_s


class Planner:
    """Plans paths slot by slot; one thread at a time may ask."""

    def __init__(
        self,
        world: World,
        *,
        model: PathModel | None = None,
        weather: Weather | None = None,
    ) -> None:
        """Take a world (or the part of one around the terminals); without weather all is dry."""
        self.world = world
        self.model = model or PathModel()
        self.weather = weather
        self.links = world.links
        self.ground = GroundLinks(world.ephemeris.sky, self.links)
        self._climates = lru_cache(maxsize=64)(_climate)
        self._climate: tuple[Fleet, Climate] | None = None
        self._before: tuple[int, tuple[str, ...], Ints] | None = None

    def paths(self, slot: int, terminals: Sequence[Terminal]) -> SlotPaths:
        """Return what terminals get in a slot; asking slots in their order is the fastest.

        Terminals under way pass their place of this slot; that of the slot before is taken to be
        the same when a hand-over is told.
        """
        fleet = self.world.fleets.of(terminals)
        names = fleet.names
        kept = self._before
        if kept is not None and kept[:2] == (slot - 1, names):
            before = kept[2]
        else:
            before = self.world.assign(slot - 1, terminals).terminals.satellite
        answer = self.world.assign(slot, terminals)
        self._before = (slot, names, answer.terminals.satellite)
        return self._describe(answer, fleet, before)

    def _describe(
        self,
        answer: Assignment,
        fleet: Fleet,
        before: Ints,
    ) -> SlotPaths:
        served, sky, model = answer.terminals, answer.sky, self.model
        time = sky.time
        names, claims = fleet.names, fleet.claims
        sight = _sight(claims, sky.positions, sky.velocities, served.satellite)
        percent, gateway_percent, rain = self._rain(fleet, time)
        landed = self.ground.land(
            sky,
            fleet.terminals,
            claims.positions,
            served.satellite,
            answer.failed,
            gateway_percent,
        )
        climate = self._climate_of(fleet)
        up, down, fade = self._efficiencies(answer, fleet, sight, climate, percent)
        reason = served.reason.copy()
        got = served.satellite >= 0
        reason[got & ~np.isfinite(landed.distance_km)] = Reason.NO_LANDING
        reason[got & ((up <= 0.0) | (down <= 0.0))] = Reason.FADED
        fine = reason == Reason.SERVED
        load = np.where(fine, _load(answer, served), 0.0)
        up_load = np.where(fine, _up_load(answer, served), 0.0)
        # Contracted priority is served first in a frame: it waits behind nobody.
        bought = fleet.contract & self.world.options.policy.contract
        queued = np.where(bought, 0.0, load)
        delay_up, delay_down = self._delays(answer, names, sight, landed, queued)
        rate_up, rate_down = self._rates(answer, fleet, (up, down), (up_load, load), landed)
        handover = got & (before != served.satellite)
        drift = sight.rate_km_s + _laser_rate(answer, landed) + self._exit_rate(answer, landed)
        return SlotPaths(
            slot=answer.slot,
            names=names,
            reason=reason,
            satellite=served.satellite,
            handover=handover,
            in_view=served.in_view,
            elevation_deg=sight.elevation_deg,
            azimuth_deg=sight.azimuth_deg,
            range_km=sight.range_km,
            gateway=landed.gateway,
            point=landed.point,
            lasers=landed.lasers,
            delay_up_s=np.where(fine, delay_up, np.inf),
            delay_down_s=np.where(fine, delay_down, np.inf),
            drift=np.where(fine, drift / SPEED_OF_LIGHT_KM_S, 0.0),
            jitter_up_s=np.where(fine, model.jitter_up_s, 0.0),
            jitter_down_s=np.where(fine, model.jitter_down_s, 0.0),
            rate_up_bps=np.where(fine, rate_up, 0.0),
            rate_down_bps=np.where(fine, rate_down, 0.0),
            loss_up=np.where(fine, model.loss_up, 1.0),
            loss_down=np.where(fine, model.loss_down, 1.0),
            load=load,
            rain_mm_h=rain,
            fade_down_db=fade,
        )

    def _climate_of(self, fleet: Fleet) -> Climate:
        kept = self._climate
        if kept is None or kept[0] is not fleet:
            kept = self._climate = fleet, self._climates(_rounded(fleet.terminals))
        return kept[1]

    def _rain(self, fleet: Fleet, time: float) -> tuple[Floats, Floats | None, Floats]:
        n = len(fleet)
        if self.weather is None:
            return np.full(n, DRY_PERCENT), None, np.zeros(n)
        lat, lon = fleet.lat_deg, fleet.lon_deg
        percent = self.weather.percent(lat, lon, time)
        ground = self.weather.percent(self.ground.lat_deg, self.ground.lon_deg, time)
        return percent, ground, rain_rate_exceeded_mm_h(lat, lon, percent)

    def _efficiencies(
        self,
        answer: Assignment,
        fleet: Fleet,
        sight: _Sight,
        climate: Climate,
        percent: Floats,
    ) -> tuple[Floats, Floats, Floats]:
        """Return bit/s/Hz up and down, and what rain takes down, dB; 0 where nobody serves."""
        n = len(fleet)
        up, down, fade = np.zeros(n), np.zeros(n), np.zeros(n)
        got = np.flatnonzero(answer.terminals.satellite >= 0)
        if got.size == 0:
            return up, down, fade
        dish = fleet.dish[got]
        catalogue = self.world.ephemeris.sky.catalogue
        generation = catalogue.generation[answer.terminals.satellite[got]]
        place = climate.take(got)
        elevation, azimuth = sight.elevation_deg[got], sight.azimuth_deg[got]
        wet = rain_fade_db(place, elevation, USER_DOWN_HZ, percent[got])
        fade[got] = wet
        air = clear_air_db(place, elevation, USER_DOWN_HZ)
        down[got] = self.links.user_down_bps_hz(
            generation, dish, sight.range_km[got], elevation, air + wet, azimuth
        )
        air = clear_air_db(place, elevation, USER_UP_HZ)
        wet = rain_fade_db(place, elevation, USER_UP_HZ, percent[got])
        up[got] = self.links.user_up_bps_hz(
            generation, dish, sight.range_km[got], elevation, air + wet, azimuth
        )
        return up, down, fade

    def _delays(
        self,
        answer: Assignment,
        names: tuple[str, ...],
        sight: _Sight,
        landed: Landed,
        load: Floats,
    ) -> tuple[Floats, Floats]:
        slots = np.full(len(names), answer.slot % 2**64, dtype=np.uint64)
        wait = scheduling_wait_s(self.model, self.world.options.seed, slots, name_keys(names))
        return delays_s(self.model, sight.range_km + landed.distance_km, wait, load)

    def _rates(
        self,
        answer: Assignment,
        fleet: Fleet,
        efficiencies: tuple[Floats, Floats],
        loads: tuple[Floats, Floats],
        landed: Landed,
    ) -> tuple[Floats, Floats]:
        """Return bit/s up and down; `efficiencies` and `loads` are up and down as well."""
        served = answer.terminals
        (up, down), (up_load, load) = efficiencies, loads
        up_hz, down_hz = self.widths_hz(
            load, up_load, served.granted, served.up_granted, fleet.contract
        )
        rate_up, rate_down = up * up_hz, down * down_hz
        # The satellite's users share what the gateway's antenna carries up to it.
        used = answer.used.sum(axis=1)[served.satellite] / UNITS_PER_BEAM * NOMINAL_BEAM_BPS
        with np.errstate(divide="ignore", invalid="ignore"):
            fed = np.where(used > 0.0, np.minimum(landed.feeder_bps / used, 1.0), 1.0)
        return rate_up, rate_down * fed

    def widths_hz(
        self, load: Floats, up_load: Floats, granted: Ints, up_granted: Ints, contract: Bools
    ) -> tuple[Floats, Floats]:
        """Return the bandwidth of terminals' links up and down, Hz, each (terminals,).

        It is a share of the frames that others leave, or the bought beam time if that is more:
        `contract` says who bought, `granted` and `up_granted` what, in units of beam time. A dish
        takes one polarisation of a beam at a time.
        """
        bought = contract & self.world.options.policy.contract
        return widths_hz(self.links, self.model, load, up_load, granted, up_granted, bought)

    def _exit_rate(self, answer: Assignment, landed: Landed) -> Floats:
        """Return how fast the last leg down to the gateway grows, km/s; 0 where none."""
        rate = np.zeros(len(landed.exit))
        got = np.flatnonzero(landed.exit >= 0)
        gateways = self.world.ephemeris.sky.gateways
        away = answer.sky.positions[landed.exit[got]] - gateways.positions[landed.gateway[got]]
        speed = answer.sky.velocities[landed.exit[got]]
        rate[got] = np.sum(away * speed, axis=1) / np.linalg.norm(away, axis=1)
        return rate


def _laser_rate(answer: Assignment, landed: Landed) -> Floats:
    """Return how fast the lasers on each way grow, together, km/s."""
    hops = [(t, *hop) for t, way in enumerate(landed.ways) for hop in pairwise(way)]
    rate = np.zeros(len(landed.ways))
    if hops:
        owner, one, other = np.array(hops).T
        away = answer.sky.positions[other] - answer.sky.positions[one]
        speed = answer.sky.velocities[other] - answer.sky.velocities[one]
        np.add.at(rate, owner, np.sum(away * speed, axis=1) / np.linalg.norm(away, axis=1))
    return rate


@dataclass(frozen=True, slots=True, eq=False)
class _Sight:
    """How terminals see the satellites that serve them; NaN where none does."""

    range_km: Floats
    elevation_deg: Floats
    azimuth_deg: Floats
    rate_km_s: Floats


def _sight(claims: Claims, positions: Floats, velocities: Floats, serving: Ints) -> _Sight:
    n = len(claims)
    out = _Sight(*(np.full(n, np.nan) for _ in range(4)))
    got = np.flatnonzero(serving >= 0)
    away = positions[serving[got]] - claims.positions[got]
    length = np.linalg.norm(away, axis=1)
    east, north, up = np.einsum("nij,nj->in", claims.frames[got], away) / length
    out.range_km[got] = length
    out.elevation_deg[got] = np.degrees(np.arcsin(np.clip(up, -1.0, 1.0)))
    out.azimuth_deg[got] = np.degrees(np.arctan2(east, north)) % 360.0
    out.rate_km_s[got] = np.sum(away * velocities[serving[got]], axis=1) / length
    return out


def _load(answer: Assignment, served: Served) -> Floats:
    """Return the share of the time of each terminal's beam that others are given."""
    rows, columns = served.satellite, served.channel
    others = answer.used[rows, columns] - served.granted
    return np.asarray(others / np.maximum(answer.room[rows, columns], 1))


def _up_load(answer: Assignment, served: Served) -> Floats:
    """Return the share of the uplink time of each terminal's satellite that others are given."""
    rows = served.satellite
    return np.asarray(
        (answer.up_used[rows] - served.up_granted) / np.maximum(answer.up_room[rows], 1)
    )


def _rounded(terminals: Sequence[Terminal]) -> tuple[tuple[float, float, float], ...]:
    step = _CLIMATE_STEP_DEG
    return tuple(
        (
            round(t.place.lat_deg / step) * step,
            round(t.place.lon_deg / step) * step,
            t.place.height_m,
        )
        for t in terminals
    )


def _climate(places: tuple[tuple[float, float, float], ...]) -> Climate:
    lat, lon, height = np.array(places, dtype=np.float64).reshape(-1, 3).T
    climate = climate_of(np.clip(lat, -90.0, 90.0), np.clip(lon, -180.0, 360.0), height)
    for frequency in (USER_DOWN_HZ, USER_UP_HZ):
        climate.zenith(frequency / 1e9)  # worked out once: what is taken from it keeps it
    return climate
