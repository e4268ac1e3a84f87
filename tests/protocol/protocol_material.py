"""Strategies and a small state that several tests of the protocol share."""

from __future__ import annotations

import functools
import string

from hypothesis import strategies as st

from baluardo.protocol.grant import Grant
from baluardo.protocol.network_policy import (
    LandingRule,
    Network,
    NetworkPolicy,
    Topology,
    network_of,
)
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.terms import Precedence
from baluardo.trust.identity import ADMITTED
from trust.community import TestCommunity, make_community

OFFICERS = ("anna.rossi", "bruno.bianchi")
COMMUNITY = "italia.example"
FIRST = Policy.first(COMMUNITY, OFFICERS)

NAMES = st.builds(
    str.__add__,
    st.sampled_from(string.ascii_lowercase + string.digits),
    st.text(string.ascii_lowercase + string.digits + "._-", max_size=20),
)
ROLES = st.frozensets(st.sampled_from(Role))
GRANTS = st.builds(
    Grant,
    ROLES,
    st.sampled_from(Precedence),
    st.lists(st.sampled_from(["IT", "IT-RM", "FR", "FR-75", "DE-BY"]), max_size=4).map(tuple),
)
SITES = st.builds("{}/{}".format, st.sampled_from(["office", "ship"]), NAMES)
GATEWAYS = st.frozensets(st.sampled_from(["Marsala", "Foggia", "Milano Large"]), min_size=1)
COUNTRIES = st.frozensets(st.sampled_from(["FR", "HR", "LY"]))
NETWORKS = [network_of(text) for text in ("10.1.0.0/16", "10.2.0.0/16", "fd12:3456:7::/48")]


@st.composite
def networks_of_sites(draw: st.DrawFn) -> dict[str, tuple[Network, ...]]:
    """Return networks by site, none of them two sites'."""
    owners = draw(st.lists(SITES, min_size=len(NETWORKS), max_size=len(NETWORKS)))
    found: dict[str, tuple[Network, ...]] = {}
    for owner, network in zip(owners, NETWORKS, strict=True):
        if draw(st.booleans()):
            found[owner] = (network, *found.get(owner, ()))
    return found


@st.composite
def network_policies(draw: st.DrawFn) -> NetworkPolicy:
    """Return what a policy may say of tunnels, the defaults often."""
    hubs = draw(st.just(frozenset[str]()) | st.frozensets(SITES, min_size=1, max_size=3))
    return NetworkPolicy(
        Topology.HUB if hubs else Topology.MESH,
        hubs,
        draw(st.dictionaries(SITES, st.builds(LandingRule, GATEWAYS, COUNTRIES), max_size=2)),
        draw(st.frozensets(SITES, max_size=2)),
        draw(st.booleans()),
        draw(st.integers(1, 168)),
        draw(networks_of_sites()),
    )


POLICIES = st.builds(
    Policy,
    st.integers(1, 2**53 - 1),
    st.just(COMMUNITY),
    st.dictionaries(NAMES, GRANTS, max_size=6),
    st.fixed_dictionaries({kind: st.booleans() for kind in ADMITTED}),
    st.dictionaries(NAMES, st.integers(1, 16), max_size=3),
    st.dictionaries(NAMES, ROLES, max_size=3),
    st.builds(NetworkPolicy) | network_policies(),
)


@functools.cache
def italy() -> TestCommunity:
    return make_community()
