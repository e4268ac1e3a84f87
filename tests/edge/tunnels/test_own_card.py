"""Our own card: what the policy allows and what can be; the rest is left out, and told once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from baluardo.edge.configuration import Network
from baluardo.edge.directory import Neighbour
from baluardo.edge.policy import HeldPolicy
from baluardo.edge.state import EdgeState
from baluardo.edge.tunnels.addresses import networks_of, routes_of
from baluardo.edge.tunnels.own_card import own_card
from baluardo.network.links.requests import (
    MOST_ROUTES,
    Address,
    Configure,
    PeerSetting,
    read_request,
    write_request,
)
from baluardo.network.tunnel.addresses import MOST_NETWORKS, site_network, site_network_ipv4
from baluardo.network.tunnel.card import TunnelCard
from baluardo.protocol.messages import Directory
from baluardo.protocol.network_policy import NetworkPolicy, network_of
from baluardo.trust.identity import Identity
from baluardo.trust.wireguard_keys import WireGuardKey, random_preshared_key
from edge.country import Country, first_policy

pytest_plugins = ["edge.conftest"]

ROME, MILAN = "office/rome", "office/milan"
KEYS = (WireGuardKey.generate().public,)


async def opened(country: Country, tmp_path: Path, *paths: str) -> list[EdgeState]:
    async with country.authority() as authority:
        places = [await country.enrolled(authority, tmp_path, path) for path in paths]
    return [country.open_edge(place) for place in places]


def allow(state: EdgeState, *networks: str) -> None:
    """Put a policy in force that lets a site announce these."""
    held = {state.identity.path: tuple(map(network_of, networks))}
    policy = replace(first_policy(), network=NetworkPolicy(networks=held))
    state.policy = HeldPolicy(policy, 0.0)


def test_what_cannot_be_is_left_out_and_told_once(
    country: Country, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (state,) = asyncio.run(opened(country, tmp_path, ROME))
    ours = str(site_network_ipv4(state.identity))
    allow(state, "192.168.1.0/24", "192.168.7.0/24", ours)
    places, network = ["192.168.1.20", "192.0.2.7"], Network(ipv4=True)
    made = TunnelCard.of_payload(own_card(state, network, KEYS, places).payload)
    assert list(map(str, made.networks)) == ["192.168.7.0/24"]
    told = [each.getMessage() for each in caplog.records if "not announced" in each.getMessage()]
    assert len(told) == 2
    assert tuple(told) == state.sites.not_announced
    assert any("192.168.1.20" in each for each in told)
    own_card(state, network, KEYS, places)
    assert sum("not announced" in each.getMessage() for each in caplog.records) == 2
    all_of_them = TunnelCard.of_payload(own_card(state, Network(), KEYS, ["192.0.2.7"]).payload)
    assert len(all_of_them.networks) == 3
    assert state.sites.not_announced == ()
    state.close()


def test_the_fullest_card_fits_through_the_helpers_door(country: Country, tmp_path: Path) -> None:
    """A site's own two networks and all that it announces are one setting of WireGuard's."""
    rome, milan = asyncio.run(opened(country, tmp_path, ROME, MILAN))
    allow(rome, *(f"192.168.{number}.0/24" for number in range(MOST_NETWORKS)))
    envelope = own_card(rome, Network(ipv4=True), KEYS, ["192.0.2.7"])
    assert milan.hear_directory(Directory(0, 1, 1, (envelope,))) == 0
    milan.policy = rome.policy
    (neighbour,) = milan.neighbours()
    networks = tuple(map(str, networks_of(neighbour)))
    assert len(networks) == MOST_NETWORKS + 2
    setting = PeerSetting(KEYS[0], 2, random_preshared_key(), networks, 0)
    request = Configure(0, 1, None, (setting,))
    assert read_request(write_request(request)) == request
    rome.close()
    milan.close()


def test_networks_that_have_no_room_leave_the_others_their_routes() -> None:
    named = [Identity.of_path("italia.example", f"office/n{number:03}") for number in range(520)]
    apart = {site_network(each): each for each in named}  # some share a number by their names
    sites = sorted(apart.values(), key=lambda each: each.path)[:501]
    neighbours = [
        cast(
            Neighbour,
            SimpleNamespace(
                identity=each,
                card=SimpleNamespace(identity=each, ipv4=False),
                networks=(network_of(f"10.{number >> 8}.{number & 255}.0/24"),),
            ),
        )
        for number, each in enumerate(reversed(sites))
    ]
    routes, left_out = routes_of(neighbours)
    assert left_out == {sites[-1]}
    request = Address(("fd00::1/64",), tuple(routes))
    assert len(routes) == MOST_ROUTES
    assert read_request(write_request(request)) == request
    assert routes_of(neighbours[1:])[1] == frozenset()
