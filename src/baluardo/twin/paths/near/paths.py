"""One platform's paths in many slots, from a prepared sky: the numbers of `planner`, at once.

Differences to the slot-by-slot planner, all small (docs/limits.md): the state's other platforms do
not compete, commercial users are those without the platform, and a gateway that rain silences is
left for the whole slot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import earth_fixed, local_frames
from baluardo.terms import SPEED_OF_LIGHT_KM_S
from baluardo.twin.paths.beams import NOMINAL_BEAM_BPS, UNITS_PER_BEAM
from baluardo.twin.paths.choice import mixed_pairs
from baluardo.twin.paths.claims import name_keys
from baluardo.twin.paths.disruptions import Failed, failed_in
from baluardo.twin.paths.ground import DRY_PERCENT
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.near.arrays import clear, held, room_for
from baluardo.twin.paths.near.loop import NOBODY, Asker, Taste, Told, follow
from baluardo.twin.paths.near.mover import Mover, channels_of, climates_along, rows_of
from baluardo.twin.paths.near.rules import SlotRules
from baluardo.twin.paths.near.sky import NearSky, slot_times
from baluardo.twin.paths.planner import Weather
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.shares import delays_s, scheduling_wait_s, widths_hz
from baluardo.twin.radio.attenuation import clear_air_db, climate_of, rain_fade_db
from baluardo.twin.radio.climate import rain_rate_exceeded_mm_h
from baluardo.twin.radio.links import Links
from baluardo.twin.radio.radios import (
    GATEWAY_DOWN_HZ,
    GATEWAY_UP_HZ,
    USER_DOWN_HZ,
    USER_UP_HZ,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

GATEWAY_DISH_M = 1.5
"""As in `paths.ground`."""


@dataclass(frozen=True, slots=True, eq=False)
class NearPaths:
    """What a mover gets; arrays (slots, WAYS) where not said otherwise, column 0 the way taken.

    -1 or NaN where there is no such way; a way without landing has a satellite and no gateway.
    """

    first_slot: int
    reason: npt.NDArray[np.int8]
    """Shape (slots,)."""
    in_view: Ints
    """Shape (slots,)."""
    satellite: Ints
    gateway: Ints
    point: Ints
    exit: Ints
    lasers: Ints
    ways: Ints
    """Shape (slots, WAYS, MOST_STEPS)."""
    elevation_deg: Floats
    azimuth_deg: Floats
    range_km: Floats
    sight_km_s: Floats
    """How fast the serving satellite moves away."""
    delay_up_s: Floats
    delay_down_s: Floats
    drift: Floats
    rate_up_bps: Floats
    rate_down_bps: Floats
    rate_up_alone_bps: Floats
    """Shape (slots,): of the way that is taken to its satellite, wherever it goes from there."""
    rate_down_alone_bps: Floats
    """Shape (slots,): likewise from the satellite."""
    load: Floats
    """NaN where it is not known."""
    rain_mm_h: Floats
    """Shape (slots,)."""


class NearPlanner:
    """Plans movers one at a time over a prepared sky."""

    def __init__(
        self,
        near: NearSky,
        *,
        model: PathModel | None = None,
        weather: Weather | None = None,
    ) -> None:
        """Prepare links and gateways; without weather all is dry."""
        self.near = near
        self.model = model or PathModel()
        self.weather = weather
        sky = near.sky
        self._links = Links(near.options.radios)
        self.held = held(near, self._links)
        self._places = [g.place for g in sky.ground.gateways]
        self._gateway_lat, self._gateway_lon, height = (
            np.array([getattr(p, name) for p in self._places])
            for name in ("lat_deg", "lon_deg", "height_m")
        )
        self._gateway_climate = climate_of(self._gateway_lat, self._gateway_lon, height)

    def paths(self, mover: Mover, first_slot: int) -> NearPaths:
        """Return a mover's paths; its first entry is of `first_slot`.

        InvalidInputError where the prepared sky does not hold the slots or the places.
        """
        near = self.near
        self._check(mover, first_slot)
        n = len(mover)
        positions = earth_fixed(mover.lat_deg, mover.lon_deg, mover.height_m)
        frames = local_frames(mover.lat_deg, mover.lon_deg)
        slots = np.arange(first_slot, first_slot + n, dtype=np.int64).astype(np.uint64)
        failed = (
            [failed_in(near.options.disruptions, first_slot + k) for k in range(n)]
            if (near.options.disruptions)
            else [Failed()]
        )
        rules = SlotRules(near.sky, mover.rule, positions, failed)
        units, up_units = mover.units()
        bought = mover.contract and near.options.policy.contract
        mute = np.array([mover.name in f.fixes for f in failed])
        asker = Asker(
            key=name_keys((mover.name,))[0],
            seeds=mixed_pairs(np.full(n, near.options.seed, np.uint64), slots),
            lat_deg=mover.lat_deg,
            positions=positions,
            frames=frames,
            min_sine=float(np.sin(np.radians(mover.min_elevation_deg))),
            gso_deg=mover.gso_avoidance_deg,
            obstructions=rows_of(mover.obstructions),
            heading=np.radians(mover.heading_deg),
            channel=channels_of(mover),
            units=units,
            up_units=up_units,
            bought=bought,
            fix=np.asarray(mover.fix & ~mute),
            landing=rules.of_slot,
        )
        self._check_gateways(mover, rules)
        percent, rain = self._rain(mover, first_slot)
        told = room_for(n)
        first = first_slot - near.first_slot
        weights = near.options.policy.weights
        taste = Taste(weights.sine, weights.poleward, weights.sunlit, weights.newer, weights.noise)
        wanted: Bools = np.ones(n, dtype=np.bool_)
        while wanted.any():
            follow(self.held, asker, taste, rules.ground(), first, wanted, told)
            feeder = self._feeders(told, first_slot)
            # A gateway that rain silences is barred, and those slots are planned without it.
            silent = (told.gateway >= 0) & (feeder <= 0.0)
            wanted = np.asarray(silent.any(axis=1))
            for k in np.flatnonzero(wanted).tolist():
                rules.bar(k, {int(g) for g in told.gateway[k][silent[k]]})
            clear(told, wanted)
        return self._describe(mover, first_slot, told, rules, feeder, percent, rain, bought)

    def _check(self, mover: Mover, first_slot: int) -> None:
        near = self.near
        near.check(first_slot, len(mover))
        if not near.cap.holds(mover.lat_deg, mover.lon_deg).all():
            raise InvalidInputError(
                f"{mover.name} leaves the prepared region, {near.cap.radius_km:g} km around "
                f"{near.cap.lat_deg:g}, {near.cap.lon_deg:g}."
            )
        if mover.min_elevation_deg < near.least_elevation_deg:
            raise InvalidInputError(
                f"{mover.name} looks {mover.min_elevation_deg:g} degrees low; the sky is prepared "
                f"for {near.least_elevation_deg:g} and more."
            )

    def _check_gateways(self, mover: Mover, rules: SlotRules) -> None:
        """Refuse a rule whose gateways are all beyond what was prepared: nothing would land."""
        light = rules.ground().light_km
        allowed = np.isfinite(light).any(axis=0)
        if allowed.any() and not (allowed & self.near.holds_gateways()).any():
            names = ", ".join(self._places[g].name for g in np.flatnonzero(allowed)[:4])
            raise InvalidInputError(
                f"{mover.name} may land at {names} alone, which are too far from the prepared "
                "region: prepare a larger one."
            )

    def _rain(self, mover: Mover, first_slot: int) -> tuple[Floats, Floats]:
        """Return the share of the year with harder rain, per cent, and rates, each (slots,)."""
        n = len(mover)
        if self.weather is None:
            return np.full(n, DRY_PERCENT), np.zeros(n)
        lat, lon = mover.lat_deg, mover.lon_deg
        percent = np.array(
            [
                self.weather.percent(lat[k : k + 1], lon[k : k + 1], time)[0]
                for k, time in enumerate(slot_times(first_slot, n).tolist())
            ]
        )
        return percent, rain_rate_exceeded_mm_h(lat, lon, percent)

    def _feeders(self, told: Told, first_slot: int) -> Floats:
        """Return what the antenna over each way's exit carries up, bit/s, (slots, WAYS); or NaN."""
        out = np.full(told.gateway.shape, np.nan)
        got = told.gateway >= 0
        gateway = told.gateway[got]
        climate = self._gateway_climate.take(gateway)
        generation = self.near.sky.catalogue.generation[told.exit[got]]
        elevation = np.degrees(np.arcsin(np.clip(told.exit_sine[got], -1.0, 1.0)))
        fades = []
        percent = self._percent_over_gateways(np.nonzero(got)[0], gateway, first_slot)
        for frequency in (GATEWAY_UP_HZ, GATEWAY_DOWN_HZ):
            fade = clear_air_db(climate, elevation, frequency)
            if percent is not None:
                fade = fade + rain_fade_db(
                    climate, elevation, frequency, percent, diameter_m=GATEWAY_DISH_M
                )
            fades.append(fade)
        links, length = self._links, told.exit_range_km[got]
        up = links.gateway_up_bps_hz(generation, length, fades[0])
        down = links.gateway_down_bps_hz(generation, length, fades[1])
        out[got] = np.where((up > 0.0) & (down > 0.0), up * links.gateway_up_hz, 0.0)
        return out

    def _percent_over_gateways(
        self, rows: npt.NDArray[np.int64], gateway: Ints, first_slot: int
    ) -> Floats | None:
        if self.weather is None:
            return None
        percent = np.empty(len(rows))
        order = np.argsort(rows, kind="stable")
        times, starts = np.unique(rows[order], return_index=True)
        for some, row in zip(np.split(order, starts[1:]), times.tolist(), strict=True):
            over = gateway[some]
            time = float(slot_times(first_slot + row, 1)[0])
            percent[some] = self.weather.percent(
                self._gateway_lat[over], self._gateway_lon[over], time
            )
        return percent

    def _describe(
        self,
        mover: Mover,
        first_slot: int,
        told: Told,
        rules: SlotRules,
        feeder: Floats,
        percent: Floats,
        rain: Floats,
        bought: bool,
    ) -> NearPaths:
        near, model, shape = self.near, self.model, told.satellite.shape
        got = told.satellite >= 0
        landed = told.gateway >= 0
        elevation = np.full(shape, np.nan)
        elevation[got] = np.degrees(np.arcsin(np.clip(told.sine[got], -1.0, 1.0)))
        azimuth = np.where(got, np.degrees(told.azimuth), np.nan)
        up, down = self._efficiencies(mover, told, elevation, azimuth, percent)
        loads, granted = self._shares(mover, told, bought)
        load, up_load, used = loads
        up_hz, down_hz = widths_hz(
            self._links,
            model,
            np.nan_to_num(load),
            np.nan_to_num(up_load),
            granted[0],
            granted[1],
            np.full(shape, bought),
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            fed = np.where(used > 0.0, np.minimum(feeder / used, 1.0), 1.0)
        fine = landed & (up > 0.0) & (down > 0.0)
        reason = told.reason.copy()
        reason[landed[:, 0] & ~fine[:, 0]] = Reason.FADED
        slots = np.arange(first_slot, first_slot + shape[0]).astype(np.uint64)
        wait = scheduling_wait_s(
            model, near.options.seed, slots, np.repeat(name_keys((mover.name,)), shape[0])
        )
        queued = np.zeros(shape) if bought else np.nan_to_num(load)
        delay_up, delay_down = delays_s(
            model, told.range_km + told.distance_km, wait[:, None], queued
        )
        growth = told.growth_km_s + told.sight_km_s
        return NearPaths(
            first_slot=first_slot,
            reason=reason,
            in_view=told.in_view,
            satellite=told.satellite,
            gateway=np.where(landed, told.gateway, NOBODY).astype(np.int32),
            point=np.where(landed, rules.points()[:, None], NOBODY).astype(np.int32),
            exit=told.exit,
            lasers=told.lasers,
            ways=told.ways,
            elevation_deg=elevation,
            azimuth_deg=azimuth,
            range_km=np.where(got, told.range_km, np.nan),
            sight_km_s=told.sight_km_s,
            delay_up_s=np.where(fine, delay_up, np.inf),
            delay_down_s=np.where(fine, delay_down, np.inf),
            drift=np.where(fine, growth / SPEED_OF_LIGHT_KM_S, 0.0),
            rate_up_bps=np.where(fine, up * up_hz, 0.0),
            rate_down_bps=np.where(fine, down * down_hz * fed, 0.0),
            rate_up_alone_bps=(up * up_hz)[:, 0],
            rate_down_alone_bps=(down * down_hz)[:, 0],
            load=load,
            rain_mm_h=rain,
        )

    def _efficiencies(
        self, mover: Mover, told: Told, elevation: Floats, azimuth: Floats, percent: Floats
    ) -> tuple[Floats, Floats]:
        """Return bit/s/Hz up and down, (slots, WAYS); 0 where there is no satellite."""
        got = told.satellite >= 0
        up, down = np.zeros(got.shape), np.zeros(got.shape)
        slot = np.nonzero(got)[0]
        if slot.size == 0:
            return up, down
        climate, row = climates_along(mover)
        place = climate.take(row[slot])
        generation = self.near.sky.catalogue.generation[told.satellite[got]]
        high, turn, length = elevation[got], azimuth[got], told.range_km[got]
        for out, frequency, efficiency in (
            (down, USER_DOWN_HZ, self._links.user_down_bps_hz),
            (up, USER_UP_HZ, self._links.user_up_bps_hz),
        ):
            fade = clear_air_db(place, high, frequency)
            if self.weather is not None:
                fade = fade + rain_fade_db(place, high, frequency, percent[slot])
            out[got] = efficiency(generation, int(mover.dish), length, high, fade, turn)
        return up, down

    def _shares(
        self, mover: Mover, told: Told, bought: bool
    ) -> tuple[tuple[Floats, Floats, Floats], tuple[Ints, Ints]]:
        """Return loads (of the channel, upwards, of the feed in bit/s) and what is granted."""
        got = told.satellite >= 0
        shape = got.shape
        satellite = np.where(got, told.satellite, 0)
        channel = np.broadcast_to(channels_of(mover)[:, None], shape)
        rooms = np.maximum(self.held.room[satellite, channel], 1)
        up_rooms = np.maximum(self.held.up_room[satellite], 1)
        units, up_units = mover.units()
        known = got & (told.others >= 0)
        others, up_others = np.where(known, told.others, 0), np.where(known, told.up_others, 0)
        granted = np.minimum(units, rooms - (0 if bought else others))
        up_granted = np.minimum(up_units, up_rooms - (0 if bought else up_others))
        load = np.where(known, np.minimum(others, rooms - granted) / rooms, np.nan)
        up_load = np.where(known, np.minimum(up_others, up_rooms - up_granted) / up_rooms, np.nan)
        used = np.where(known, told.used, 0) + granted
        feed = used / UNITS_PER_BEAM * NOMINAL_BEAM_BPS
        return (load, up_load, feed), (granted.astype(np.int32), up_granted.astype(np.int32))
