"""HPKE with hybrid keys against the published vectors of draft-ietf-hpke-pq."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.bindings._rust import openssl
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, SealError
from baluardo.trust.primitives import hpke
from baluardo.trust.primitives.hpke import HpkePrivateKey, HpkePublicKey, sealed_octets
from baluardo.trust.secret import Secret
from baluardo.trust.suites import CNSA, EU_HYBRID, SealingSuite

# Registered numbers (RFC 9180 section 7, draft-ietf-hpke-pq section 4).
KEMS = {0x647A: "MLKEM768_X25519", 0x0051: "MLKEM1024_P384"}
KDFS = {1: "HKDF_SHA256", 2: "HKDF_SHA384"}
AEADS = {2: "AES_256_GCM", 3: "CHACHA20_POLY1305"}

SUITES = pytest.mark.parametrize("suite", [EU_HYBRID.sealing, CNSA.sealing], ids=lambda s: s.kem)
KEYS = {
    suite.kem: HpkePrivateKey(suite, Secret(bytes(32)))
    for suite in (EU_HYBRID.sealing, CNSA.sealing)
}


def published(vectors: Path) -> list[tuple[SealingSuite, dict[str, Any]]]:
    """Suites and values of the vectors; tests/vectors/trust/hpke_pq.json names their source."""
    entries = json.loads((vectors / "trust" / "hpke_pq.json").read_text())["vectors"]
    return [
        (
            SealingSuite(KEMS[e["kem_id"]], KDFS[e["kdf_id"]], AEADS[e["aead_id"]]),
            {k: bytes.fromhex(v) for k, v in e.items() if isinstance(v, str)},
        )
        for e in entries
    ]


def test_both_encapsulations_are_covered(vectors: Path) -> None:
    suites = [suite for suite, _ in published(vectors)]
    assert {suite.kem for suite in suites} == set(KEMS.values())
    assert CNSA.sealing in suites, "the whole suite of cnsa, not its encapsulation alone"


def test_keys_grow_from_published_seeds(vectors: Path) -> None:
    for suite, vector in published(vectors):
        key = HpkePrivateKey(suite, Secret(vector["skRm"]))
        assert key.public.octets == vector["pkRm"]


def test_published_messages_open(vectors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They carry associated data, which the library's public call does not take."""
    for suite, vector in published(vectors):
        key = HpkePrivateKey(suite, Secret(vector["skRm"]))
        sealed = vector["enc"] + vector["ct"]
        assert len(sealed) == sealed_octets(suite, len(vector["pt"]))
        with pytest.raises(SealError):
            key.open(sealed, vector["info"])
        monkeypatch.setattr(hpke, "_suite", lambda s, v=vector: _WithData(s, v["aad"]))
        assert key.open(sealed, vector["info"]) == vector["pt"]
        with pytest.raises(SealError):
            key.open(sealed, vector["info"] + b"!")
        monkeypatch.undo()


class _WithData:
    """A suite that opens with associated data, as the vectors were made."""

    def __init__(self, suite: SealingSuite, data: bytes) -> None:
        self._suite = openssl.hpke.Suite(
            getattr(openssl.hpke.KEM, suite.kem),
            getattr(openssl.hpke.KDF, suite.kdf),
            getattr(openssl.hpke.AEAD, suite.aead),
        )
        self._data = data

    def decrypt(self, sealed: bytes, key: Any, info: bytes) -> bytes:
        return openssl.hpke._decrypt_with_aad(self._suite, sealed, key, info, self._data)


@SUITES
def test_round_trip(suite: SealingSuite) -> None:
    key = HpkePrivateKey.generate(suite)
    sealed = HpkePublicKey(suite, key.public.octets).seal(b"plain", b"info")
    assert len(sealed) == sealed_octets(suite, 5)
    assert HpkePrivateKey(suite, key.seed).open(sealed, b"info") == b"plain"
    for other, info in ((key, b"else"), (KEYS[suite.kem], b"info")):
        with pytest.raises(SealError):
            other.open(sealed, info)


@SUITES
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_altered_or_arbitrary_octets_do_not_open(suite: SealingSuite, data: st.DataObject) -> None:
    key = KEYS[suite.kem]
    sealed = bytearray(key.public.seal(b"plain", b""))
    at = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[at // 8] ^= 1 << at % 8
    cut = data.draw(st.integers(0, len(sealed)))
    for hostile in (bytes(sealed), bytes(sealed[:cut]), data.draw(st.binary())):
        with pytest.raises(SealError):
            key.open(hostile, b"")


@SUITES
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_public_keys_are_read_or_refused(suite: SealingSuite, data: st.DataObject) -> None:
    octets = bytearray(KEYS[suite.kem].public.octets)
    at = data.draw(st.integers(0, 8 * len(octets) - 1))
    octets[at // 8] ^= 1 << at % 8
    with contextlib.suppress(InvalidInputError):
        assert HpkePublicKey(suite, bytes(octets)).octets == bytes(octets)
    for hostile in (bytes(octets[:at]), data.draw(st.binary())):
        if len(hostile) != len(octets):
            with pytest.raises(InvalidInputError, match="octets"):
                HpkePublicKey(suite, hostile)


def test_impossible_keys_are_refused() -> None:
    x_wing = KEYS["MLKEM768_X25519"].public.octets
    nobody = HpkePublicKey(EU_HYBRID.sealing, x_wing[:1184] + bytes(32))  # RFC 7748 section 6.1
    with pytest.raises(InvalidInputError, match="nobody"):
        nobody.seal(b"", b"")
    p384 = KEYS["MLKEM1024_P384"].public.octets
    for hostile in (
        b"\xff" * 1184 + x_wing[1184:],  # coefficients beyond q (FIPS 203 section 7.2)
        bytes(1184 + 32 + 1),
    ):
        with pytest.raises(InvalidInputError):
            HpkePublicKey(EU_HYBRID.sealing, hostile)
    for head in (b"\x02", b"\x00", b"\x05"):
        with pytest.raises(InvalidInputError):
            HpkePublicKey(CNSA.sealing, p384[:1568] + head + p384[1569:])
    with pytest.raises(InvalidInputError):
        HpkePrivateKey(CNSA.sealing, Secret(bytes(31)))
    with pytest.raises(InvalidInputError, match="no key encapsulation"):
        HpkePrivateKey.generate(SealingSuite("X25519", "HKDF_SHA256", "AES_256_GCM"))


def test_keys_show_nothing() -> None:
    key = HpkePrivateKey.generate(EU_HYBRID.sealing)
    assert repr(key) == "<HpkePrivateKey MLKEM768_X25519>"
    assert key.seed.reveal().hex() not in repr(key.seed)
