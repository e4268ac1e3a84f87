"""PACE plans: bearers left at once, taken back slowly, drills that cost nothing, precedence."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from fleet_ground import SLOTS, mission, planner_of
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.fleet.landing.flows import Classification, Flow
from baluardo.fleet.motion.circle import Circle
from baluardo.fleet.pace.bearers import SKY, Drill, OtherBearer, PacePlan, Triggers
from baluardo.fleet.pace.run import Why, carried, check, permits, run, stretches
from baluardo.terms import SLOT_SECONDS, Precedence, Role, slot_start
from baluardo.twin.sky.landing import LandingRule

GEO = OtherBearer("geo", Role.EMERGENCY, 0.27, 0.4e6, 0.4e6, "IT", own=True)
MOBILE = OtherBearer(
    "mobile", Role.ALTERNATE, 0.03, 8e6, 30e6, "IT", reach=(Circle(37.0, 17.0, 5.0),)
)
PACE = PacePlan((MOBILE, GEO), hold_down_s=30.0)


@pytest.fixture(scope="module")
def planner(default_catalogue):
    return planner_of(default_catalogue)


@pytest.fixture(scope="module")
def plan(planner):
    return planner.plan(mission(planner))


def without_fix(planner, *slots):
    there = mission(planner)
    fix = there.where.fix.copy()
    fix[list(slots)] = False
    return planner.plan(replace(there, where=replace(there.where, fix=fix)))


def names(found):
    return [None if k < 0 else found.pace.order[k] for k in found.taken.tolist()]


def drill(plan, first, last, *without):
    start = slot_start(plan.first_slot)
    return Drill(
        "drill",
        plan.platform.name,
        start + first * SLOT_SECONDS,
        start + last * SLOT_SECONDS,
        frozenset(without),
    )


def test_the_order_is_that_of_the_roles():
    assert PACE.order == (SKY, "mobile", "geo")
    assert PacePlan((GEO,), Role.ALTERNATE).order == (SKY, "geo")
    assert PacePlan((replace(GEO, role=Role.PRIMARY),), Role.EMERGENCY).order == ("geo", SKY)


def test_what_is_fit_and_preferred_is_taken(plan):
    found = run(PACE, plan)
    assert set(names(found)) == {SKY}
    assert set(found.why) == {Why.PREFERRED}
    assert found.shares() == {SKY: 1.0, "mobile": 0.0, "geo": 0.0, None: 0.0}


def test_a_lost_fix_costs_no_slot_and_the_dish_is_held_down(planner):
    plan = without_fix(planner, 10, 11, 30, 32)
    found = run(PACE, plan)
    told = names(found)
    # 5 km round the start are behind after the first slots of 123 m each: mobile is there.
    assert told[:10] == [SKY] * 10
    assert told[10:12] == ["mobile"] * 2
    assert told[12:14] == ["mobile"] * 2
    assert [found.why[k] for k in (10, 12, 13)] == [Why.NOT_FIT, Why.HELD_DOWN, Why.HELD_DOWN]
    assert told[14] == SKY
    # It comes and goes: two slots of hold-down from the last time that it was unfit.
    assert told[30:35] == ["mobile"] * 5
    assert told[35] == SKY
    assert None not in told


def test_out_of_reach_the_next_is_taken_and_triggers_count(planner):
    plan = without_fix(planner, 5, 6)
    far = replace(MOBILE, reach=(Circle(45.0, 10.0, 50.0),))
    assert names(run(PacePlan((far, GEO)), plan))[5] == "geo"
    fast = PacePlan((far, GEO), triggers=Triggers(most_delay_s=0.2))
    found = run(fast, plan)
    assert names(found)[5] is None
    assert found.why[5] is Why.NOTHING
    wide = PacePlan((MOBILE, GEO), triggers=Triggers(least_up_bps=20e9))
    assert set(names(run(wide, plan))) == {None}


def test_a_drill_does_without_and_ends(plan):
    found = run(PACE, plan, [drill(plan, 8, 14, Role.PRIMARY)])
    told = names(found)
    assert told[7] == SKY
    assert told[8:14] == ["mobile"] * 6
    assert set(found.why[8:14]) == {Why.DRILL}
    assert found.drilled.sum() == 6
    assert found.broken == ()
    assert told[14] == SKY  # it was fit all the while: nothing has to be waited for


def test_a_drill_that_would_cost_service_is_broken_off(plan):
    alone = PacePlan((replace(MOBILE, reach=(Circle(45.0, 10.0, 50.0),)),))
    found = run(alone, plan, [drill(plan, 8, 14, Role.PRIMARY)])
    assert set(names(found)) == {SKY}
    assert found.broken == ("drill",)
    assert not found.drilled.any()


def test_drills_of_others_and_drills_of_all_bearers(plan):
    other = replace(drill(plan, 0, 9, Role.PRIMARY), platform="Somebody")
    assert not run(PACE, plan, [other]).drilled.any()
    with pytest.raises(InvalidInputError, match="without a bearer"):
        check(PACE, [drill(plan, 0, 9, Role.PRIMARY, Role.ALTERNATE, Role.EMERGENCY)])
    check(PACE, [drill(plan, 0, 9, Role.PRIMARY, Role.ALTERNATE)])


def test_the_higher_precedence_passes_first(planner):
    plan = without_fix(planner, *range(SLOTS))
    geo = PacePlan((GEO,))
    flows = [
        Flow("bulk", "Frigate", rate_bps=300e3),
        Flow("flash", "Frigate", precedence=Precedence.FLASH, rate_bps=200e3),
        Flow("priority", "Frigate", precedence=Precedence.PRIORITY, rate_bps=150e3),
        Flow("elsewhere", "Helicopter"),
    ]
    found = carried(run(geo, plan), plan, flows)
    assert [f.name for f in found.flows] == ["bulk", "flash", "priority"]
    assert found.passes.all(axis=0).tolist() == [False, True, True]
    assert found.stopped_s() == [SLOTS * SLOT_SECONDS, 0.0, 0.0]


def test_nothing_takes_a_bearer_that_its_rule_does_not_permit(planner):
    plan = without_fix(planner, *range(SLOTS))
    abroad = replace(GEO, country="TR", own=False)
    unknown = replace(GEO, country=None, own=False)
    never = LandingRule(not_in_countries=frozenset({"TR"}))
    named = LandingRule(frozenset({"Foggia"}))
    assert [permits(never, b) for b in (GEO, abroad, unknown)] == [True, False, False]
    assert [permits(named, b) for b in (GEO, abroad, unknown)] == [True, False, False]
    assert all(permits(LandingRule(), b) for b in (GEO, abroad, unknown))
    flow = Flow("command", "Frigate", classification=Classification("c", never))
    for bearer, passes in ((GEO, True), (abroad, False)):
        found = carried(run(PacePlan((bearer,)), plan), plan, [flow])
        assert found.passes.all() == passes == found.passes.any()


def test_by_the_dish_only_what_lands_right_passes(planner, plan):
    home = Classification("home", LandingRule(frozenset({"Foggia"}), frozenset({"BG"})))
    flows = [Flow("free", "Frigate"), Flow("secret", "Frigate", classification=home)]
    anywhere = carried(run(PACE, plan), plan, flows)
    assert anywhere.passes[:, 0].all()
    landed = plan.ways.point[:, 0]
    milan = [p.country for p in plan.sky.ground.points_of_presence]
    bulgarian = np.array([milan[k] == "BG" for k in landed.tolist()])
    assert not anywhere.passes[bulgarian, 1].any()
    kept = planner.plan(mission(planner, rule=home.rule))
    assert carried(run(PACE, kept), kept, flows).passes.all()


def test_to_a_peer_nothing_goes_but_by_the_dish(planner):
    plan = without_fix(planner, 3)
    found = carried(run(PacePlan((GEO,)), plan), plan, [Flow("picture", "Frigate", "Helicopter")])
    assert not found.passes[3, 0]
    assert found.passes[:3, 0].all()


@given(st.lists(st.tuples(st.integers(0, SLOTS - 1), st.integers(1, 6)), max_size=6))
def test_whatever_fails_some_fit_bearer_is_taken_and_stretches_cover_all(plan, lost):
    served = plan.reason.copy()
    for first, count in lost:
        served[first : first + count] = 4
    hurt = replace(plan, reason=served)
    found = run(PACE, hurt)
    fit = found.offers.fit
    for k, index in enumerate(found.taken.tolist()):
        assert index >= 0
        assert fit[k, index]
    told = stretches(found)
    assert told[0].start == plan.start
    assert told[-1].end == plan.end
    assert all(a.end == b.start for a, b in pairwise(told))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PacePlan((GEO, replace(GEO, role=Role.ALTERNATE))), "name of its own"),
        (lambda: PacePlan((replace(GEO, role=Role.PRIMARY),)), "place of its own"),
        (lambda: PacePlan(hold_down_s=-1.0), "hold_down_s"),
        (lambda: replace(GEO, name=SKY), "not called"),
        (lambda: replace(GEO, up_bps=0.0), "up_bps"),
        (lambda: replace(GEO, delay_s=61.0), "delay_s"),
        (lambda: Triggers(most_delay_s=0.0), "most_delay_s"),
        (lambda: Triggers(least_up_bps=float("nan")), "least_up_bps"),
        (lambda: Drill("d", "p", 1.0, 1.0, frozenset({Role.PRIMARY})), "ends before"),
        (lambda: Drill("d", "p", 0.0, 1.0, frozenset()), "nothing is done"),
        (lambda: Flow("f", "p", rate_bps=0.0), "rate_bps"),
    ],
)
def test_what_is_impossible_is_refused(make, words):
    with pytest.raises(InvalidInputError, match=words):
        make()
