"""How the satellites of a slot reach the ground: gateways in view, rain over them, landing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import is_

import numpy as np
import numpy.typing as npt

from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.disruptions import Failed, working
from baluardo.twin.paths.ephemeris import SlotSky
from baluardo.twin.paths.landing_search import NOBODY, search, search_with_laser
from baluardo.twin.radio.attenuation import Climate, clear_air_db, climate_of, rain_fade_db
from baluardo.twin.radio.links import Links
from baluardo.twin.radio.radios import GATEWAY_DOWN_HZ, GATEWAY_UP_HZ
from baluardo.twin.sky.landing import LandingRule, Lasers
from baluardo.twin.sky.lasers import LaserState, links_at
from baluardo.twin.sky.routes import Landings, cheapest_exits
from baluardo.twin.sky.sky import Sky
from baluardo.twin.sky.visibility import Sightings, sightings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

DRY_PERCENT = 100.0
"""The share of the year in which it rains harder than now, where no rain is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Landed:
    """Where terminals' traffic lands, each (terminals,)."""

    distance_km: Floats
    """Kilometres of light from the serving satellite to the point of presence; infinite: none."""
    gateway: Ints
    point: Ints
    exit: Ints
    """Satellite over the gateway."""
    lasers: Ints
    ways: list[tuple[int, ...]]
    """Satellites from the serving one to the exit."""
    feeder_bps: Floats
    """What the antenna that feeds the exit satellite carries up, bit/s."""


@dataclass(frozen=True, slots=True, eq=False)
class _Homes:
    """Terminals grouped by landing rule and point of presence."""

    terminals: tuple[Terminal, ...]
    failed: frozenset[str]
    """Points of presence out of order."""
    groups: tuple[tuple[LandingRule, int], ...]
    group: npt.NDArray[np.int64]
    """Index into `groups`, -1 where no point is left; shape (terminals,)."""

    def is_of(self, terminals: Sequence[Terminal]) -> bool:
        """Tell whether these are the very terminals, which are values and never change."""
        return len(terminals) == len(self.terminals) and all(map(is_, terminals, self.terminals))


@dataclass(frozen=True, slots=True, eq=False)
class _Overhead:
    """What gateways see in a slot, and what of it they were found able to use."""

    seen: Sightings
    gateway: npt.NDArray[np.intp]
    """Of each sighting."""
    feeder_bps: Floats
    """Of each sighting, upwards: 0 where rain leaves no signal; infinite while not looked at."""
    known: Bools
    """Gateways that were looked at."""
    row_of: Ints
    """Of each gateway's sighting of each satellite, where there is one."""

    @classmethod
    def of(cls, seen: Sightings, satellites: int) -> _Overhead:
        """Begin a slot, with nothing looked at."""
        gateways = len(seen.starts) - 1
        gateway = np.repeat(np.arange(gateways), np.diff(seen.starts))
        row_of = np.empty((gateways, satellites), dtype=np.int32)
        row_of[gateway, seen.satellites] = np.arange(len(seen))
        known = np.zeros(gateways, dtype=np.bool_)
        return cls(seen, gateway, np.full(len(seen), np.inf), known, row_of)


