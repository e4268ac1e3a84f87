"""A contact plan as values for JSON. Keys are added, never renamed, within a `format`.

| key | what |
|---|---|
| format | `baluardo-contact-plan/1` |
| platform | name, kind, dish, `rule` (gateways or null, not_in_countries, lasers), `priority` |
| levers | whose hand is on what: ours, contract, observed |
| start, end | of the plan, ISO 8601, UTC; `slots` of `slot_s` seconds |
| from, to | where the platform is in the first and the last slot: lat_deg, lon_deg, height_m |
| availability | share of the time with service, 0 to 1; `gap_s` the rest, seconds |
| contacts | start, end, `sigma_s` (deviation of both times by the age of the elements), |
| | satellite, number, gateway, gateway_country, point, point_country, lasers, highest_deg, |
| | round_trip_ms (least, most), rate_down_bps, rate_up_bps (least of a slot), alternatives |
| gaps | start, end, seconds, `sigma_s` (of the contacts beside it, or null), cause, words |
"""

from __future__ import annotations

import math
from typing import Any

from baluardo.fleet.contacts.causes import CAUSES, cause_name
from baluardo.fleet.contacts.moments import iso
from baluardo.fleet.contacts.plan import (
    Contact,
    ContactPlan,
    Gap,
    availability,
    contacts,
    gap_seconds,
    gaps,
)
from baluardo.terms import SLOT_SECONDS, Lever

FORMAT = "baluardo-contact-plan/1"

LEVERS = {
    "platform": Lever.OURS,
    "priority": Lever.CONTRACT,
    "rule": Lever.CONTRACT,
    "contacts": Lever.OBSERVED,
    "gaps": Lever.OBSERVED,
}


def as_json(plan: ContactPlan) -> dict[str, Any]:
    """Return a plan as dictionaries, lists, texts and finite numbers, as the module says."""
    platform = plan.platform
    rule = platform.rule
    found = contacts(plan)
    return {
        "format": FORMAT,
        "platform": {
            "name": platform.name,
            "kind": str(platform.kind),
            "dish": platform.dish.name.lower().replace("_", "-"),
            "priority": platform.contract,
            "rule": {
                "gateways": None if rule.gateways is None else sorted(rule.gateways),
                "not_in_countries": sorted(rule.not_in_countries),
                "lasers": rule.lasers.name.lower(),
            },
        },
        "levers": {key: str(lever) for key, lever in LEVERS.items()},
        "start": iso(plan.start),
        "end": iso(plan.end),
        "slots": len(plan),
        "slot_s": SLOT_SECONDS,
        "from": _place(plan, 0),
        "to": _place(plan, -1),
        "availability": round(availability(plan), 6) if len(plan) else None,
        "gap_s": round(gap_seconds(plan)),
        "contacts": [_contact(each) for each in found],
        "gaps": [_gap(each, found) for each in gaps(plan)],
    }


def _place(plan: ContactPlan, slot: int) -> dict[str, float] | None:
    if not len(plan):
        return None
    where = plan.where
    return {
        "lat_deg": round(float(where.lat_deg[slot]), 6),
        "lon_deg": round(float(where.lon_deg[slot]), 6),
        "height_m": round(float(where.height_m[slot]), 1),
    }


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "start": iso(contact.start),
        "end": iso(contact.end),
        "sigma_s": _rounded(contact.sigma_s, 3),
        "satellite": contact.satellite,
        "number": contact.number,
        "gateway": contact.gateway,
        "gateway_country": contact.gateway_country,
        "point": contact.point,
        "point_country": contact.point_country,
        "lasers": contact.lasers,
        "highest_deg": _rounded(contact.highest_deg, 2),
        "round_trip_ms": [_rounded(1e3 * each, 3) for each in contact.round_trip_s],
        "rate_down_bps": _rounded(contact.rate_down_bps),
        "rate_up_bps": _rounded(contact.rate_up_bps),
        "alternatives": list(contact.alternatives),
    }


def _gap(gap: Gap, found: list[Contact]) -> dict[str, Any]:
    beside = [c.sigma_s for c in found if gap.start == c.end or gap.end == c.start]
    return {
        "start": iso(gap.start),
        "end": iso(gap.end),
        "seconds": round(gap.end - gap.start),
        "sigma_s": _rounded(max(beside), 3) if beside else None,
        "cause": cause_name(gap.cause),
        "words": CAUSES[gap.cause].by_language(),
    }


def _rounded(value: float, digits: int | None = None) -> float | None:
    """Return a number as JSON may hold it: there is no NaN in JSON."""
    return round(value, digits) if math.isfinite(value) else None
