"""Probes: small, authentic, each taken once."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, SealError
from baluardo.trust.probe_seal import PROBE_OVERHEAD, ProbeSeal
from baluardo.trust.records import RecordOpener, Role
from baluardo.trust.secret import Secret

KEY = Secret(bytes(range(32)))


@given(st.lists(st.binary(max_size=1_400), max_size=10))
def test_probes_arrive_once_in_any_order(payloads: list[bytes]) -> None:
    here, there = ProbeSeal(KEY), ProbeSeal(KEY)
    sealed = [here.seal(payload) for payload in payloads]
    order = list(range(len(sealed)))
    random.Random(1).shuffle(order)  # noqa: S311 - an order, no secret
    for place in order:
        assert (
            len(sealed[place]) == len(payloads[place]) + PROBE_OVERHEAD <= len(payloads[place]) + 32
        )
        assert there.open(sealed[place]) == payloads[place]
        with pytest.raises(SealError, match="seen before"):
            there.open(sealed[place])


def test_every_injury_is_refused_and_uses_nothing_up() -> None:
    here, there = ProbeSeal(KEY), ProbeSeal(KEY)
    sealed = here.seal(b"how far")
    for place in range(8 * len(sealed)):
        injured = bytearray(sealed)
        injured[place // 8] ^= 1 << place % 8
        with pytest.raises(SealError):
            there.open(bytes(injured))
    for cut in range(len(sealed)):
        with pytest.raises(SealError):
            there.open(sealed[:cut])
    assert there.open(sealed) == b"how far"


@given(st.binary(max_size=200))
def test_octets_of_anybody_are_refused(octets: bytes) -> None:
    with pytest.raises(SealError):
        ProbeSeal(KEY).open(octets)


def test_other_keys_and_records_beside_a_channel_are_no_probes() -> None:
    sealed = ProbeSeal(KEY).seal(b"probe")
    with pytest.raises(SealError):
        ProbeSeal(Secret(bytes(32))).open(sealed)
    with pytest.raises(SealError):
        RecordOpener(KEY, Role.RESPONDER).open(sealed)
    with pytest.raises(InvalidInputError):
        ProbeSeal(Secret(b"short"))
