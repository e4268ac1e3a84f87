"""Areas without a position: who is not served there, and what a plan shows of it."""

import numpy as np
import pytest
from fleet_ground import SLOTS, mission, planner_of

from baluardo.errors import InvalidInputError
from baluardo.fleet.contacts.making import Mission
from baluardo.fleet.contacts.plan import availability, gaps
from baluardo.fleet.motion.circle import Circle
from baluardo.fleet.motion.jammed import JammedArea, jam
from baluardo.terms import slot_start
from baluardo.twin.paths.rounds import Reason


def test_inside_and_outside_and_only_then():
    area = JammedArea("east", Circle(35.0, 33.0, 100.0), 1_000.0, 2_000.0)
    lat = np.array([35.0, 35.89, 35.91, 35.0, 35.0, 35.0])
    times = np.array([1_500.0, 1_500.0, 1_500.0, 999.0, 1_000.0, 2_000.0])
    found = area.holds(lat, np.full(6, 33.0), times)
    assert found.tolist() == [True, True, False, False, True, False]


def test_across_the_antimeridian_it_is_one_circle():
    area = JammedArea("far", Circle(0.0, 179.9, 50.0))
    assert area.holds(np.zeros(2), np.array([-179.9, 179.0]), np.zeros(2)).tolist() == [True, False]


def test_a_plan_shows_what_a_jammed_area_takes(default_catalogue):
    planner = planner_of(default_catalogue)
    free = mission(planner)
    first = planner.near.first_slot
    circle = Circle(37.0, 17.0, 30.0)
    area = JammedArea("jammer", circle, slot_start(first + 10), slot_start(first + 15))
    jammed = Mission(free.platform, jam(free.where, first, [area]), first)
    plan = planner.plan(jammed)
    found = gaps(plan)
    assert [(g.start, g.end, g.cause) for g in found] == [
        (slot_start(first + 10), slot_start(first + 15), Reason.NO_FIX)
    ]
    assert availability(plan) == pytest.approx(1.0 - 5 / SLOTS)
    assert availability(planner.plan(free)) == 1.0
    assert free.where.fix.all()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"radius_km": 0.0}, "radius_km"),
        ({"lat_deg": 95.0}, "lat_deg"),
        ({"radius_km": float("nan")}, "radius_km"),
    ],
)
def test_circles_that_are_none_are_refused(more, words):
    with pytest.raises(InvalidInputError, match=words):
        Circle(**({"lat_deg": 0.0, "lon_deg": 0.0, "radius_km": 1.0} | more))


def test_an_area_that_is_never_jammed_is_refused():
    with pytest.raises(InvalidInputError, match="ends before"):
        JammedArea("x", Circle(0.0, 0.0, 1.0), 5.0, 5.0)
