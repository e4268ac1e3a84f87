"""The six hours that are planned before a proof at sea, and the moments in them that are lived."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from baluardo.errors import StageError
from baluardo.fleet.contacts.making import ContactPlanner, Mission
from baluardo.fleet.contacts.plan import ContactPlan
from baluardo.fleet.landing.flows import rule_of
from baluardo.geo.subscribers import subscribers
from baluardo.scenario.missions import Missions
from baluardo.terms import SLOT_SECONDS, slot_start
from baluardo.twin.paths.disruptions import Disruption
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.near.sky import Cap, prepare
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.world import SlotOptions
from baluardo.twin.sky.landing import LandingRule
from baluardo.twin.sky.sky import Sky

HOURS: Final = 6.0
MARGIN_KM: Final = 60.0
BEFORE_SLOTS: Final = 2
AFTER_SLOTS: Final = 6
"""How long something has to be in view around a moment that is chosen."""
FLOWS: Final = {"frigate": "command", "helicopter": "crew"}
"""By site: the flow whose rule the dish keeps."""
PLATFORMS: Final = {"frigate": "Frigate", "helicopter": "Helicopter"}


@dataclass(frozen=True, slots=True, eq=False)
class SixHours:
    """The plans by site, and the same without any rule of landing."""

    missions: dict[str, Mission]
    plans: dict[str, ContactPlan]
    free: dict[str, ContactPlan]
    took_s: float
    """To plan both platforms; the sky was prepared before."""


def missions_of(missions: Missions, first_slot: int) -> dict[str, Mission]:
    """Return the missions of both platforms, by site, each under its flow's rule.

    StageError if the missions have not what is proved.
    """
    slots = round(HOURS * 3_600.0 / SLOT_SECONDS)
    found = {}
    for site, name in PLATFORMS.items():
        sailing = missions.sailing(name)
        flow = next((f for f in missions.flows if f.name == FLOWS[site]), None)
        if flow is None or flow.platform != name:
            raise StageError(f"{missions.source} has no flow {FLOWS[site]!r} of {name}.")
        platform = replace(sailing.platform, rule=rule_of(flow, sailing.platform))
        where = sailing.voyage(slot_start(first_slot)).whereabouts(first_slot, slots)
        found[site] = Mission(platform, where, first_slot)
    return found


def plan_six_hours(sky: Sky, missions: Mapping[str, Mission]) -> SixHours:
    """Prepare the sky around both platforms, with everybody else's load, and plan."""
    planner = planner_over(sky, missions)
    begin = time.perf_counter()
    plans = {site: planner.plan(each) for site, each in missions.items()}
    took = time.perf_counter() - begin
    free = {
        site: planner.plan(replace(each, platform=replace(each.platform, rule=LandingRule())))
        for site, each in missions.items()
    }
    return SixHours(dict(missions), plans, free, took)


def planner_over(
    sky: Sky,
    missions: Mapping[str, Mission],
    slots: range | None = None,
    disruptions: tuple[Disruption, ...] = (),
) -> ContactPlanner:
    """Return a planner over the missions' slots, or some of them, with what is out of order."""
    some = next(iter(missions.values()))
    slots = slots or range(some.first_slot, some.first_slot + len(some.where))
    lat = np.concatenate([m.where.lat_deg[::20] for m in missions.values()])
    lon = np.concatenate([m.where.lon_deg[::20] for m in missions.values()])
    near = prepare(
        ComputedEphemeris(sky),
        Cap.around(lat, lon, MARGIN_KM),
        slots.start,
        len(slots),
        SlotOptions(disruptions=disruptions),
        subscribers(),
    )
    return ContactPlanner(near)


def part_of(mission: Mission, slots: range) -> Mission:
    """Return some slots of a mission."""
    first = slots.start - mission.first_slot
    some = slice(first, first + len(slots))
    where = mission.where
    return replace(
        mission,
        where=replace(
            where,
            lat_deg=where.lat_deg[some],
            lon_deg=where.lon_deg[some],
            height_m=where.height_m[some],
            heading_deg=where.heading_deg[some],
            fix=where.fix[some],
        ),
        first_slot=slots.start,
    )


def largest_step(plan: ContactPlan, hours: tuple[float, float]) -> int:
    """Return the slot whose hand-over changes the delay most, within some hours of a plan."""
    low, high = (round(h * 3_600.0 / SLOT_SECONDS) for h in hours)
    trip = (plan.ways.delay_up_s + plan.ways.delay_down_s)[:, 0]
    steps = np.abs(np.diff(np.where(plan.reason == Reason.SERVED, trip, np.nan)))
    return plan.first_slot + low + 1 + int(np.nanargmax(steps[low:high]))


def forbidden_in_view(
    plan: ContactPlan, free: ContactPlan, point: str, hours: tuple[float, float]
) -> int:
    """Return a slot from which on a plan without rule lands at a point, and the plan does not.

    The two have the same satellites, so that what the free one uses is in view of the other.
    StageError where there is none.
    """
    low, high = (round(h * 3_600.0 / SLOT_SECONDS) for h in hours)
    names = [p.place.name for p in plan.sky.ground.points_of_presence]
    there = names.index(point)
    meets = (free.ways.point[:, 0] == there) & (plan.ways.point[:, 0] != there)
    meets &= free.ways.satellite[:, 0] == plan.ways.satellite[:, 0]
    for k in range(max(low, BEFORE_SLOTS), min(high, len(plan) - AFTER_SLOTS)):
        if meets[k - BEFORE_SLOTS : k + AFTER_SLOTS].all():
            return plan.first_slot + k
    raise StageError(f"In the plan nothing would ever land at {point}.")
