"""The sky of the proof at sea: where platforms are, its leaping clock, and the moments chosen."""

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from baluardo.errors import StageError
from baluardo.scenario import nation as nation_module
from baluardo.scenario.missions import default_missions_path, load_missions
from baluardo.scenario.nation import load
from baluardo.stage.prove.mediterranean_plan import (
    forbidden_in_view,
    largest_step,
    missions_of,
    part_of,
    planner_over,
)
from baluardo.stage.prove.mission_sky import MissionSky, UnderWay
from baluardo.stage.prove.proving_sky import FIRST_SLOT
from baluardo.terms import SLOT_SECONDS, slot_at, slot_start
from baluardo.twin.sky.landing import LandingRule

SLOTS = range(FIRST_SLOT, FIRST_SLOT + 24)


@pytest.fixture(scope="module")
def missions():
    whole = missions_of(load_missions(default_missions_path()), FIRST_SLOT)
    return {site: part_of(each, SLOTS) for site, each in whole.items()}


@pytest.fixture
def sky(default_catalogue, missions):
    path = Path(nation_module.__file__).parent / "data" / "ionian.toml"
    sky = MissionSky(
        load(path), default_catalogue, {s: UnderWay(each) for s, each in missions.items()}
    )
    yield sky
    sky.close()


def test_what_is_lived_is_what_was_planned(sky, missions):
    planner = planner_over(sky.sky, missions, SLOTS)
    plans = {site: planner.plan(each) for site, each in missions.items()}
    rows = {"frigate": 1, "helicopter": 2}
    for slot in SLOTS[3:9]:
        lived = asyncio.run(sky.paths(slot))
        assert lived.names == ("Rome", "Frigate", "Helicopter")
        for site, plan in plans.items():
            k, row = slot - SLOTS.start, rows[site]
            assert lived.satellite[row] == plan.ways.satellite[k, 0]
            assert lived.gateway[row] == plan.ways.gateway[k, 0]
            assert lived.delay_up_s[row] == pytest.approx(plan.ways.delay_up_s[k, 0], abs=1e-9)


def test_a_failure_that_was_told_before_comes_at_its_moment(sky, missions):
    plan = planner_over(sky.sky, missions, SLOTS).plan(missions["frigate"])
    slot = SLOTS.start + 5
    index = int(plan.ways.satellite[5, 0])
    failure = sky.fail_satellite(index, slot_start(slot) + 4.0)
    sky.disturb((failure,))
    assert asyncio.run(sky.paths(slot)).satellite[1] == index
    anew = planner_over(sky.sky, missions, SLOTS, (failure,)).plan(missions["frigate"])
    for each in range(slot + 1, slot + 5):
        lived = int(asyncio.run(sky.paths(each)).satellite[1])
        assert lived == anew.ways.satellite[each - SLOTS.start, 0] != index


def test_the_clock_leaps_and_slots_keep_the_machines_rhythm(sky):
    for ahead in (3_600.0, 17.0, 4 * 3_600.0):
        wanted = slot_start(FIRST_SLOT) + ahead
        sky.leap(wanted)
        now, here = sky.sky_time(), time.time()
        assert wanted <= now < wanted + SLOT_SECONDS + 1.0
        assert (now - here) % SLOT_SECONDS == pytest.approx(0.0, abs=0.05) or (
            now - here
        ) % SLOT_SECONDS == pytest.approx(SLOT_SECONDS, abs=0.05)


def test_moments_are_chosen_by_the_plan(sky, missions):
    planner = planner_over(sky.sky, missions, SLOTS)
    plan = planner.plan(missions["frigate"])
    hours = (0.0, (len(SLOTS) - 1) * SLOT_SECONDS / 3_600.0)
    trip = (plan.ways.delay_up_s + plan.ways.delay_down_s)[:, 0]
    slot = largest_step(plan, hours)
    steps = np.abs(np.diff(trip))
    assert steps[slot - SLOTS.start - 1] == steps.max()
    with pytest.raises(StageError, match="Warsaw"):
        forbidden_in_view(plan, plan, "Warsaw", hours)


def test_rules_are_those_of_the_flows_and_can_be_lifted(sky, missions):
    assert sky.rules["frigate"] == missions["frigate"].platform.rule
    assert "BG" in sky.rules["frigate"].not_in_countries
    slot = SLOTS.start + 2
    ruled = asyncio.run(sky.paths(slot))
    sky.set_rules({"frigate": LandingRule()})
    free = asyncio.run(sky.paths(slot))
    points = [p.country for p in sky.sky.ground.points_of_presence]
    assert points[int(ruled.point[1])] == "IT"
    assert points[int(free.point[1])] == "BG"
    assert ruled.satellite[1] == free.satellite[1]
    assert slot_at(slot_start(slot)) == slot
