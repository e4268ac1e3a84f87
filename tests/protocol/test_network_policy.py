"""What a policy says of tunnels: its one form, its bounds, who talks to whom, what may land."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_material import COMMUNITY, OFFICERS, SITES, network_policies

from baluardo.errors import InvalidInputError
from baluardo.network.tunnel.addresses import site_network
from baluardo.network.tunnel.card import TunnelCard
from baluardo.network.tunnel.place import Place
from baluardo.protocol.network_policy import (
    LandingRule,
    Network,
    NetworkPolicy,
    Topology,
    network_of,
)
from baluardo.protocol.policy import Policy
from baluardo.trust.identity import Identity
from baluardo.trust.strict_json import write_json
from baluardo.trust.wireguard_keys import WireGuardKey

FIRST = Policy.first(COMMUNITY, OFFICERS)
ROME, MILAN, SHIP = "office/rome", "office/milan", "ship/bergamini"
KEY = WireGuardKey.generate().public
PREFIXES = st.integers(4, 32)
HUB = NetworkPolicy(Topology.HUB, frozenset({ROME}))
WHOLE = NetworkPolicy(
    Topology.HUB,
    frozenset({ROME, MILAN}),
    {SHIP: LandingRule(frozenset({"Marsala"}), frozenset({"FR"}))},
    frozenset({SHIP}),
    two_layers=True,
    full_round_hours=12,
    networks={ROME: (network_of("10.1.0.0/16"), network_of("fd12:3456:7::/48"))},
)
DIGEST_BEFORE_TUNNELS = (
    "9f076a367512c2c9f507cede97dbbe0cec2669d0bf9f86b5"
    "8326417197306a6d8d63e0a8be90c45638d6abb71c92d345"
)
"""Of the first policy as it was written before a policy could speak of tunnels."""


def written(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the policy's octets after a change of what stands under `network`."""
    document = json.loads(replace(FIRST, network=WHOLE).to_octets())
    change(document["network"])
    return write_json(document)


def test_a_policy_that_says_nothing_of_tunnels_is_written_as_before() -> None:
    assert "network" not in FIRST.to_object()
    assert FIRST.digest.hex() == DIGEST_BEFORE_TUNNELS
    assert Policy.of_octets(FIRST.to_octets()).network == NetworkPolicy()


def test_the_defaults_written_out_are_another_form_and_refused() -> None:
    document = {**FIRST.to_object(), "network": NetworkPolicy().to_object()}
    with pytest.raises(InvalidInputError, match="one written form"):
        Policy.of_octets(write_json(document))


@given(network_policies())
def test_there_and_back(network: NetworkPolicy) -> None:
    policy = replace(FIRST, network=network)
    read = Policy.of_octets(policy.to_octets())
    assert read.network == network
    assert read.digest == policy.digest
    assert (read.digest == FIRST.digest) == (network == NetworkPolicy())


@pytest.mark.parametrize("change", [
    lambda network: network.pop("hubs"),
    lambda network: network.update(more=1),
    lambda network: network.update(topology="star"),
    lambda network: network.update(topology="mesh"),
    lambda network: network.update(hubs=[]),
    lambda network: network.update(hubs=["office/rome", "office/milan"]),
    lambda network: network.update(hubs=["office/milan", "office/milan", "office/rome"]),
    lambda network: network.update(hubs=["person/anna.rossi/phone"]),
    lambda network: network.update(hubs=["office/../rome"]),
    lambda network: network.update(hubs="office/rome"),
    lambda network: network.update(landing={"office/rome": {}}),
    lambda network: network.update(
        landing={"office/rome": {"gateways": [], "countries_forbidden": []}}
    ),
    lambda network: network.update(
        landing={"office/rome": {"gateways": ["a\x1b"], "countries_forbidden": []}}
    ),
    lambda network: network.update(
        landing={"office/rome": {"gateways": [], "countries_forbidden": ["fr"]}}
    ),
    lambda network: network.update(plain_export=["rome"]),
    lambda network: network.update(two_layers=1),
    lambda network: network.update(full_round_hours=0),
    lambda network: network.update(full_round_hours=169),
    lambda network: network.update(full_round_hours=1.5),
    lambda network: network.update(networks={"office/rome": []}),
    lambda network: network.update(networks={"office/rome": ["10.1.0.1/16"]}),
    lambda network: network.update(networks={"office/rome": ["10.01.0.0/16"]}),
    lambda network: network.update(networks={"office/rome": ["10.1.0.0/255.255.0.0"]}),
    lambda network: network.update(networks={"office/rome": ["10.1.0.5"]}),
    lambda network: network.update(networks={"office/rome": ["0.0.0.0/0"]}),
    lambda network: network.update(networks={"office/rome": ["::/0"]}),
    lambda network: network.update(networks={"office/rome": ["127.0.0.0/8"]}),
    lambda network: network.update(networks={"office/rome": ["224.0.0.0/8"]}),
    lambda network: network.update(networks={"office/rome": ["fe80::/64"]}),
    lambda network: network.update(networks={"office/rome": ["2a02:db8:7::/48"]}),
    lambda network: network.update(networks={"office/rome": ["203.0.113.0/24"]}),
    lambda network: network.update(networks={"office/rome": ["100.64.0.0/16"]}),
    lambda network: network.update(networks={"office/rome": ["fd00::/16"]}),
    lambda network: network.update(networks={"office/rome": ["10.2.0.0/16", "10.1.0.0/16"]}),
    lambda network: network.update(networks={"office/rome": ["10.1.0.0/16", "10.1.0.0/16"]}),
    lambda network: network.update(
        networks={"office/rome": ["10.1.0.0/16"], "office/milan": ["10.1.7.0/24"]}
    ),
    lambda network: network.update(networks={f"office/a{n}": ["10.1.0.0/16"] for n in range(1001)}),
])  # fmt: skip
def test_anything_else_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        Policy.of_octets(written(change))
    assert str(refusal.value).isprintable()


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.sampled_from([ROME, "10.1.0.0/8", "hub"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([*WHOLE.to_object(), ROME]), inner, max_size=4),
))  # fmt: skip
def test_whatever_strangers_write(value: object) -> None:
    """It is refused with a sentence, or it means what it says."""
    try:
        network = NetworkPolicy.of_object(value)
    except InvalidInputError as refusal:
        assert str(refusal).isprintable()
    else:
        assert NetworkPolicy.of_object(network.to_object()) == network


