"""Landing rules by flow: kept, proved by names second by second, and what they cost."""

from dataclasses import replace

import numpy as np
import pytest
from fleet_ground import SLOTS, mission, planner_of

from baluardo.errors import InvalidInputError
from baluardo.fleet.landing import proof as proof_module
from baluardo.fleet.landing.flows import Classification, Flow, rule_of
from baluardo.fleet.landing.proof import State, prove
from baluardo.terms import SLOT_SECONDS, Precedence
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.sky.landing import LandingRule, Lasers

HOME = Classification("secret", LandingRule(frozenset({"Foggia", "Marsala"}), frozenset({"BG"})))
NOWHERE = Classification("none", LandingRule(gateways=frozenset()))


@pytest.fixture(scope="module")
def planner(default_catalogue):
    return planner_of(default_catalogue)


@pytest.fixture(scope="module")
def missions(planner):
    return [
        mission(planner, rule=LandingRule(not_in_countries=frozenset({"TR"}))),
        mission(planner, "Helicopter", 36.2, 16.0),
    ]


def test_the_rule_is_the_platforms_and_the_markings(missions):
    flow = Flow("command", "Frigate", None, HOME, Precedence.FLASH)
    rule = rule_of(flow, missions[0].platform)
    assert rule.gateways == {"Foggia", "Marsala"}
    assert rule.not_in_countries == {"BG", "TR"}
    one = Classification("one", LandingRule(lasers=Lasers.REQUIRED))
    grounded = replace(missions[0].platform, rule=LandingRule(lasers=Lasers.FORBIDDEN))
    with pytest.raises(InvalidInputError, match="contradict"):
        rule_of(Flow("x", "Frigate", None, one), grounded)


def test_every_second_lands_where_it_may(planner, missions):
    found = prove(planner, missions, Flow("command", "Frigate", None, HOME))
    assert found.violations == ()
    seconds = list(found.seconds())
    assert len(seconds) == SLOTS * SLOT_SECONDS
    assert {s.time for s in seconds} == {found.plan.start + k for k in range(SLOTS * SLOT_SECONDS)}
    held = [s for s in seconds if s.state is State.HELD]
    assert held
    assert {s.gateway for s in held} <= {"Foggia", "Marsala"}
    assert {s.gateway_country for s in held} == {"IT"}
    assert "BG" not in {s.point_country for s in held}
    assert all(s.delay_s > 0.0 for s in held)
    assert found.cost.free_availability >= found.cost.availability
    assert found.cost.added_s[0] > 0.0


def test_the_delay_of_a_second_is_that_of_its_drift(planner, missions):
    found = prove(planner, missions, Flow("command", "Frigate", None, HOME))
    seconds = list(found.seconds())
    ways = found.plan.ways
    for k in (0, 7):
        at = seconds[k * SLOT_SECONDS + 9]
        assert at.delay_s == pytest.approx(ways.delay_up_s[k, 0] + 9.0 * ways.drift[k, 0])


def test_what_may_land_nowhere_is_stopped_and_says_why(planner, missions):
    found = prove(planner, missions, Flow("mute", "Frigate", None, NOWHERE))
    assert (found.state == State.STOPPED).all()
    assert found.cost.availability == 0.0
    assert found.cost.free_availability == 1.0
    assert np.isnan(found.cost.added_s[0])
    second = next(found.seconds())
    assert second.why is Reason.NO_LANDING
    assert second.gateway is None
    assert second.delay_s is None


def test_out_of_service_is_not_called_stopped(planner, missions):
    where = missions[0].where
    blind = replace(missions[0], where=replace(where, fix=np.zeros(SLOTS, dtype=np.bool_)))
    found = prove(planner, [blind, missions[1]], Flow("command", "Frigate", None, HOME))
    assert (found.state == State.OUT).all()
    found = prove(planner, [blind, missions[1]], Flow("picture", "Helicopter", "Frigate"))
    assert (found.state == State.OUT).all()


def test_between_platforms_nothing_touches_ground(planner, missions):
    found = prove(planner, missions, Flow("picture", "Helicopter", "Frigate", HOME))
    assert found.violations == ()
    assert (found.state == State.HELD).mean() > 0.9
    for second in found.seconds():
        assert second.gateway is None
        assert second.point is None


@pytest.mark.parametrize("lie", ["gateway", "point", "way"])
def test_a_planner_that_breaks_a_rule_is_found_out(planner, missions, lie, monkeypatch):
    """The proof must not believe the planner: a plan that is bent shows as violations."""
    ground = planner.near.sky.ground
    real = planner.plan
    sofia = [p.place.name for p in ground.points_of_presence].index("Sofia")
    plana = [g.place.name for g in ground.gateways].index("Plana")

    def bent(asked):
        plan = real(asked)
        ways, chains = plan.ways, plan.satellites_of_ways
        if lie == "gateway":
            ways = replace(ways, gateway=np.full_like(ways.gateway, plana))
        elif lie == "point":
            ways = replace(ways, point=np.full_like(ways.point, sofia))
        else:
            chains = chains.copy()
            chains[:, 0, 1] = (chains[:, 0, 0] + 2_000) % 7_000
        return replace(plan, ways=ways, satellites_of_ways=chains)

    monkeypatch.setattr(planner, "plan", bent)
    found = prove(planner, missions, Flow("command", "Frigate", None, HOME))
    assert len(found.violations) >= np.count_nonzero(found.state == State.HELD) > 0
    words = {"gateway": "Plana", "point": "Sofia is in BG", "way": "no chain of lasers"}
    assert words[lie] in found.violations[0].sentence


def test_lasers_asked_for_or_forbidden_are_looked_at(planner, missions):
    for lasers in (Lasers.REQUIRED, Lasers.FORBIDDEN):
        marking = Classification("m", LandingRule(lasers=lasers))
        found = prove(planner, missions, Flow("f", "Helicopter", None, marking))
        assert found.violations == ()
        held = found.state == State.HELD
        assert held.any()
        counts = found.lasers[held]
        assert (counts >= 1).all() if lasers is Lasers.REQUIRED else (counts == 0).all()
        wrong = {Lasers.REQUIRED: Lasers.FORBIDDEN, Lasers.FORBIDDEN: Lasers.REQUIRED}[lasers]
        told = proof_module._violations(planner.near, found.plan, LandingRule(lasers=wrong), held)
        assert len(list(told)) == np.count_nonzero(held)


def test_flows_of_nobody_are_refused(planner, missions):
    with pytest.raises(InvalidInputError, match="No mission is of"):
        prove(planner, missions, Flow("x", "Nobody"))
    with pytest.raises(InvalidInputError, match="No mission is of"):
        prove(planner, missions, Flow("x", "Frigate", "Nobody"))
    with pytest.raises(InvalidInputError, match="to itself"):
        Flow("x", "Frigate", "Frigate")
