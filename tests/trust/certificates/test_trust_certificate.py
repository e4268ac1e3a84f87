"""Certificates and chains as typed values, and the text armour around them."""

from __future__ import annotations

import base64
import contextlib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import CertificateError, InvalidInputError, ProfileError
from baluardo.trust.certificates.certificate import (
    LARGEST_CERTIFICATE,
    LARGEST_CHAIN,
    LONGEST_CHAIN,
    Certificate,
    Chain,
    certificates_of_pem,
)
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.dates import shown, to_x509
from baluardo.trust.certificates.pem import CERTIFICATE, armour, blocks
from baluardo.trust.certificates.signatures import check_issued
from baluardo.trust.identity import DAY
from baluardo.trust.primitives.hashing import sha256
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import EU_HYBRID, SignatureAlgorithm
from trust.community import NOW, TestCommunity, make_community

COMMUNITY = make_community()
CHAIN = COMMUNITY.credential("ship/bergamini").chain
DER = CHAIN.leaf.der()
PEM = CHAIN.pem().encode()


@pytest.fixture(scope="module")
def community() -> TestCommunity:
    return COMMUNITY


def test_a_published_certificate(vectors: Path) -> None:
    """RFC 9881 appendix C: ML-DSA-65, self-signed with the key grown from 00 01 02 ... 1f."""
    certificate = Certificate.of_pem((vectors / "trust" / "rfc9881_mldsa65.pem").read_bytes())
    seed = Secret(bytes(range(32)))
    assert certificate.key == SigningKey.from_seed(SignatureAlgorithm.ML_DSA_65, seed).public
    assert certificate.subject == "LAMPS WG"
    assert certificate.is_authority
    assert certificate.identity is None
    assert certificate.names == ()
    assert shown(certificate.not_before) == "2020-02-03 04:32 UTC"
    assert shown(certificate.not_after) == "2040-01-29 04:32 UTC"
    check_issued(certificate, certificate)


def test_what_a_certificate_tells(community: TestCommunity) -> None:
    leaf = CHAIN.leaf
    assert leaf.fingerprint == sha256(leaf.der())
    assert leaf.serial == leaf.x509.serial_number
    assert (leaf.not_before, leaf.not_after) == (NOW, NOW + 30 * DAY)
    assert leaf.subject == "ship/bergamini"
    assert leaf.identity == community.identity("ship/bergamini")
    assert leaf.names == ("spiffe://italia.example/ship/bergamini",)
    assert not leaf.is_authority
    assert len(leaf.key_id) == 32
    assert community.issuer.is_authority
    assert repr(leaf) == f"<Certificate 'ship/bergamini' {leaf.serial:x}>"


def test_there_and_back() -> None:
    assert Certificate.of_der(DER) == CHAIN.leaf
    assert Certificate.of_pem(CHAIN.leaf.pem()) == CHAIN.leaf
    assert hash(Certificate.of_der(DER)) == hash(CHAIN.leaf)
    assert Chain.of_pem(PEM) == Chain.of_pem(PEM.decode()) == Chain.of_ders(CHAIN.ders()) == CHAIN
    assert certificates_of_pem("") == []


def test_a_chain_is_bounded() -> None:
    longest = (DER,) * LONGEST_CHAIN
    assert len(Chain.of_ders(longest).certificates) == LONGEST_CHAIN
    with pytest.raises(CertificateError, match="A chain has"):
        Chain.of_ders((*longest, DER))
    with pytest.raises(CertificateError, match="A chain has"):
        Chain(CHAIN.leaf, (CHAIN.leaf,) * LONGEST_CHAIN)
    with pytest.raises(CertificateError, match="A chain has"):
        Chain.of_ders(())
    with pytest.raises(CertificateError, match="longer than"):
        Chain.of_pem(b" " * (LARGEST_CHAIN + 1))
    with pytest.raises(CertificateError, match="at most"):
        Certificate.of_der(bytes(LARGEST_CERTIFICATE + 1))
    with pytest.raises(CertificateError, match="One certificate is expected"):
        Certificate.of_pem(PEM)


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\nand more",
        "A note\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "\N{HANGUL SYLLABLE GA}",
    ],
)
def test_armour_that_is_none(text: str) -> None:
    with pytest.raises(CertificateError):
        Chain.of_pem(text)
    with pytest.raises(CertificateError):
        Chain.of_pem(text.encode())