@given(network_policies(), SITES, SITES)
def test_who_talks_to_whom(network: NetworkPolicy, one: str, other: str) -> None:
    assert network.may_talk(one, other) == network.may_talk(other, one)
    assert not network.may_talk(one, one)
    if network.topology is Topology.MESH:
        assert network.may_talk(one, other) == (one != other)


def test_with_a_hub_others_talk_to_it_alone() -> None:
    assert HUB.may_talk(ROME, SHIP)
    assert HUB.may_talk(SHIP, ROME)
    assert not HUB.may_talk(MILAN, SHIP)
    assert HUB.sees_all(ROME)
    assert not HUB.sees_all(SHIP)
    assert not HUB.seen_as(NetworkPolicy())
    assert HUB.seen_as(replace(HUB, two_layers=True))


def test_landing_rules() -> None:
    rule = WHOLE.landing[SHIP]
    assert rule.permits("Marsala", "IT")
    assert not rule.permits("Marsala", "FR")
    assert not rule.permits("Foggia", "IT")
    anywhere_but = LandingRule(countries_forbidden=frozenset({"FR"}))
    assert anywhere_but.permits("Foggia", "IT")
    assert not anywhere_but.permits("Foggia", "FR")


def test_nobody_announces_addresses_of_the_community_itself() -> None:
    own = site_network(Identity.of_path(COMMUNITY, MILAN))
    for each in (own, own.supernet(new_prefix=40), own.supernet(new_prefix=48)):
        with pytest.raises(InvalidInputError, match="come from their names"):
            replace(FIRST, network=NetworkPolicy(networks={ROME: (each,)}))


@given(st.one_of(
    st.builds(
        IPv4Network,
        st.tuples(st.sampled_from([0x0A << 24, 0xAC10 << 16, 0xC0A8 << 16, 203 << 24]), PREFIXES),
        st.just(False),
    ),
    st.builds(
        IPv6Network,
        st.tuples(st.sampled_from([0xFD << 120, 0xFD12_3456 << 96, 0x2A02 << 112]), PREFIXES),
        st.just(False),
    ),
))  # fmt: skip
def test_what_a_policy_allows_a_card_can_announce(network: Network) -> None:
    """One rule for both: a policy in force must not make a site's card impossible."""
    site, place = Identity.of_path(COMMUNITY, ROME), Place.of_text("198.51.100.7:51820")
    alone = TunnelCard(site, (KEY,), (place,), (place,), (), 1, 1.0)
    try:
        replace(FIRST, network=NetworkPolicy(networks={ROME: (network,)}))
    except InvalidInputError as refusal:
        assert "no private network" in str(refusal) or "come from their names" in str(refusal)
        with pytest.raises(InvalidInputError):
            replace(alone, networks=(network,))
    else:
        assert replace(alone, networks=(network,)).networks == (network,)


def test_who_may_have_an_address() -> None:
    assert WHOLE.holder_of(ip_address("10.1.7.9")) == ROME
    assert WHOLE.holder_of(ip_address("fd12:3456:7::1")) == ROME
    assert WHOLE.holder_of(ip_address("10.9.0.1")) is None


def test_networks_that_a_site_may_announce() -> None:
    inner, other = network_of("10.1.7.0/24"), network_of("10.9.0.0/24")
    six = network_of("fd12:3456:7:1::/64")
    assert WHOLE.permitted_networks(ROME, (inner, other, six)) == (inner, six)
    assert WHOLE.permitted_networks(MILAN, (inner,)) == ()
    assert WHOLE.allowed_networks(ROME) == WHOLE.networks[ROME]
    assert WHOLE.allowed_networks(MILAN) == ()
