"""A track that was drawn: read, bounded, and planned over the prepared sky."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from baluardo.console.fleet_answers import MOST_WAY_POINTS, DraftAnswer, DraftAsked, LegAnswer
from baluardo.console.fleet_plans import MOST_HOURS, START_AHEAD_S, Held, speed_kn
from baluardo.console.fleet_told import plan_answer
from baluardo.errors import InvalidInputError
from baluardo.fleet.contacts.making import Mission
from baluardo.fleet.motion.voyage import (
    M_S_PER_KNOT,
    MEAN_EARTH_RADIUS_M,
    Voyage,
    WayPoint,
    bearing_deg,
)
from baluardo.fleet.platform import HANDLING, Platform, PlatformKind
from baluardo.foreign_input import quoted
from baluardo.terms import SLOT_SECONDS, slot_at
from baluardo.twin.paths.near.sky import Cap
from baluardo.twin.sky.landing import Ground, Lasers

DRAFT = "draft"
"""Name of a platform that is not there yet."""

MOST_HEIGHT_M = {
    PlatformKind.SHIP: 100.0,
    PlatformKind.HELICOPTER: 7_000.0,
    PlatformKind.AIRCRAFT: 20_000.0,
    PlatformKind.DRONE: 20_000.0,
}
"""Ours: of a dish above the sea; higher is a mistake."""

START_BEFORE_S = 900.0
"""A page that was left open for a while may still ask: its track then begins now."""

LEAST_SPAN_S = 900.0
"""Shorter tracks are planned for so long: the platform stays at their end."""


def read_draft(
    asked: DraftAsked, now: float, region: Cap, ground: Ground
) -> tuple[Platform, Voyage]:
    """Return the platform and its voyage. InvalidInputError says in a sentence what is wrong."""
    kind = PlatformKind(asked.kind)
    _check_numbers(asked, kind, now)
    if len(asked.waypoints) > MOST_WAY_POINTS:
        raise InvalidInputError(
            f"A track that is drawn has up to {MOST_WAY_POINTS} points, not {len(asked.waypoints)}."
        )
    points = tuple(
        WayPoint(lat, lon, asked.height_m, asked.speed_kn) for lat, lon in asked.waypoints
    )
    inside = region.holds(*np.array(asked.waypoints).T)
    if not inside.all():
        far = int(np.argmin(inside)) + 1
        raise InvalidInputError(
            f"Point {far} lies more than {region.radius_km:,.0f} km from "
            f"{region.lat_deg:.1f}, {region.lon_deg:.1f}: the sky is prepared only so far."
        )
    rule = ground.rule(
        asked.rule.gateways, tuple(asked.rule.not_in_countries), Lasers(asked.rule.lasers)
    )
    platform = Platform(name=DRAFT, kind=kind, rule=rule)
    voyage = Voyage(points, max(asked.start, now))
    return platform, voyage


def draft_answer(drawn: tuple[Platform, Voyage], held: Held) -> DraftAnswer:
    """Return the contacts of a track. InvalidInputError where the prepared sky does not hold it."""
    platform, voyage = drawn
    first = slot_at(voyage.start)
    last_moment = min(voyage.end, voyage.start + MOST_HOURS * 3_600.0)
    if len(voyage.way_points) == 1:
        last_moment = voyage.start + MOST_HOURS * 3_600.0
    wanted = max(last_moment, voyage.start + LEAST_SPAN_S)
    slots = math.ceil((wanted - voyage.start) / SLOT_SECONDS) + 1
    left = held.near.last_slot - first + 1
    if left < 1 or first < held.near.first_slot:
        raise InvalidInputError("The sky is not prepared for the start of the track; ask again.")
    plan = held.planner.plan(Mission(platform, voyage.whereabouts(first, min(slots, left)), first))
    told = plan_answer(DRAFT, plan, voyage.start, wanted, complete=held.loaded and slots <= left)
    return DraftAnswer(**told.model_dump(), legs=_legs(voyage), arrival=voyage.end)


def _check_numbers(asked: DraftAsked, kind: PlatformKind, now: float) -> None:
    numbers = (asked.speed_kn, asked.height_m, asked.start, *sum(asked.waypoints, ()))
    if not all(math.isfinite(value) for value in numbers):
        raise InvalidInputError("A track is made of finite numbers.")
    fastest = speed_kn(HANDLING[kind].most_speed_m_s)
    if not 0.1 <= asked.speed_kn <= fastest:
        raise InvalidInputError(
            f"Speed {asked.speed_kn:g} kn is not from 0.1 to {fastest:.0f} kn, which a {kind} goes."
        )
    if not 0.0 <= asked.height_m <= MOST_HEIGHT_M[kind]:
        raise InvalidInputError(
            f"Height {asked.height_m:g} m is not from 0 to {MOST_HEIGHT_M[kind]:,.0f} m ({kind})."
        )
    if not now - START_BEFORE_S <= asked.start <= now + START_AHEAD_S:
        raise InvalidInputError(
            f"The track begins neither now nor in the next {START_AHEAD_S / 3_600.0:g} hours."
        )
    for name in (*(asked.rule.gateways or ()), *asked.rule.not_in_countries):
        if len(name) > 64:
            raise InvalidInputError(f"{quoted(name)} is no name of a gateway or country.")


def _legs(voyage: Voyage) -> list[LegAnswer]:
    found, moment = [], voyage.start
    for one, other in pairwise(voyage.way_points):
        ends = [np.array([x]) for x in (one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)]
        length = _distance_m(one, other)
        took = length / (one.speed_kn * M_S_PER_KNOT)
        found.append(
            LegAnswer(
                start=moment,
                end=moment + took,
                length_m=length,
                course_deg=float(bearing_deg(*ends)[0]),
            )
        )
        moment += took
    return found


def _distance_m(one: WayPoint, other: WayPoint) -> float:
    """Return the great circle's length (haversine, exact for near ones)."""
    a, b = math.radians(one.lat_deg), math.radians(other.lat_deg)
    turn = math.radians(other.lon_deg - one.lon_deg)
    chord = math.sin((b - a) / 2.0) ** 2
    chord += math.cos(a) * math.cos(b) * math.sin(turn / 2.0) ** 2
    return 2.0 * MEAN_EARTH_RADIUS_M * math.asin(min(math.sqrt(chord), 1.0))
