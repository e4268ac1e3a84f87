"""Links and routes of the staged sky: followed from port to port as packets would be."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.scenario.nation import default_path, load
from baluardo.stage.network.addresses import EXCHANGE, EXCHANGE_ADDRESS, Plan
from baluardo.stage.network.paths import (
    EXCHANGE_PLACE,
    Backbone,
    Landed,
    Link,
    Route,
    down,
    up,
)
from baluardo.terms import SPEED_OF_LIGHT_KM_S
from baluardo.twin.sky.landing import LandingOptions, default_ground

ITALY = load(default_path())
GROUND = default_ground()
PLAN = Plan(ITALY, GROUND)
BACKBONE = Backbone(PLAN, GROUND)
LANDINGS = PLAN.landings
milan_frankfurt_km = 516.89
"""Between the two points of presence: the angle of their unit vectors on a sphere of 6,371 km."""

Tables = dict[tuple[str, str | None], Link]


def tables(routes: Iterable[Route], before: Tables | None = None) -> Tables:
    """What the wire's ports hold after they were told routes."""
    return (before or {}) | {(each.port, each.address): each.link for each in routes}


def led(held: Tables, port: str, address: str) -> list[str]:
    """The ports that a packet passes on its way to an address, as the wire's tables lead it."""
    passed = [port]
    while (link := held.get((passed[-1], address), held.get((passed[-1], None)))) is not None:
        assert link.start == passed[-1]
        passed.append(link.end)
        if link.end in {each.port for each in PLAN.terminals} or len(passed) > 6:
            break
        if link.end == EXCHANGE and address == EXCHANGE_ADDRESS:
            break
    return passed


def test_a_landing_is_re_routed_at_every_other_port() -> None:
    rome = ITALY.sites[0]
    dish, landed = PLAN.sky(rome), Landed(PLAN)
    first, second = LANDINGS[:2]
    routes = landed.land(rome, first)
    assert Route(dish.port, None, Link(dish.port, first.port)) in routes
    assert Route(first.port, dish.address, Link(first.port, dish.port)) in routes
    others = {EXCHANGE, *(each.port for each in LANDINGS)} - {first.port}
    assert {each.port for each in routes} == others | {first.port, dish.port}
    assert {each.link.end for each in routes if each.port in others} == {first.port}
    assert landed.land(rome, first) == ()
    assert landed.land(rome, None) == ()
    assert landed.at(rome) is first
    assert landed.land(rome, second) != ()
    assert landed.at(rome) is second


def test_links_of_the_two_ends() -> None:
    dish = PLAN.sky(ITALY.sites[0])
    assert up(dish, LANDINGS[0]).name == f"rome.sky>{LANDINGS[0].port}"
    assert down(dish, LANDINGS[0]).name == f"{LANDINGS[0].port}>rome.sky"


def test_every_backbone_route_has_its_link() -> None:
    names = [link.name for link, _ in BACKBONE.links()]
    assert len(names) == len(set(names))
    assert {each.link.name for each in BACKBONE.routes()} <= set(names)
    assert len(names) == len(LANDINGS) * (len(LANDINGS) + 1) + 2 * len(ITALY.sites)


def test_fibre_between_landings_takes_light_its_time() -> None:
    found = dict(BACKBONE.links())
    port = {each.name: each.port for each in LANDINGS}
    options = LandingOptions()
    way = found[Link(port["Milan"], port["Frankfurt"])]
    straight = milan_frankfurt_km / SPEED_OF_LIGHT_KM_S
    assert way.delay_s == pytest.approx(
        straight * options.fibre_stretch * options.fibre_index, rel=1e-4
    )
    assert (way.loss, way.drift, way.jitter_s) == (0.0, 0.0, 0.0)
    assert found[Link(port["Milan"], EXCHANGE)].delay_s < 1e-3
    for link, way in found.items():
        if {link.start, link.end} <= {EXCHANGE, *port.values()}:
            assert found[Link(link.end, link.start)] == way
    assert math.isclose(EXCHANGE_PLACE.lat_deg, 45.5, abs_tol=0.1)


def test_ground_bearers_go_as_the_scenario_says() -> None:
    found = dict(BACKBONE.links())
    for site in ITALY.sites:
        for bearer in site.bearers:
            port = f"{site.id}.{bearer.name}"
            assert found[Link(port, EXCHANGE)] == bearer.up
            assert found[Link(EXCHANGE, port)] == bearer.down


STEPS = st.lists(
    st.tuples(st.sampled_from(ITALY.sites), st.none() | st.sampled_from(LANDINGS)), max_size=40
)


@given(STEPS)
def test_after_any_landings_every_port_leads_to_the_present_one(steps: list) -> None:  # type: ignore[type-arg]
    landed, held = Landed(PLAN), tables(BACKBONE.routes())
    for site, landing in steps:
        held = tables(landed.land(site, landing), held)
    for site in ITALY.sites:
        dish, landing = PLAN.sky(site), landed.at(site)
        if landing is None:
            assert not any(address == dish.address for _, address in held)
            assert (dish.port, None) not in held
            continue
        for port in (EXCHANGE, *(each.port for each in LANDINGS)):
            passed = led(held, port, dish.address)
            assert passed[-2:] == [landing.port, dish.port]
            assert len(passed) == (2 if port == landing.port else 3)
        assert led(held, dish.port, EXCHANGE_ADDRESS) == [dish.port, landing.port, EXCHANGE]
        for other in ITALY.sites:
            ground = [each for each in PLAN.of(other) if each.bearer != "sky"]
            for each in ground:
                way = led(held, dish.port, each.address)
                assert way == [dish.port, landing.port, EXCHANGE, each.port]
            its, dish_there = landed.at(other), PLAN.sky(other)
            if its is not None and other is not site:
                way = led(held, dish.port, dish_there.address)
                between = [landing.port] if its is landing else [landing.port, its.port]
                assert way == [dish.port, *between, dish_there.port]