@given(st.lists(st.tuples(st.sampled_from(["CERTIFICATE", "X509 CRL"]), st.binary(max_size=200))))
def test_armour_there_and_back(content: list[tuple[str, bytes]]) -> None:
    text = "".join(armour(der, label) for label, der in content)
    assert blocks(text, 100_000) == content
    assert blocks(text.replace("\n", "\r\n"), 100_000) == content


def test_armour_is_that_of_rfc_7468() -> None:
    lines = armour(bytes(60), CERTIFICATE).splitlines()
    assert [len(line) for line in lines[1:-1]] == [64, 16]
    assert base64.b64decode("".join(lines[1:-1])) == bytes(60)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_octets_are_no_certificate(octets: bytes) -> None:
    with pytest.raises(CertificateError):
        Certificate.of_der(octets)
    for read in (Certificate.of_pem, Chain.of_pem):
        with pytest.raises(CertificateError):
            read(octets)


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_damaged_certificate_reads_or_is_refused(data: st.DataObject) -> None:
    """The key and the signature are long and dull: most blows fall on the structure before them."""
    damaged = bytearray(DER)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, 200) | st.integers(2_000, len(DER) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(DER), len(DER) - 1, 100]))
    try:
        certificate = Certificate.of_der(bytes(damaged[:cut]))
    except (CertificateError, ProfileError):
        return
    assert certificate.serial > 0
    assert isinstance(certificate.subject, str)


def test_a_certificate_has_one_encoding() -> None:
    """The count of unused bits before a signature is not signed, and parsers pass over it."""
    for _ in range(64):
        leaf = COMMUNITY.credential("ship/bergamini").chain.leaf
        if leaf.x509.signature[-1] % 2 == 0:
            break
    twin = bytearray(leaf.der())
    place = len(twin) - len(leaf.x509.signature) - 1
    assert twin[place] == 0
    twin[place] = 1
    with pytest.raises(CertificateError, match="not of whole octets"):
        Certificate.of_der(bytes(twin))


@settings(max_examples=100, deadline=None)
@given(place=st.integers(0, len(PEM) - 1), octet=st.integers(0, 255))
def test_a_damaged_chain_reads_or_is_refused(place: int, octet: int) -> None:
    damaged = bytearray(PEM)
    damaged[place] = octet
    with contextlib.suppress(CertificateError, ProfileError):
        Chain.of_pem(bytes(damaged))


def test_a_certificate_of_another_curve_is_of_no_profile() -> None:
    """P-256, as a public web server would show."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "web")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(to_x509(NOW))
        .not_valid_after(to_x509(NOW + DAY))
        .sign(key, hashes.SHA256())
    )
    with pytest.raises(ProfileError, match="of a kind that no profile lists"):
        Certificate(signed)


@pytest.mark.parametrize("time", [-1.0, 1e12, float("nan"), float("inf")])
def test_impossible_times(time: float) -> None:
    with pytest.raises(InvalidInputError, match="between 1970 and 9999"):
        to_x509(time)
    assert shown(time) == "a time beyond all calendars"


def test_a_credential_renews_at_two_thirds_of_life(community: TestCommunity) -> None:
    credential = community.credential("office/roma")
    assert credential.identity.path == "office/roma"
    assert credential.renew_at == pytest.approx(NOW + 7 * DAY * 2 / 3)
    assert not credential.due(NOW + 4 * DAY)
    assert credential.due(NOW + 5 * DAY)
    shorter = community.credential("office/roma", life=3 * DAY)
    assert shorter.renew_at == pytest.approx(NOW + 2 * DAY)


def test_a_credential_is_a_pair(community: TestCommunity) -> None:
    one, other = community.credential("office/roma"), community.credential("office/roma")
    with pytest.raises(CertificateError, match="not the key of"):
        Credential(one.chain, other.key)
    with pytest.raises(CertificateError, match="names no member"):
        Credential(Chain(community.issuer), community.issuer_key)
    assert "Secret" not in repr(one)
    assert "SigningKey ML-DSA-65" in repr(one)
    assert EU_HYBRID.certificates.leaf is one.key.algorithm
