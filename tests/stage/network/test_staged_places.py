"""Places of the stage as the kernel shows them: who has which device, and what leaves unasked."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from baluardo.network.links.namespaces import Namespace
from baluardo.scenario.nation import default_path, load
from baluardo.stage.network.addresses import EXCHANGE, Plan
from baluardo.stage.network.places import Places
from baluardo.twin.sky.landing import default_ground
from network.places import needs_namespaces

pytestmark = needs_namespaces
ITALY = load(default_path())
PLAN = Plan(replace(ITALY, sites=ITALY.sites[:1]), default_ground())
(ROME,) = PLAN.sites


def test_a_site_has_its_bearers_and_what_comes_from_one_leaves_by_it() -> None:
    with Places(PLAN) as places:
        assert set(places.ports) == {
            *(each.port for each in PLAN.terminals),
            *(each.port for each in PLAN.landings),
            EXCHANGE,
        }
        site = places.of_site(ROME)
        for each in PLAN.of(ROME):
            way = site.run("ip", "route", "get", "100.64.0.99", "from", each.address)
            assert f"dev {each.device}" in way
        assert "dev sky0" in site.run("ip", "route", "get", "100.64.0.99")
        ground = places.of_landing(PLAN.landings[0])
        assert ground.run("cat", "/proc/sys/net/ipv4/ip_forward") == "1\n"


def test_kernels_outside_have_no_ipv6_to_ask_for_routers_with() -> None:
    """What they ask by themselves would be seen at the wire beside the tunnels."""
    with Places(PLAN) as places:
        grounds = [places.of_landing(each) for each in PLAN.landings]
        for namespace in (places.of_site(ROME), *grounds, places.exchange):
            shown = namespace.run("ip", "-6", "-o", "address", "show", "up")
            assert {line.split()[1] for line in shown.splitlines()} == {"lo"}


def test_nothing_is_left_of_places_that_could_not_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Namespace] = []
    real = Namespace.create.__func__  # type: ignore[attr-defined]

    def counted(cls: type[Namespace], name: str) -> Namespace:
        if len(made) == 3:
            raise OSError("no more")
        made.append(real(cls, name))
        return made[-1]

    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the listing itself is one
    monkeypatch.setattr(Namespace, "create", classmethod(counted))
    with pytest.raises(OSError, match="no more"):
        Places(PLAN)
    assert len(made) == 3
    assert {each.descriptor for each in made} == {-1}
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - as above
