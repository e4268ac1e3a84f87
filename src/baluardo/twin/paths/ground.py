"""How the satellites of a slot reach the ground: gateways in view, rain over them, landing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.disruptions import Failed
from baluardo.twin.paths.ephemeris import SlotSky
from baluardo.twin.paths.landing_search import NOBODY, search, search_with_laser
from baluardo.twin.radio.attenuation import Climate, clear_air_db, climate_of, rain_fade_db
from baluardo.twin.radio.links import Links
from baluardo.twin.radio.radios import GATEWAY_DOWN_HZ, GATEWAY_UP_HZ
from baluardo.twin.sky.landing import Ground, LandingRule, Lasers
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
    feeder_bps: Floats
    """What the antenna that feeds the exit satellite carries up, bit/s."""


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
        ground = self._sky.ground
        _check_names(failed, ground)
        n = len(terminals)
        landed = Landed(
            distance_km=np.full(n, np.inf),
            gateway=np.full(n, NOBODY, dtype=np.int32),
            point=np.full(n, NOBODY, dtype=np.int32),
            exit=np.full(n, NOBODY, dtype=np.int32),
            lasers=np.zeros(n, dtype=np.int32),
            feeder_bps=np.zeros(n),
        )
        working = _working(sky, self._sky, failed)
        seen = sightings(self._sky.gateways, sky.positions, working)
        gateway = np.repeat(np.arange(len(self.lat_deg)), np.diff(seen.starts))
        up, down = self._efficiencies(seen, gateway, percent)
        usable = (up > 0.0) & (down > 0.0)
        lasers = links_at(
            self._sky.laser_plan(sky.slot), sky.positions, working, self._sky.options.lasers
        )
        row_of = np.empty((len(self.lat_deg), len(working)), dtype=np.int32)
        row_of[gateway, seen.satellites] = np.arange(len(gateway))
        for (rule, home), members in self._by_home(terminals, positions, serving, failed).items():
            landings = self._landings(rule, home, failed.gateways)
            costs = np.where(usable, seen.range_km + landings.fibre_light_km[gateway], np.inf)
            exits = cheapest_exits(seen, gateway, costs, len(working))
            self._land_group(landed, rule, home, members, serving, lasers, exits.costs)
            for t in members:
                over = int(landed.exit[t])
                if over != NOBODY:
                    landed.gateway[t] = exits.ends[over]
                    k = row_of[exits.ends[over], over]
                    landed.feeder_bps[t] = up[k] * self._links.gateway_up_hz
        return landed

    def _by_home(
        self, terminals: Sequence[Terminal], positions: Floats, serving: Ints, failed: Failed
    ) -> dict[tuple[LandingRule, int], list[int]]:
        """Group those that are served by their rule and their point of presence, if they have one.

        The point is the one that `Ground.home_points` gives.
        """
        rules: dict[LandingRule, list[int]] = {}
        for t, terminal in enumerate(terminals):
            if serving[t] >= 0:
                rules.setdefault(terminal.rule, []).append(t)
        groups: dict[tuple[LandingRule, int], list[int]] = {}
        for rule, members in rules.items():
            homes = self._sky.ground.home_points(
                positions[members], rule, failed.points_of_presence
            )
            for t, home in zip(members, homes.tolist(), strict=True):
                if home >= 0:
                    groups.setdefault((rule, home), []).append(t)
        return groups

    def _land_group(
        self,
        landed: Landed,
        rule: LandingRule,
        home: int,
        members: list[int],
        serving: Ints,
        lasers: LaserState,
        costs: Floats,
    ) -> None:
        mine = np.array(members)
        if rule.lasers is Lasers.REQUIRED:
            for t in members:
                found = search_with_laser(lasers.neighbours, lasers.lengths, costs, int(serving[t]))
                landed.distance_km[t], landed.exit[t], landed.lasers[t] = found
        else:
            neighbours = lasers.neighbours
            if rule.lasers is Lasers.FORBIDDEN:
                neighbours = np.full_like(neighbours, NOBODY)
            wanted = np.zeros(len(costs), dtype=np.bool_)
            wanted[serving[mine]] = True
            every = search(neighbours, lasers.lengths, costs, wanted)
            landed.distance_km[mine] = every.distance[serving[mine]]
            landed.exit[mine] = every.exit[serving[mine]]
            landed.lasers[mine] = every.lasers[serving[mine]]
        landed.point[mine[landed.exit[mine] != NOBODY]] = home

    def _efficiencies(
        self, seen: Sightings, gateway: npt.NDArray[np.intp], percent: Floats | None
    ) -> tuple[Floats, Floats]:
        """Return bit/s/Hz up and down of every gateway's every sighting."""
        climate = self._climate.take(gateway)
        generation = self._sky.catalogue.generation[seen.satellites]
        fades = []
        for frequency in (GATEWAY_UP_HZ, GATEWAY_DOWN_HZ):
            fade = clear_air_db(climate, seen.elevation_deg, frequency)
            if percent is not None:
                fade = fade + rain_fade_db(
                    climate, seen.elevation_deg, frequency, percent[gateway], diameter_m=1.5
                )
            fades.append(fade)
        return (
            self._links.gateway_up_bps_hz(generation, seen.range_km, fades[0]),
            self._links.gateway_down_bps_hz(generation, seen.range_km, fades[1]),
        )

    def _prepare(self, rule: LandingRule, home: int, failed: frozenset[str]) -> Landings:
        names = frozenset(g.place.name for g in self._sky.ground.gateways)
        left = (names if rule.gateways is None else rule.gateways) - failed
        return Landings(
            self._sky.ground, replace(rule, gateways=left), self._sky.options.landing, home
        )


def _working(sky: SlotSky, whole: Sky, failed: Failed) -> Bools:
    working = sky.operational.copy()
    for number in failed.satellites:
        working[whole.catalogue.index_of(number)] = False
    for name in failed.shells:
        working &= whole.catalogue.shell != whole.catalogue.shell_names.index(name)
    return working


def _check_names(failed: Failed, ground: Ground) -> None:
    for what, names, known in (
        ("gateway", failed.gateways, {g.place.name for g in ground.gateways}),
        (
            "point of presence",
            failed.points_of_presence,
            {p.place.name for p in ground.points_of_presence},
        ),
    ):
        for name in sorted(names - known):
            raise InvalidInputError(
                f"No {what} is called {name!r}. Known: {', '.join(sorted(known))}."
            )
