"""The site's own device in a namespace of others: what is for sites never leaves in clear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from places import needs_namespaces

from baluardo.errors import InvalidInputError, LinkError
from baluardo.network.links.client import HelperProcess, Links
from baluardo.network.links.interfaces import add_veth, configure
from baluardo.network.links.namespaces import Namespace

pytestmark = needs_namespaces

OWN = ("fd00:1:2:1::1/64", "10.1.2.1/24")
THERE = ("fd00:1:2:5::/64", "fd00:77::/56", "10.77.5.0/24")
"""A neighbour's: of the community's /48, announced beside it, and IPv4."""
HOSTS_THERE = ("fd00:1:2:5::9", "fd00:77::9", "10.77.5.9")


@pytest.fixture
def machine() -> Iterator[Namespace]:
    """A machine whose default routes lead to an operator."""
    with Namespace.create("machine") as machine, Namespace.create("operator") as operator:
        add_veth(machine, "eth0", operator, "eth0")
        configure(operator, "eth0", ["192.168.1.1/24", "2001:db8::1/64"])
        configure(machine, "eth0", ["192.168.1.2/24", "2001:db8::2/64"])
        machine.run("ip", "route", "add", "default", "via", "192.168.1.1")
        machine.run("ip", "-6", "route", "add", "default", "via", "2001:db8::1")
        yield machine


def way(namespace: Namespace, host: str) -> str:
    """The device to a host, or that there is no way."""
    try:
        said = namespace.run("ip", "route", "get", host)
    except LinkError as refusal:
        assert "unreachable" in str(refusal) or "No route to host" in str(refusal)
        return "none"
    return "none" if said.startswith("unreachable") else said.split("dev ")[1].split()[0]


def ways(namespace: Namespace) -> list[str]:
    return [way(namespace, host) for host in HOSTS_THERE]


def test_what_is_for_a_site_that_left_never_takes_the_default_route(
    machine: Namespace, tmp_path: Path
) -> None:
    with HelperProcess.start(tmp_path / "site") as helper, Links.connect(helper.path) as links:
        opened = links.open(hosts=machine.descriptor)
        assert ways(machine) == ["eth0"] * 3
        links.address(OWN, [])
        assert ways(machine) == ["none", "eth0", "eth0"]  # the community's is known from our own
        links.address(OWN, THERE)
        assert ways(machine) == ["lan0"] * 3
        links.address(OWN, [])
        assert ways(machine) == ["none"] * 3
        links.address(OWN, THERE)
        assert ways(machine) == ["lan0"] * 3
        opened.close()
        helper.process.kill()
        helper.process.wait()
        assert ways(machine) == ["none"] * 3
    with HelperProcess.start(tmp_path / "site") as helper, Links.connect(helper.path) as links:
        links.open(hosts=machine.descriptor).close()
        links.address(OWN, THERE)
        assert ways(machine) == ["lan0"] * 3
        links.open().close()  # the hosts are elsewhere now
        assert ways(machine) == ["none"] * 3
        links.end()
        helper.process.wait(timeout=15.0)
    assert ways(machine) == ["none"] * 3
    assert [way(machine, host) for host in ("9.9.9.9", "10.78.0.1", "2001:4860::1")] == ["eth0"] * 3
    for family in ("-4", "-6"):  # as docs/operations/edge.md tells to
        machine.run("ip", family, "route", "flush", "type", "unreachable", "proto", "77")
    assert ways(machine) == ["eth0"] * 3


def test_only_private_networks_are_led_and_addressed(machine: Namespace, tmp_path: Path) -> None:
    with HelperProcess.start(tmp_path / "site") as helper, Links.connect(helper.path) as links:
        links.open(hosts=machine.descriptor).close()
        for address in ("9.9.9.9/32", "100.64.0.1/10", "2001:db8::7/64", "fc00::1/64"):
            with pytest.raises(InvalidInputError, match="are private ones"):
                links.address([address], [])
        for route in ("8.0.0.0/8", "1.0.0.0/8", "172.0.0.0/8", "2000::/8"):
            with pytest.raises(InvalidInputError, match="are private ones"):
                links.address(OWN, [route])
        assert way(machine, "8.8.8.8") == "eth0"
        links.address(["172.16.0.1/12"], ["192.168.7.0/24", "10.0.0.0/8", "fd00::/8"])
