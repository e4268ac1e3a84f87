"""AES-256 key wrap and PBKDF2-HMAC-SHA512 against what their standards print."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, SealError
from baluardo.trust.primitives import keywrap
from baluardo.trust.secret import Secret

KEK = Secret(bytes(range(32)))
"""The 256-bit key encryption key of RFC 3394 sections 4.3, 4.5 and 4.6."""
KEY_DATA = bytes.fromhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f")
RFC_3394 = {
    # section 4.3
    16: "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7",
    # section 4.5
    24: "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1",
    # section 4.6
    32: "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
}


@pytest.mark.parametrize("octets", RFC_3394)
def test_rfc_3394(octets: int) -> None:
    wrapped = bytes.fromhex(RFC_3394[octets])
    assert keywrap.wrap(KEK, Secret(KEY_DATA[:octets])) == wrapped
    assert keywrap.unwrap(KEK, wrapped) == Secret(KEY_DATA[:octets])


@pytest.mark.parametrize("place", range(24))
def test_an_altered_key_is_refused(place: int) -> None:
    wrapped = bytearray.fromhex(RFC_3394[16])
    wrapped[place] ^= 1
    with pytest.raises(SealError, match="altered"):
        keywrap.unwrap(KEK, bytes(wrapped))


def test_another_key_does_not_unwrap() -> None:
    with pytest.raises(SealError):
        keywrap.unwrap(Secret(bytes(32)), bytes.fromhex(RFC_3394[32]))


@given(st.binary(max_size=64))
def test_no_octets_break_it(wrapped: bytes) -> None:
    with pytest.raises(SealError):
        keywrap.unwrap(KEK, wrapped)


@pytest.mark.parametrize("octets", [0, 8, 15, 17, 31])
def test_lengths_that_cannot_be_wrapped(octets: int) -> None:
    with pytest.raises(InvalidInputError, match="steps of 8"):
        keywrap.wrap(KEK, Secret(bytes(octets)))


@pytest.mark.parametrize("octets", [0, 16, 31, 33])
def test_only_aes_256_wraps(octets: int) -> None:
    for call in (
        lambda: keywrap.wrap(Secret(bytes(octets)), Secret(bytes(32))),
        lambda: keywrap.unwrap(Secret(bytes(octets)), bytes(40)),
    ):
        with pytest.raises(InvalidInputError, match="32 octets"):
            call()


@given(st.binary(max_size=200), st.binary(max_size=80), st.integers(1, 50))
def test_stretching_is_pbkdf2(passphrase: bytes, salt: bytes, rounds: int) -> None:
    expected = hashlib.pbkdf2_hmac("sha512", passphrase, salt, rounds, 32)
    assert keywrap.stretch(Secret(passphrase), salt, rounds) == Secret(expected)


@pytest.mark.parametrize("rounds", [0, -1])
def test_no_rounds_at_all(rounds: int) -> None:
    with pytest.raises(InvalidInputError, match="at least 1 round"):
        keywrap.stretch(Secret(b"x"), b"salt", rounds)
