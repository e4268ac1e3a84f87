"""Sealing keys on the disk: they come back, sealed or open, and nothing else comes with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import CustodyError, ProfileError, TargetError
from baluardo.trust.base64_text import to_base64
from baluardo.trust.custody.jwe import ROUNDS
from baluardo.trust.custody.keyfile import Passphrase, Unlock, Unprotected, seal_secret, write_key
from baluardo.trust.custody.sealing_file import (
    SEALING_SEED,
    load_sealing_key,
    open_sealing_key,
    store_sealing_key,
)
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.sealing import SealingKey, open_sealed, seal
from baluardo.trust.secret import Secret
from baluardo.trust.suites import CNSA, EU_HYBRID, P, Profile, SignatureAlgorithm

SECRET = Secret(b"correct horse battery")
SEALED_BY = Passphrase(SECRET, ROUNDS[0])
UNLOCK = Unlock(lambda _: SECRET)
KEY = SealingKey(EU_HYBRID, Secret(bytes(range(32))))


@pytest.mark.parametrize("profile", [EU_HYBRID, CNSA], ids=lambda each: each.name)
@pytest.mark.parametrize("protection", [SEALED_BY, Unprotected()], ids=["sealed", "open"])
def test_what_was_sealed_before_opens_with_the_key_that_comes_back(
    tmp_path: Path, profile: Profile[P], protection: Passphrase | Unprotected
) -> None:
    key, path = SealingKey.generate(profile), tmp_path / "sealing.key"
    message = seal(b"orders", [key.public], b"test")
    store_sealing_key(path, key, protection)
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_sealed(message, load_sealing_key(path, profile, UNLOCK), b"test") == b"orders"


def test_a_key_of_another_profile_is_refused(tmp_path: Path) -> None:
    store_sealing_key(tmp_path / "key", KEY, Unprotected())
    with pytest.raises(ProfileError, match="eu-hybrid"):
        load_sealing_key(tmp_path / "key", CNSA)


def test_a_key_is_not_replaced_by_accident(tmp_path: Path) -> None:
    path = tmp_path / "key"
    store_sealing_key(path, KEY, Unprotected())
    with pytest.raises(TargetError, match="already there"):
        store_sealing_key(path, SealingKey.generate(EU_HYBRID), Unprotected())
    assert load_sealing_key(path, EU_HYBRID).public == KEY.public
    store_sealing_key(path, SealingKey.generate(EU_HYBRID), Unprotected(), replace=True)
    assert load_sealing_key(path, EU_HYBRID).public != KEY.public


def test_an_open_one_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    store_sealing_key(path, KEY, Unprotected())
    path.chmod(0o640)
    with pytest.raises(CustodyError, match="read by others"):
        load_sealing_key(path, EU_HYBRID)


def test_a_sealed_one_opens_to_its_passphrase_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    store_sealing_key(path, KEY, SEALED_BY)
    assert to_base64(KEY.seed().reveal()).encode() not in path.read_bytes()
    with pytest.raises(CustodyError, match="none was given"):
        load_sealing_key(path, EU_HYBRID)
    with pytest.raises(CustodyError, match="does not open"):
        load_sealing_key(path, EU_HYBRID, Unlock(lambda _: Secret(b"another passphrase")))


def test_a_signing_key_is_no_sealing_key(tmp_path: Path) -> None:
    path, key = tmp_path / "key", SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
    for protection in (SEALED_BY, Unprotected()):
        write_key(path, key, protection, replace=True)
        with pytest.raises(CustodyError):
            load_sealing_key(path, EU_HYBRID, UNLOCK)


@pytest.mark.parametrize(
    "content",
    [
        b'{"profile":"eu-hybrid","seed":"AAAA"}',
        b'{"profile":"eu-hybrid","seed":7391}',
        b'{"profile":"eu-hybrid"}',
        b'{"profile":"eu-hybrid","seed":"","more":1}',
        b'{"seed":',
    ],
)
def test_the_refusal_of_a_damaged_one_shows_nothing_of_it(content: bytes) -> None:
    sealed = seal_secret(Secret(content), SEALED_BY, SEALING_SEED)
    for octets in (content, sealed):
        with pytest.raises(CustodyError) as told:
            open_sealing_key(octets, EU_HYBRID, UNLOCK, "key")
        assert "AAAA" not in str(told.value)
        assert "7391" not in str(told.value)


@given(st.binary(max_size=200))
def test_any_octets_are_refused_with_a_sentence(octets: bytes) -> None:
    for each in (octets, b"{" + octets):
        with pytest.raises(CustodyError):
            open_sealing_key(each, EU_HYBRID, Unlock(), "key")
