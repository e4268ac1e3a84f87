"""Contact plans: a platform, where it is, and a prepared sky in; what it gets slot by slot out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from baluardo.fleet.contacts.age import AgeModel, sigma_s
from baluardo.fleet.contacts.plan import ContactPlan, SlotWays
from baluardo.fleet.motion.seaway import obstructions
from baluardo.fleet.motion.whereabouts import Whereabouts
from baluardo.fleet.platform import Platform
from baluardo.twin.paths.near.mover import Mover
from baluardo.twin.paths.near.paths import NearPlanner
from baluardo.twin.paths.near.peers import PeerEnd, PeerPaths, between
from baluardo.twin.paths.near.sky import NearSky, slot_times
from baluardo.twin.paths.planner import Weather


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a plan is made under, besides the sky: *observed*, or assumed."""

    weather: Weather | None = None
    """None: dry."""
    sea_state: int = 0
    """Of the WMO's table; what flies does not feel it."""
    age: AgeModel = field(default_factory=AgeModel)


@dataclass(frozen=True, slots=True)
class Mission:
    """A platform and where it is in slots that follow each other."""

    platform: Platform
    where: Whereabouts
    first_slot: int


class ContactPlanner:
    """Makes plans over one prepared sky; any number of threads may ask."""

    def __init__(self, near: NearSky, conditions: Conditions | None = None) -> None:
        """Prepare links and gateways once for all platforms."""
        self.near = near
        self.conditions = conditions or Conditions()
        self._planner = NearPlanner(near, weather=self.conditions.weather)

    def plan(self, mission: Mission) -> ContactPlan:
        """Return a mission's contacts.

        InvalidInputError where the prepared sky does not hold the slots or the places.
        """
        platform, where, first = mission.platform, mission.where, mission.first_slot
        paths = self._planner.paths(_mover(platform, where, self.conditions.sea_state), first)
        sky = self.near.sky
        return ContactPlan(
            platform=platform,
            sky=sky,
            first_slot=first,
            where=where,
            ways=SlotWays(
                **{name: getattr(paths, name) for name in SlotWays.__dataclass_fields__},
            ),
            satellites_of_ways=paths.ways,
            sight_km_s=paths.sight_km_s[:, 0],
            rate_up_alone_bps=paths.rate_up_alone_bps,
            rate_down_alone_bps=paths.rate_down_alone_bps,
            reason=paths.reason,
            in_view=paths.in_view,
            rain_mm_h=paths.rain_mm_h,
            sigma_s=sigma_s(
                sky.catalogue,
                paths.satellite[:, 0],
                slot_times(first, len(where)),
                self.conditions.age,
            ),
        )

    def between(self, one: ContactPlan, other: ContactPlan) -> PeerPaths:
        """Return what goes from one platform to another by lasers alone, (slots,).

        InvalidInputError where the two plans are not of the same slots.
        """
        return between(self._planner, _end(one), _end(other))

    def plans(self, missions: Sequence[Mission], threads: int | None = None) -> list[ContactPlan]:
        """Return the plans of many missions, made side by side, in their order."""
        with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
            return list(pool.map(self.plan, missions))


def first_and_count(missions: Iterable[Mission]) -> tuple[int, int]:
    """Return the first slot of several missions and how many slots hold them all."""
    spans = [(m.first_slot, m.first_slot + len(m.where)) for m in missions]
    first = min(a for a, _ in spans)
    return first, max(b for _, b in spans) - first


def _end(plan: ContactPlan) -> PeerEnd:
    return PeerEnd(
        name=plan.platform.name,
        first_slot=plan.first_slot,
        satellite=plan.ways.satellite[:, 0],
        range_km=plan.ways.range_km[:, 0],
        sight_km_s=plan.sight_km_s,
        rate_up_bps=plan.rate_up_alone_bps,
        rate_down_bps=plan.rate_down_alone_bps,
    )


def _mover(platform: Platform, where: Whereabouts, sea_state: int) -> Mover:
    return Mover(
        name=platform.name,
        lat_deg=where.lat_deg,
        lon_deg=where.lon_deg,
        height_m=where.height_m,
        heading_deg=where.heading_deg,
        fix=np.asarray(where.fix, dtype=np.bool_),
        dish=platform.dish,
        min_elevation_deg=platform.min_elevation_deg,
        gso_avoidance_deg=platform.gso_avoidance_deg,
        obstructions=obstructions(platform, sea_state),
        rule=platform.rule,
        down_bps=platform.down_bps,
        up_bps=platform.up_bps,
        contract=platform.contract,
    )
