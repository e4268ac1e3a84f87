"""Where authorities are: stated by an authority alone, strictly read, and never led astray."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_material import italy

from baluardo.errors import BaluardoError, CertificateError, InvalidInputError, SignatureError
from baluardo.protocol.policy_statement import STATEMENT_TYPE
from baluardo.protocol.whereabouts import (
    LOG_VKEY,
    MOST_ADDRESSES,
    PAGES,
    WHEREABOUTS_TYPE,
    StatedWhereabouts,
    read_whereabouts,
)
from baluardo.trust.envelope import Envelope, sign
from baluardo.trust.identity import DAY
from trust.community import NOW

WEB, CHANNEL = "https://roma.italia.example", "roma.example:7000"
STATED = StatedWhereabouts(
    (WEB,), (CHANNEL, "[::1]:1"), "italia.example", b"key", b"", 3, bytes(48)
)


def read(envelope: Envelope, now: float = NOW) -> StatedWhereabouts:
    return read_whereabouts(envelope, italy().verifier(), now)


def stated(**changes: Any) -> StatedWhereabouts:
    return replace(STATED, **changes)


def test_what_an_authority_states_is_read() -> None:
    for each in (STATED, stated(pages=b"root", addresses=(), channels=())):
        assert read(each.sign(italy().credential("authority/roma"))) == each
    assert STATED.files() == {LOG_VKEY: b"key"}
    assert stated(pages=b"root", log_vkey=b"").files() == {PAGES: b"root"}


def test_nobody_else_states_it() -> None:
    with pytest.raises(InvalidInputError, match="is no authority"):
        STATED.sign(italy().credential("office/roma"))
    genuine = STATED.sign(italy().credential("authority/roma"))
    others = sign(genuine.payload, WHEREABOUTS_TYPE, italy().credential("ship/bergamini"))
    with pytest.raises(CertificateError, match="and is none"):
        read(others)
    with pytest.raises(SignatureError):
        read(replace(genuine, payload=genuine.payload.replace(b"roma.example", b"evil.example")))
    with pytest.raises(SignatureError, match="expected"):
        read(sign(genuine.payload, STATEMENT_TYPE, italy().credential("authority/roma")))
    with pytest.raises(CertificateError):
        read(genuine, NOW + 100 * DAY)


@pytest.mark.parametrize(
    "changes",
    [
        {"channels": ("roma.example:0",)},
        {"channels": ("roma.example",)},
        {"addresses": ("http://roma.example",)},
        {"addresses": (WEB,) * (MOST_ADDRESSES + 1)},
        {"domain": ""},
        {"domain": "a\nb"},
        {"log_vkey": bytes(1 << 20)},
        {"policy": -1},
        {"policy_digest": bytes(47)},
    ],
)
def test_what_leads_nowhere_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        stated(**changes)


@given(payload=st.binary(max_size=200) | st.just(b'{"domain":"d","more":1}'))
@settings(max_examples=60, deadline=None)
def test_any_octets_that_an_authority_signs(payload: bytes) -> None:
    with pytest.raises(BaluardoError):
        read(sign(payload, WHEREABOUTS_TYPE, italy().credential("authority/roma")))
