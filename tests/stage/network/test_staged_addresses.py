"""Who has which outer address on the stage."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from baluardo.errors import StageError
from baluardo.scenario.bearers import GroundBearer
from baluardo.scenario.nation import default_path, load
from baluardo.stage.network.addresses import EXCHANGE_ADDRESS, MOST_SITES, OUTSIDE, Plan
from baluardo.terms import Direction, Role
from baluardo.twin.sky.landing import default_ground

ITALY = load(default_path())
GROUND = default_ground()
WAY = Direction(0.01, 0.0, 0.0, 1e7, 0.0)


def test_every_port_has_a_name_and_an_address_of_its_own_in_the_shared_space() -> None:
    site = ITALY.sites[0]
    bearers = tuple(
        GroundBearer(name, role, WAY, WAY)
        for name, role in zip(("fibre", "mobile", "geo"), list(Role)[1:], strict=True)
    )
    most = replace(
        ITALY,
        sites=tuple(replace(site, id=f"site-{n}", bearers=bearers) for n in range(MOST_SITES)),
    )
    plan = Plan(most, GROUND)
    ports = [*plan.terminals, *plan.landings]
    addresses = [EXCHANGE_ADDRESS, *(each.address for each in ports)]
    assert len(plan.terminals) == 4 * MOST_SITES
    assert len(set(addresses)) == len(addresses)
    assert all(IPv4Address(each) in IPv4Network(OUTSIDE) for each in addresses)
    assert IPv4Network(OUTSIDE) == IPv4Network("100.64.0.0/10")  # RFC 6598
    assert len({each.port for each in ports}) == len(ports)


def test_more_sites_than_fit_are_refused() -> None:
    site = ITALY.sites[0]
    many = tuple(replace(site, id=f"site-{n}") for n in range(MOST_SITES + 1))
    with pytest.raises(StageError, match="has room for 200 sites, not 201"):
        Plan(replace(ITALY, sites=many), GROUND)


def test_terminals_come_in_the_order_of_the_plan_of_bearers() -> None:
    rome = ITALY.sites[0]
    fibre = rome.bearers[0]
    plan = Plan(ITALY, GROUND)
    assert [each.bearer for each in plan.of(rome)] == ["sky", "fibre"]
    assert [each.device for each in plan.of(rome)] == ["sky0", "fibre0"]
    turned = replace(rome, sky_role=Role.EMERGENCY, bearers=(replace(fibre, role=Role.PRIMARY),))
    other = Plan(replace(ITALY, sites=(turned,)), GROUND)
    assert [each.bearer for each in other.of(turned)] == ["fibre", "sky"]
    assert other.sky(turned).address == plan.sky(rome).address


def test_landings_are_the_points_of_presence() -> None:
    plan = Plan(ITALY, GROUND)
    names = [each.place.name for each in GROUND.points_of_presence]
    assert [each.name for each in plan.landings] == names
    assert all(" " not in each.port and each.port.islower() for each in plan.landings)


def test_interfaces_and_ports_have_names_that_kernel_and_wire_take() -> None:
    longest = GroundBearer("f" * 12, Role.ALTERNATE, WAY, WAY)
    site = replace(ITALY.sites[0], id="a" * 32, bearers=(longest,))
    for each in Plan(replace(ITALY, sites=(site,)), GROUND).of(site):
        assert len(each.device) <= 15  # IFNAMSIZ less its end
