"""Platforms and contact plans as the console answers them."""

from __future__ import annotations

import math

import numpy as np

from baluardo.console.fleet_answers import (
    BothLanguages,
    ContactAnswer,
    EllipseAnswer,
    GapAnswer,
    LandingAnswer,
    LandingState,
    PlanAnswer,
    PlatformAnswer,
    RuleAnswer,
    ServingAnswer,
)
from baluardo.console.fleet_members import Member, Now
from baluardo.console.fleet_observed import Observation
from baluardo.console.fleet_plans import MOST_HOURS
from baluardo.console.paths import REASONS
from baluardo.fleet.contacts.plan import Contact, ContactPlan, contacts, gaps
from baluardo.fleet.platform import PlatformKind
from baluardo.fleet.tracks.estimated import Estimate
from baluardo.terms import slot_at
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.sky.landing import LandingRule

SIDC = {
    PlatformKind.SHIP: "10033000001202000000",
    PlatformKind.HELICOPTER: "10030100001102000000",
    PlatformKind.AIRCRAFT: "10030100001101000000",
    PlatformKind.DRONE: "10030100001103000000",
}
"""APP-6D: friend; a surface combatant of the line, military rotary wing, fixed wing, unmanned."""

COURSE_STEP_S = 300.0
"""Between the points of a course ahead."""


def platform_answer(
    member: Member, moment: float, plan: ContactPlan | None, seen: Observation
) -> PlatformAnswer:
    """Return a platform at a moment; `plan` holds it, or is None while there is none.

    Where reports say it is, it is shown; what is ahead is the mission's.
    """
    now, estimate = member.course.now(moment), seen.estimate
    if estimate is not None:
        now = Now(estimate.lat_deg, estimate.lon_deg, estimate.course_deg, estimate.speed_m_s)
    ahead = [
        (there.lon_deg, there.lat_deg, t)
        for t in np.arange(moment, moment + MOST_HOURS * 3_600.0 + 1.0, COURSE_STEP_S).tolist()
        for there in (member.course.now(t),)
    ]
    return PlatformAnswer(
        id=member.id,
        name=BothLanguages(it=member.name.it, en=member.name.en),
        kind=member.platform.kind.value,
        sidc=SIDC[member.platform.kind],
        lat_deg=now.lat_deg,
        lon_deg=now.lon_deg,
        heading_deg=now.heading_deg,
        speed_m_s=now.speed_m_s,
        ellipse=None if estimate is None else _ellipse(estimate),
        doubt=None if seen.doubt is None else BothLanguages(it=seen.doubt.it, en=seen.doubt.en),
        ahead=ahead,
        serving=None if plan is None else _serving(plan, _row(plan, moment)),
        landing=_landing(member.platform.rule, plan, moment),
    )


def _ellipse(estimate: Estimate) -> EllipseAnswer:
    found = estimate.ellipse()
    return EllipseAnswer(
        major_m=round(found.semi_major_m, 1),
        minor_m=round(found.semi_minor_m, 1),
        azimuth_deg=round(found.azimuth_deg, 1),
        age_s=round(estimate.age_s, 1),
    )


def plan_answer(
    name: str, plan: ContactPlan, start: float, end: float, *, complete: bool
) -> PlanAnswer:
    """Return what a plan says of a span of time, POSIX seconds; it ends no later than the plan."""
    end = min(end, plan.end)
    without = gaps_within(plan, start, end)
    gone = sum(min(gap.end, end) - max(gap.start, start) for gap in without)
    return PlanAnswer(
        id=name,
        start=start,
        end=end,
        complete=complete,
        contacts=[_contact(c) for c in contacts(plan) if c.end > start and c.start < end],
        gaps=without,
        availability=min(max(1.0 - gone / (end - start), 0.0), 1.0),
    )


def gaps_within(plan: ContactPlan, start: float, end: float) -> list[GapAnswer]:
    """Return the gaps that reach into a span of time."""
    return [
        GapAnswer(start=gap.start, end=gap.end, reason=REASONS[gap.cause])
        for gap in gaps(plan)
        if gap.end > start and gap.start < end
    ]


def rule_answer(rule: LandingRule) -> RuleAnswer:
    """Return a rule, its names in their order."""
    return RuleAnswer(
        gateways=None if rule.gateways is None else sorted(rule.gateways),
        not_in_countries=sorted(rule.not_in_countries),
        lasers=rule.lasers.value,
    )


def _row(plan: ContactPlan, moment: float) -> int:
    return min(max(slot_at(moment) - plan.first_slot, 0), len(plan) - 1)


def _serving(plan: ContactPlan, row: int) -> ServingAnswer:
    ways, satellite = plan.ways, int(plan.ways.satellite[row, 0])
    served = plan.reason[row] == Reason.SERVED
    trip = float(ways.delay_up_s[row, 0] + ways.delay_down_s[row, 0]) * 1_000.0
    return ServingAnswer(
        reason=REASONS[int(plan.reason[row])],
        satellite=plan.sky.catalogue.names[satellite] if satellite >= 0 else None,
        round_trip_ms=_known(trip) if served else None,
        rate_down_bps=_known(float(ways.rate_down_bps[row, 0])) if served else None,
        rate_up_bps=_known(float(ways.rate_up_bps[row, 0])) if served else None,
    )


def _landing(rule: LandingRule, plan: ContactPlan | None, moment: float) -> LandingAnswer:
    state: LandingState | None = None
    gateway = point = None
    if plan is not None:
        row, ground = _row(plan, moment), plan.sky.ground
        reason = Reason(int(plan.reason[row]))
        if reason is Reason.NO_LANDING:
            state = "stopped"
        else:
            state = "free" if rule == LandingRule() else "held"
        if reason is Reason.SERVED:
            gateway = ground.gateways[int(plan.ways.gateway[row, 0])]
            point = ground.points_of_presence[int(plan.ways.point[row, 0])]
    return LandingAnswer(
        state=state,
        gateway=gateway.place.name if gateway else None,
        gateway_country=gateway.country if gateway else None,
        point=point.place.name if point else None,
        rule=rule_answer(rule),
    )


def _contact(contact: Contact) -> ContactAnswer:
    least, most = contact.round_trip_s
    return ContactAnswer(
        start=contact.start,
        end=contact.end,
        sigma_s=_known(contact.sigma_s),
        satellite=contact.satellite,
        number=contact.number,
        gateway=contact.gateway,
        gateway_country=contact.gateway_country,
        point=contact.point,
        lasers=contact.lasers,
        highest_deg=round(contact.highest_deg, 2),
        round_trip_ms=(round(least * 1_000.0, 3), round(most * 1_000.0, 3)),
        rate_down_bps=round(contact.rate_down_bps),
        rate_up_bps=round(contact.rate_up_bps),
        alternatives=list(contact.alternatives),
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
