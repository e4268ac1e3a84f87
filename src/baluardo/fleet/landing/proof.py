"""The proof that a flow landed only where it may, second by second, and what that cost.

The planner keeps a flow's rule when it searches. The proof does not ask it: it goes through every
slot's way again, by the names and countries of what it touches and the hour's laser plan, and lists
whatever is against the rule. A landing changes only where a slot begins, so that what holds for a
slot holds for each of its seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.fleet.contacts.making import ContactPlanner, Mission
from baluardo.fleet.contacts.plan import ContactPlan
from baluardo.fleet.landing.flows import Flow, rule_of
from baluardo.terms import SLOT_SECONDS, slot_start
from baluardo.twin.paths.near.sky import NearSky
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.sky.landing import LandingRule, Lasers
from baluardo.twin.sky.lasers import PLAN_SLOTS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

NONE = -1


class State(IntEnum):
    """What becomes of a flow in a slot."""

    HELD = 0
    """It passes, and the rule is kept."""
    STOPPED = 1
    """It might pass, but nowhere that the rule allows: it is not sent."""
    OUT = 2
    """No satellite serves the platform, or its peer."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A slot in which a way is against the rule: there is none while planner and rule agree."""

    time: float
    """Start of the slot, POSIX seconds."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What a rule costs beside the same flow without any."""

    availability: float
    """Share of the time that the flow passes, 0 to 1."""
    free_availability: float
    delay_s: float
    """Median one way up, of the slots in which it passes; NaN where it never does."""
    added_s: tuple[float, float]
    """Median and 95th percentile of what the rule adds, over slots in which both pass."""


@dataclass(frozen=True, slots=True)
class Second:
    """One second of a flow."""

    time: float
    """POSIX seconds."""
    state: State
    why: Reason
    """Why nothing passes, where nothing does."""
    satellite: str | None
    lasers: int | None
    gateway: str | None
    gateway_country: str | None
    point: str | None
    point_country: str | None
    delay_s: float | None
    """One way up: from the platform to where it lands, or to its peer."""


@dataclass(frozen=True, slots=True, eq=False)
class FlowProof:
    """A flow over slots that follow each other; arrays (slots,)."""

    flow: Flow
    rule: LandingRule
    plan: ContactPlan
    """Under the flow's rule."""
    state: npt.NDArray[np.int8]
    delay_s: Floats
    lasers: Ints
    violations: tuple[Violation, ...]
    cost: Cost

    def seconds(self) -> Iterator[Second]:
        """Return every second in its order."""
        plan, ground, names = self.plan, self.plan.sky.ground, self.plan.sky.catalogue.names
        for k in range(len(plan)):
            state = State(int(self.state[k]))
            passes = state is State.HELD
            lands = passes and self.flow.to is None
            satellite = int(plan.ways.satellite[k, 0])
            gateway = ground.gateways[int(plan.ways.gateway[k, 0])] if lands else None
            point = ground.points_of_presence[int(plan.ways.point[k, 0])] if lands else None
            start = slot_start(plan.first_slot + k)
            for second in range(SLOT_SECONDS):
                late = float(plan.ways.drift[k, 0]) * second if lands else 0.0
                yield Second(
                    time=start + second,
                    state=state,
                    why=Reason(int(plan.reason[k])),
                    satellite=names[satellite] if satellite != NONE else None,
                    lasers=int(self.lasers[k]) if passes else None,
                    gateway=gateway.place.name if gateway else None,
                    gateway_country=gateway.country if gateway else None,
                    point=point.place.name if point else None,
                    point_country=point.country if point else None,
                    delay_s=float(self.delay_s[k]) + late if passes else None,
                )


