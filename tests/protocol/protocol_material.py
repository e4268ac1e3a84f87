"""Strategies and a small state that several tests of the protocol share."""

from __future__ import annotations

import functools
import string

from hypothesis import strategies as st

from baluardo.protocol.grant import Grant
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.terms import Precedence
from baluardo.trust.identity import Kind
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
POLICIES = st.builds(
    Policy,
    st.integers(1, 2**53 - 1),
    st.just(COMMUNITY),
    st.dictionaries(NAMES, GRANTS, max_size=6),
    st.fixed_dictionaries({kind: st.booleans() for kind in Kind}),
    st.dictionaries(NAMES, st.integers(1, 16), max_size=3),
    st.dictionaries(NAMES, ROLES, max_size=3),
)


@functools.cache
def italy() -> TestCommunity:
    return make_community()