class GroundLinks:
    """Gateways of a sky, prepared; `land` answers for one slot."""

    def __init__(self, sky: Sky, links: Links) -> None:
        """Read the gateways' climate."""
        self._sky, self._links = sky, links
        places = [g.place for g in sky.ground.gateways]
        self.lat_deg = np.array([p.lat_deg for p in places])
        self.lon_deg = np.array([p.lon_deg for p in places])
        self._climate: Climate = climate_of(
            self.lat_deg, self.lon_deg, np.array([p.height_m for p in places])
        )
        for frequency in (GATEWAY_UP_HZ, GATEWAY_DOWN_HZ):
            self._climate.zenith(frequency / 1e9)  # worked out once: what is taken from it keeps it
        self._landings = lru_cache(maxsize=256)(self._prepare)
        self._homes: _Homes | None = None
        self._likely = np.empty(0, dtype=np.int32)
        """Gateways of the slot before: looked at first, and all at once, which is faster."""

    def land(
        self,
        sky: SlotSky,
        terminals: Sequence[Terminal],
        positions: Floats,
        serving: Ints,
        failed: Failed,
        percent: Floats | None,
    ) -> Landed:
        """Return where each terminal's traffic lands in a slot.

        positions: of the terminals, shape (terminals, 3), km; serving: the satellite of each, -1
        for none; percent: the rain over each gateway as a share of the year, None where all are
        dry.
        """
        n = len(terminals)
        landed = Landed(
            distance_km=np.full(n, np.inf),
            gateway=np.full(n, NOBODY, dtype=np.int32),
            point=np.full(n, NOBODY, dtype=np.int32),
            exit=np.full(n, NOBODY, dtype=np.int32),
            lasers=np.zeros(n, dtype=np.int32),
            ways=[()] * n,
            feeder_bps=np.zeros(n),
        )
        at_work = working(sky.operational, self._sky.catalogue, failed)
        seen = sightings(self._sky.gateways, sky.positions, at_work)
        overhead = _Overhead.of(seen, len(at_work))
        lasers = links_at(
            self._sky.laser_plan(sky.slot), sky.positions, at_work, self._sky.options.lasers
        )
        self._look_at(self._likely, overhead, percent)
        homes = self._homes_of(terminals, positions, failed)
        for k, (rule, home) in enumerate(homes.groups):
            members = np.flatnonzero((homes.group == k) & (serving >= 0)).tolist()
            if members:
                landings = self._landings(rule, home, failed.gateways)
                self._land_group(
                    landed, landings, rule, home, members, serving, lasers, overhead, percent
                )
        self._likely = np.unique(landed.gateway[landed.gateway != NOBODY])
        return landed

    def _homes_of(self, terminals: Sequence[Terminal], positions: Floats, failed: Failed) -> _Homes:
        """Group terminals by their rule and their point of presence, if they have one.

        The point is the one that `Ground.home_points` gives. Kept while the terminals are the same.
        """
        points, kept = failed.points_of_presence, self._homes
        if kept is not None and kept.failed == points and kept.is_of(terminals):
            return kept
        rules: dict[LandingRule, list[int]] = {}
        for t, terminal in enumerate(terminals):
            rules.setdefault(terminal.rule, []).append(t)
        group = np.full(len(terminals), -1, dtype=np.int64)
        groups: dict[tuple[LandingRule, int], int] = {}
        for rule, members in rules.items():
            homes = self._sky.ground.home_points(positions[members], rule, points)
            for t, home in zip(members, homes.tolist(), strict=True):
                if home >= 0:
                    group[t] = groups.setdefault((rule, home), len(groups))
        self._homes = _Homes(tuple(terminals), points, tuple(groups), group)
        return self._homes

    def _land_group(
        self,
        landed: Landed,
        landings: Landings,
        rule: LandingRule,
        home: int,
        members: list[int],
        serving: Ints,
        lasers: LaserState,
        overhead: _Overhead,
        percent: Floats | None,
    ) -> None:
        """Land terminals of one rule and home.

        All gateways are taken to be fit for service at first. Those that are then used are looked
        at, and where one has no signal the search is made again without it: what is found is the
        same as if all had been looked at, and most never are.
        """
        seen, gateway = overhead.seen, overhead.gateway
        lengths = seen.range_km + landings.fibre_light_km[gateway]
        while True:
            costs = np.where(overhead.feeder_bps > 0.0, lengths, np.inf)
            exits = cheapest_exits(seen, gateway, costs, len(lasers.neighbours))
            found = _ways(rule, [int(serving[t]) for t in members], lasers, exits.costs)
            over = [way[-1] for _, way in found if way]
            used = exits.ends[over]
            self._look_at(np.unique(used), overhead, percent)
            if (overhead.feeder_bps[overhead.row_of[used, over]] > 0.0).all():
                break
        for t, (distance, way) in zip(members, found, strict=True):
            landed.distance_km[t], landed.ways[t] = distance, way
            if way:
                landed.exit[t], landed.lasers[t], landed.point[t] = way[-1], len(way) - 1, home
                landed.gateway[t] = exits.ends[way[-1]]
                row = overhead.row_of[landed.gateway[t], way[-1]]
                landed.feeder_bps[t] = overhead.feeder_bps[row]

    def _look_at(
        self, gateways: npt.NDArray[np.int32], overhead: _Overhead, percent: Floats | None
    ) -> None:
        """Find out what links of gateways carry."""
        new = gateways[~overhead.known[gateways]]
        if new.size == 0:
            return
        overhead.known[new] = True
        starts = overhead.seen.starts
        rows = np.concatenate([np.arange(starts[g], starts[g + 1]) for g in new])
        up, down = self._efficiencies(overhead, rows, percent)
        usable = (up > 0.0) & (down > 0.0)
        overhead.feeder_bps[rows] = np.where(usable, up * self._links.gateway_up_hz, 0.0)

    def _efficiencies(
        self, overhead: _Overhead, rows: npt.NDArray[np.int64], percent: Floats | None
    ) -> tuple[Floats, Floats]:
        """Return bit/s/Hz up and down of some of the gateways' sightings."""
        seen, gateway = overhead.seen, overhead.gateway[rows]
        climate = self._climate.take(gateway)
        generation = self._sky.catalogue.generation[seen.satellites[rows]]
        elevation_deg, range_km = seen.elevation_deg[rows], seen.range_km[rows]
        fades = []
        for frequency in (GATEWAY_UP_HZ, GATEWAY_DOWN_HZ):
            fade = clear_air_db(climate, elevation_deg, frequency)
            if percent is not None:
                fade = fade + rain_fade_db(
                    climate, elevation_deg, frequency, percent[gateway], diameter_m=1.5
                )
            fades.append(fade)
        return (
            self._links.gateway_up_bps_hz(generation, range_km, fades[0]),
            self._links.gateway_down_bps_hz(generation, range_km, fades[1]),
        )

    def _prepare(self, rule: LandingRule, home: int, failed: frozenset[str]) -> Landings:
        names = frozenset(g.place.name for g in self._sky.ground.gateways)
        left = (names if rule.gateways is None else rule.gateways) - failed
        return Landings(
            self._sky.ground, replace(rule, gateways=left), self._sky.options.landing, home
        )


def _ways(
    rule: LandingRule, satellites: list[int], lasers: LaserState, costs: Floats
) -> list[tuple[float, tuple[int, ...]]]:
    """Return distance and way of each serving satellite's landing."""
    neighbours = lasers.neighbours
    if rule.lasers is Lasers.REQUIRED:
        return [search_with_laser(neighbours, lasers.lengths, costs, s) for s in satellites]
    if rule.lasers is Lasers.FORBIDDEN:
        neighbours = np.full_like(neighbours, NOBODY)
    wanted = np.zeros(len(costs), dtype=np.bool_)
    wanted[satellites] = True
    every = search(neighbours, lasers.lengths, costs, wanted)
    return [(float(every.distance[s]), every.way(s)) for s in satellites]
