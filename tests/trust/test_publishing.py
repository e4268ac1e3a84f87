"""A sealing key under its owner's certificate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import (
    CertificateError,
    ExpiredError,
    ProfileError,
    RevokedError,
    SignatureError,
)
from baluardo.trust.certificates.revocation import Revocation
from baluardo.trust.envelope import Envelope, add_signature, sign
from baluardo.trust.identity import DAY
from baluardo.trust.publishing import SEALING_KEY_TYPE, publish_sealing_key, read_sealing_key
from baluardo.trust.sealing import SealingKey, open_sealed, seal
from baluardo.trust.suites import CNSA, EU_HYBRID
from trust.community import NOW, make_community

COMMUNITY = make_community()
SHIP = COMMUNITY.credential("ship/bergamini")
KEY = SealingKey.generate(EU_HYBRID)


def test_who_reads_the_statement_seals_to_its_owner() -> None:
    statement = Envelope.of_json(publish_sealing_key(KEY.public, SHIP).to_json())
    peer, public = read_sealing_key(statement, EU_HYBRID, COMMUNITY.verifier(), NOW)
    assert peer.identity == SHIP.identity
    message = seal(b"position", [public], b"orders")
    assert open_sealed(message, KEY, b"orders") == b"position"


def test_statement_ends_with_its_certificate() -> None:
    statement = publish_sealing_key(KEY.public, SHIP)
    serial = SHIP.chain.leaf.serial
    revoking = COMMUNITY.revoking({serial: Revocation(NOW)})
    with pytest.raises(RevokedError):
        read_sealing_key(statement, EU_HYBRID, revoking.verifier(), NOW)
    with pytest.raises(ExpiredError):
        read_sealing_key(statement, EU_HYBRID, COMMUNITY.verifier(), NOW + 70 * DAY)


def test_another_profile_is_refused() -> None:
    with pytest.raises(ProfileError):
        read_sealing_key(publish_sealing_key(KEY.public, SHIP), CNSA, COMMUNITY.verifier(), NOW)
    weaker = publish_sealing_key(SealingKey.generate(CNSA).public, SHIP)
    for profile in (EU_HYBRID, CNSA):
        with pytest.raises(ProfileError):
            read_sealing_key(weaker, profile, COMMUNITY.verifier(), NOW)  # type: ignore[type-var]


def test_nobody_publishes_for_another() -> None:
    statement = publish_sealing_key(KEY.public, SHIP)
    other = publish_sealing_key(SealingKey.generate(EU_HYBRID).public, SHIP)
    swapped = Envelope(other.payload, other.payload_type, statement.signatures)
    with pytest.raises(SignatureError):
        read_sealing_key(swapped, EU_HYBRID, COMMUNITY.verifier(), NOW)
    two = add_signature(statement, COMMUNITY.credential("ship/fasan"))
    with pytest.raises(CertificateError, match="one member alone"):
        read_sealing_key(two, EU_HYBRID, COMMUNITY.verifier(), NOW)


@given(st.binary(max_size=64))
def test_any_payload_is_refused_with_a_sentence(payload: bytes) -> None:
    envelope = sign(payload, SEALING_KEY_TYPE, SHIP)
    with pytest.raises(CertificateError, match="publishes no sealing key"):
        read_sealing_key(envelope, EU_HYBRID, COMMUNITY.verifier(), NOW)
