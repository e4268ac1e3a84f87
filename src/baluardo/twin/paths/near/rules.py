"""Which gateways a mover may land at in each slot, and what landing at each costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from baluardo.geo.ellipsoid import EQUATORIAL_RADIUS_KM, places_earth_fixed
from baluardo.twin.paths.disruptions import Failed
from baluardo.twin.paths.near.search import (
    LASERS_ANY,
    LASERS_FORBIDDEN,
    LASERS_REQUIRED,
    NOBODY,
    GatewaysOfRules,
)
from baluardo.twin.sky.landing import LandingRule, Lasers
from baluardo.twin.sky.routes import Landings
from baluardo.twin.sky.sky import Sky

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

LASERS_OF = {
    Lasers.ANY: LASERS_ANY,
    Lasers.REQUIRED: LASERS_REQUIRED,
    Lasers.FORBIDDEN: LASERS_FORBIDDEN,
}


class SlotRules:
    """Which gateways may be landed at in which slot, and what that costs."""

    def __init__(
        self, sky: Sky, rule: LandingRule, positions: Floats, failed: list[Failed]
    ) -> None:
        """`positions`: of the mover, shape (slots, 3), km; `failed`: one for all slots, or each."""
        self._sky, self._rule = sky, rule
        self._each: dict[tuple[int, frozenset[str]], int] = {}
        self._light: list[Floats] = []
        self._homes: list[int] = []
        n = len(positions)
        of_slot = np.full(n, NOBODY, dtype=np.int64)
        if len(failed) == 1:
            failed = failed * n
        kinds = [(f.gateways, f.points_of_presence) for f in failed]
        for gateways, points in dict.fromkeys(kinds):
            rows = np.array([k == (gateways, points) for k in kinds])
            homes = sky.ground.home_points(positions, rule, points)
            for home in np.unique(homes[rows & (homes >= 0)]).tolist():
                of_slot[rows & (homes == home)] = self._row(home, gateways)
        self.of_slot = of_slot
        """Row of `GatewaysOfRules.light_km` of each slot; -1 where no point of presence is left."""

    def bar(self, slot: int, gateways: set[int]) -> None:
        """Bar gateways, by index, in one slot."""
        old = int(self.of_slot[slot])
        light = self._light[old].copy()
        light[list(gateways)] = np.inf
        self.of_slot[slot] = len(self._light)
        self._light.append(light)
        self._homes.append(self._homes[old])

    def points(self) -> Ints:
        """Return the point of presence of every slot, -1 for none."""
        homes = np.array([*self._homes, NOBODY], dtype=np.int32)
        return np.asarray(homes[self.of_slot])

    def ground(self) -> GatewaysOfRules:
        """Return gateways and costs as the loop takes them."""
        places = [p.place for p in self._sky.ground.points_of_presence]
        points = places_earth_fixed(places)[self._homes].reshape(-1, 3)
        light = np.array(self._light).reshape(-1, len(self._sky.ground.gateways))
        return gateways_of(self._sky, light, points, LASERS_OF[self._rule.lasers])

    def _row(self, home: int, failed: frozenset[str]) -> int:
        key = home, failed
        if key not in self._each:
            sky = self._sky
            names = frozenset(g.place.name for g in sky.ground.gateways)
            left = (names if self._rule.gateways is None else self._rule.gateways) - failed
            landings = Landings(
                sky.ground, replace(self._rule, gateways=left), sky.options.landing, home
            )
            self._each[key] = len(self._light)
            self._light.append(landings.fibre_light_km)
            self._homes.append(home)
        return self._each[key]


def gateways_of(sky: Sky, light_km: Floats, points: Floats, lasers: int) -> GatewaysOfRules:
    """Return a sky's gateways under rules that cost so much, with what lasers keep to."""
    options = sky.options.lasers
    return GatewaysOfRules(
        sky.gateways.positions,
        sky.gateways.frames,
        sky.gateways.min_sine,
        light_km,
        points,
        lasers,
        options.max_range_km,
        EQUATORIAL_RADIUS_KM + options.min_clearance_km,
    )
