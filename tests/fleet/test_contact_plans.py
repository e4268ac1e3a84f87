"""Contacts and gaps of a plan, and what a catalogue's age does to their times."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from fleet_ground import SLOTS, mission, planner_of

from baluardo.errors import InvalidInputError
from baluardo.fleet.contacts.age import AgeModel, sigma_s
from baluardo.fleet.contacts.making import Conditions, first_and_count
from baluardo.fleet.contacts.plan import availability, contacts, gap_seconds, gaps
from baluardo.fleet.platform import Platform, PlatformKind
from baluardo.terms import SLOT_SECONDS, Obstruction, slot_start
from baluardo.twin.paths.rounds import Reason


@pytest.fixture(scope="module")
def planner(default_catalogue):
    return planner_of(default_catalogue)


@pytest.fixture(scope="module")
def plan(planner):
    there = mission(planner)
    fix = there.where.fix.copy()
    fix[4:7] = False
    fix[20:] = False
    return planner.plan(replace(there, where=replace(there.where, fix=fix)))


def test_contacts_and_gaps_cover_the_plan_without_overlap(plan):
    spans = sorted(
        [(c.start, c.end) for c in contacts(plan)] + [(g.start, g.end) for g in gaps(plan)]
    )
    assert spans[0][0] == plan.start
    assert spans[-1][1] == plan.end
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    missing = gaps(plan)
    assert [(g.start, g.end, g.cause) for g in missing] == [
        (slot_start(plan.first_slot + 4), slot_start(plan.first_slot + 7), Reason.NO_FIX),
        (slot_start(plan.first_slot + 20), slot_start(plan.first_slot + SLOTS), Reason.NO_FIX),
    ]
    assert gap_seconds(plan) == 23 * SLOT_SECONDS
    assert availability(plan) == pytest.approx(17 / SLOTS)


def test_a_contact_says_what_its_slots_say(plan):
    for contact in contacts(plan):
        first = round((contact.start - plan.start) / SLOT_SECONDS)
        last = round((contact.end - plan.start) / SLOT_SECONDS)
        ways = plan.ways
        satellites = set(ways.satellite[first:last, 0].tolist())
        assert len(satellites) == 1
        index = satellites.pop()
        assert plan.sky.catalogue.names[index] == contact.satellite
        assert plan.sky.catalogue.numbers[index] == contact.number
        trips = (ways.delay_up_s + ways.delay_down_s)[first:last, 0]
        assert contact.round_trip_s == (trips.min(), trips.max())
        assert contact.rate_down_bps == ways.rate_down_bps[first:last, 0].min()
        assert contact.highest_deg >= 25.0
        gateway = plan.sky.ground.gateways[int(ways.gateway[first, 0])]
        assert (contact.gateway, contact.gateway_country) == (gateway.place.name, gateway.country)
        assert contact.satellite not in contact.alternatives
        assert len(set(contact.alternatives)) == len(contact.alternatives) <= 2


def test_a_sea_and_a_mast_leave_less_in_view(default_catalogue, planner):
    calm = planner.plan(mission(planner))
    masted = planner.plan(mission(planner, superstructure=(Obstruction(90.0, 270.0, 60.0),)))
    rough = planner_of(default_catalogue, conditions=Conditions(sea_state=6)).plan(mission(planner))
    assert (masted.in_view < calm.in_view).all()
    assert rough.in_view.sum() < calm.in_view.sum()


def test_many_are_planned_as_each_alone(planner):
    some = [mission(planner, f"ship {k}", 36.5 + 0.2 * k, 17.0) for k in range(5)]
    for together, one in zip(planner.plans(some, threads=3), some, strict=True):
        alone = planner.plan(one)
        assert together.platform == one.platform
        assert np.array_equal(together.ways.satellite, alone.ways.satellite)
        assert np.array_equal(together.ways.delay_up_s, alone.ways.delay_up_s)
    assert first_and_count(some) == (planner.near.first_slot, SLOTS)


def test_elements_grow_old_and_the_pattern_does_not(default_catalogue):
    satellite = np.array([3, -1, 5], dtype=np.int32)
    times = np.full(3, default_catalogue.epoch + 3 * 86_400.0)
    exact = sigma_s(default_catalogue, satellite, times)
    assert np.array_equal(exact, [0.0, np.nan, 0.0], equal_nan=True)
    dated = replace(default_catalogue, ageless=False)
    young = sigma_s(dated, satellite, dated.epochs[np.maximum(satellite, 0)])
    old = sigma_s(dated, satellite, times)
    assert young[0] == pytest.approx(1.0 / 7.6)
    assert old[0] > 3 * young[0]
    assert np.isnan(old[1])
    model = AgeModel(1.0, 2.0, 0.5)
    assert model.along_km([0.0, 86_400.0, -2 * 86_400.0]) == pytest.approx([1.0, 3.5, 7.0])
    with pytest.raises(InvalidInputError, match="per_day_km"):
        AgeModel(per_day_km=-1.0)


def test_a_platform_has_a_name():
    with pytest.raises(InvalidInputError, match="no name"):
        Platform("  ", PlatformKind.SHIP)
