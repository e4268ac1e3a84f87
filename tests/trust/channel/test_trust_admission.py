"""The record by which each end tells the other whether it lets it in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import HandshakeError
from baluardo.trust.channel.admission import (
    ACCEPTED,
    LONGEST_REASON,
    Verdict,
    read_verdict,
    refusal,
)


@given(st.text(min_size=1, max_size=700), st.binary(max_size=20))
def test_a_refusal_is_read_as_it_was_said(reason: str, rest: bytes) -> None:
    sent = refusal(reason)
    verdict = read_verdict(sent + rest)
    assert len(sent) <= 3 + LONGEST_REASON
    assert verdict is not None
    assert verdict.octets == len(sent)
    assert verdict.refusal
    assert verdict.refusal.isprintable()
    if reason.isprintable() and len(reason.encode()) <= LONGEST_REASON:
        assert verdict.refusal == reason


@given(st.text(min_size=1, max_size=80))
def test_a_part_of_a_refusal_waits_for_the_rest(reason: str) -> None:
    sent = refusal(reason)
    assert all(read_verdict(sent[:n]) is None for n in range(len(sent)))


def test_acceptance_is_one_octet() -> None:
    assert read_verdict(ACCEPTED + b"data") == Verdict(None, 1)


@pytest.mark.parametrize(
    "octets",
    [b"\x02", b"\xff" * 40, b"\x01\x02\x01", b"\x01\xff\xff", b"\x01\x00\x01\xff"],
    ids=["another form", "noise", "513 octets", "64 KiB", "no UTF-8"],
)
def test_what_is_no_verdict_is_refused(octets: bytes) -> None:
    with pytest.raises(HandshakeError):
        read_verdict(octets)


@given(st.binary(max_size=600))
def test_arbitrary_octets_are_a_verdict_or_refused(octets: bytes) -> None:
    try:
        verdict = read_verdict(octets)
    except HandshakeError as problem:
        assert str(problem).endswith(".")
    else:
        assert verdict is None or 0 < verdict.octets <= len(octets)