def prove(planner: ContactPlanner, missions: list[Mission], flow: Flow) -> FlowProof:
    """Plan a flow under its rule and without any, and go through every slot of it.

    InvalidInputError where no mission is of the flow's platforms.
    """
    mine = _mission(missions, flow.platform)
    rule = rule_of(flow, mine.platform)
    ruled = planner.plan(replace(mine, platform=replace(mine.platform, rule=rule)))
    free = planner.plan(replace(mine, platform=replace(mine.platform, rule=LandingRule())))
    served = ruled.ways.satellite[:, 0] != NONE
    if flow.to is not None:
        peer = planner.plan(_mission(missions, flow.to))
        joined = planner.between(free, peer)
        delay, lasers = joined.delay_s, joined.lasers
        passes = np.isfinite(delay)
        served = served & (peer.ways.satellite[:, 0] != NONE)
        free_passes, free_delay = passes, delay
        violations = _peer_violations(planner.near, free, peer, joined.ways, passes)
    else:
        passes, delay = ruled.reason == Reason.SERVED, ruled.ways.delay_up_s[:, 0]
        lasers = ruled.ways.lasers[:, 0]
        free_passes, free_delay = free.reason == Reason.SERVED, free.ways.delay_up_s[:, 0]
        violations = _violations(planner.near, ruled, rule, passes)
    state = np.where(passes, State.HELD, np.where(served, State.STOPPED, State.OUT))
    return FlowProof(
        flow=flow,
        rule=rule,
        plan=ruled,
        state=state.astype(np.int8),
        delay_s=delay,
        lasers=lasers,
        violations=tuple(violations),
        cost=_cost(passes, delay, free_passes, free_delay),
    )


def _mission(missions: list[Mission], name: str) -> Mission:
    for each in missions:
        if each.platform.name == name:
            return each
    raise InvalidInputError(f"No mission is of {name!r}, which a flow begins or ends at.")


def _cost(
    passes: npt.NDArray[np.bool_],
    delay: Floats,
    free_passes: npt.NDArray[np.bool_],
    free_delay: Floats,
) -> Cost:
    both = passes & free_passes
    added = delay[both] - free_delay[both]
    return Cost(
        availability=float(passes.mean()),
        free_availability=float(free_passes.mean()),
        delay_s=float(np.median(delay[passes])) if passes.any() else float("nan"),
        added_s=(
            (float(np.median(added)), float(np.percentile(added, 95.0)))
            if both.any()
            else (float("nan"), float("nan"))
        ),
    )


def _violations(
    near: NearSky, plan: ContactPlan, rule: LandingRule, passes: npt.NDArray[np.bool_]
) -> Iterator[Violation]:
    """Go through every way to the ground, by names."""
    ground = plan.sky.ground
    for k in np.flatnonzero(passes).tolist():
        gateway = ground.gateways[int(plan.ways.gateway[k, 0])]
        point = ground.points_of_presence[int(plan.ways.point[k, 0])]
        way = [s for s in plan.satellites_of_ways[k, 0].tolist() if s != NONE]
        wrong = []
        if rule.gateways is not None and gateway.place.name not in rule.gateways:
            wrong.append(f"{gateway.place.name} is none of the gateways named")
        wrong += [
            f"{end.place.name} is in {end.country}"
            for end in (gateway, point)
            if end.country in rule.not_in_countries
        ]
        if rule.lasers is Lasers.REQUIRED and len(way) < 2:
            wrong.append("one satellite takes it up and lands it")
        if rule.lasers is Lasers.FORBIDDEN and len(way) > 1:
            wrong.append("lasers carry it")
        if not way or way[0] != int(plan.ways.satellite[k, 0]) or not _linked(near, plan, k, way):
            wrong.append("its way is no chain of lasers")
        for sentence in wrong:
            yield Violation(slot_start(plan.first_slot + k), sentence)


def _peer_violations(
    near: NearSky, one: ContactPlan, other: ContactPlan, ways: Ints, passes: npt.NDArray[np.bool_]
) -> Iterator[Violation]:
    """Go through every way between two platforms: from satellite to satellite, and no ground."""
    for k in np.flatnonzero(passes).tolist():
        way = [s for s in ways[k].tolist() if s != NONE]
        ends = int(one.ways.satellite[k, 0]), int(other.ways.satellite[k, 0])
        if not way or (way[0], way[-1]) != ends or not _linked(near, one, k, way):
            yield Violation(
                slot_start(one.first_slot + k), "its way is no chain of lasers between the two"
            )


def _linked(near: NearSky, plan: ContactPlan, k: int, way: list[int]) -> bool:
    """Tell whether each satellite of a way has a laser to the next in that hour's plan."""
    hour = (plan.first_slot + k) // PLAN_SLOTS - near.first_slot // PLAN_SLOTS
    return all(b in near.plans[hour][a] for a, b in pairwise(way))
