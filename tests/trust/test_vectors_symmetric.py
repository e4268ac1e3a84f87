"""AES-256-GCM and HKDF-SHA384 against Wycheproof."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from baluardo.errors import InvalidInputError, SealError
from baluardo.trust.labels import Label
from baluardo.trust.primitives import aead, hashing
from baluardo.trust.secret import Secret

FOLDER = Path(__file__).parents[1] / "vectors" / "trust"
GCM = json.loads((FOLDER / "aes_256_gcm.json").read_text(encoding="utf-8"))
HKDF = json.loads((FOLDER / "hkdf_sha384.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", GCM, ids=lambda v: f"tc{v['tcId']}")
def test_aes_256_gcm(vector: dict[str, Any]) -> None:
    key = Secret(bytes.fromhex(vector["key"]))
    nonce, associated, message = (bytes.fromhex(vector[k]) for k in ("iv", "aad", "msg"))
    sealed = bytes.fromhex(vector["ct"] + vector["tag"])
    if len(nonce) != aead.NONCE_OCTETS:  # good or bad: we make and take no other length
        for call in (aead.encrypt, aead.decrypt):
            with pytest.raises(InvalidInputError):
                call(key, nonce, sealed, associated)
    elif vector["result"] == "valid":
        assert aead.encrypt(key, nonce, message, associated) == sealed
        assert aead.decrypt(key, nonce, sealed, associated) == message
    else:
        with pytest.raises(SealError):
            aead.decrypt(key, nonce, sealed, associated)


def test_the_vectors_are_of_both_kinds() -> None:
    usable = [v["result"] for v in GCM if len(v["iv"]) == 2 * aead.NONCE_OCTETS]
    assert usable.count("valid") > 30
    assert usable.count("invalid") > 20
    assert any(v["flags"] == ["CounterWrap"] for v in GCM)


@pytest.mark.parametrize("octets", range(aead.TAG_OCTETS + 1))
def test_what_is_shorter_than_a_tag_is_no_message(octets: int) -> None:
    with pytest.raises(SealError):
        aead.decrypt(Secret(bytes(32)), bytes(12), bytes(octets), b"")


def rfc_5869(ikm: bytes, salt: bytes, info: bytes, octets: int) -> bytes:
    """HKDF-SHA384 as RFC 5869 section 2 writes it, by the standard library's HMAC."""
    prk = hmac.digest(salt or bytes(48), ikm, hashlib.sha384)
    okm = block = b""
    for counter in range(1, -(-octets // 48) + 1):
        block = hmac.digest(prk, block + info + bytes([counter]), hashlib.sha384)
        okm += block
    return okm[:octets]


@pytest.mark.parametrize(
    "vector", [v for v in HKDF if v["result"] == "valid"], ids=lambda v: f"tc{v['tcId']}"
)
def test_hkdf(vector: dict[str, Any]) -> None:
    """The paper's form passes Wycheproof; ours, which frames its labels, equals the paper's."""
    ikm, salt, info = (bytes.fromhex(vector[k]) for k in ("ikm", "salt", "info"))
    assert rfc_5869(ikm, salt, info, vector["size"]).hex() == vector["okm"]
    for label in Label:
        framed = bytes([len(label.value)]) + label.value + info
        derived = hashing.derive(Secret(ikm), label, info, vector["size"])
        assert derived == Secret(rfc_5869(ikm, b"", framed, vector["size"]))


def test_longest_derivation() -> None:
    longest = 255 * 48
    assert len(hashing.derive(Secret(bytes(32)), Label.RECORD_KEY, b"", longest)) == longest
    with pytest.raises(InvalidInputError):
        hashing.derive(Secret(bytes(32)), Label.RECORD_KEY, b"", longest + 1)


# FIPS 180-4 examples by NIST (csrc.nist.gov, "Example Algorithms", SHA256.pdf and SHA384.pdf).
def test_hashes() -> None:
    assert hashing.sha256(b"abc").hex() == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert hashing.sha384(b"abc").hex() == (
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
        "8086072ba1e7cc2358baeca134c825a7"
    )
