"""XML signatures: genuine ones of those who are believed, over the whole document, and no other."""

from __future__ import annotations

import datetime
import functools
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import SignatureReference, XMLSigner

from baluardo.errors import (
    CertificateError,
    ExpiredError,
    InvalidInputError,
    ProfileError,
    SignatureError,
)
from baluardo.trust.certificates.pinned import PinnedCertificate
from baluardo.trust.certificates.xml_seal import RENEW_BEFORE, SEAL_LIFE, XmlSeal, make_xml_seal
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import SignatureAlgorithm
from baluardo.trust.xml_signature import LARGEST, sign_xml, verify_xml

NOW = 1_767_225_600.0
DAY = 86_400.0
DOCUMENT = (
    b'<?xml version="1.0" encoding="utf-8"?>\n'
    b'<alert xmlns="urn:x" xmlns:unused="urn:y">\n'
    b'  <a b="1">t\xc3\xa8st</a><!-- c --><c/>\n</alert>\n'
)
COVERED = b'<alert xmlns="urn:x">\n  <a b="1">t\xc3\xa8st</a><c></c>\n</alert>'
EXCLUSIVE = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0


def certificate_of(key: Any, name: str, digest: Any = None) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    at = datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(at - datetime.timedelta(days=1))
        .not_valid_after(at + datetime.timedelta(days=1))
        .sign(key, digest)
    )


@functools.cache
def ours() -> tuple[XmlSeal, PinnedCertificate]:
    seal = make_xml_seal(Identity("italia.example", Kind.SENDER, "exercise"), NOW)
    return seal, PinnedCertificate(seal.certificate.der())


def pinned(certificate: x509.Certificate) -> PinnedCertificate:
    return PinnedCertificate(certificate.public_bytes(serialization.Encoding.DER))


@functools.cache
def signed() -> bytes:
    return sign_xml(DOCUMENT, ours()[0])


@functools.cache
def foreign(kind: str) -> tuple[Any, x509.Certificate]:
    key: Any = {
        "rsa": lambda: rsa.generate_private_key(65_537, 2_048),
        "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    }[kind]()
    return key, certificate_of(key, f"Someone's {kind}", hashes.SHA256())


def signed_by(kind: str, document: bytes = DOCUMENT, *, show: bool = True, **values: Any) -> bytes:
    key, certificate = foreign(kind)
    reference = values.pop("reference_uri", None)
    method = SignatureMethod.RSA_SHA256 if kind == "rsa" else SignatureMethod.ECDSA_SHA256
    chosen = {
        "signature_algorithm": method,
        "digest_algorithm": DigestAlgorithm.SHA256,
        "c14n_algorithm": EXCLUSIVE,
        **values,
    }
    root = etree.fromstring(document)
    made = XMLSigner(**chosen).sign(
        root, key=key, cert=[certificate] if show else None, reference_uri=reference
    )
    return bytes(etree.tostring(made, encoding="utf-8", xml_declaration=True))


def believed(octets: bytes, kind: str = "p256", now: float = NOW) -> bytes:
    return verify_xml(octets, [ours()[1], pinned(foreign(kind)[1])], now).octets


def test_what_is_signed_is_verified_and_returned_alone() -> None:
    found = verify_xml(signed(), [ours()[1]], NOW)
    assert found.octets == COVERED
    assert found.signer == ours()[1]
    assert b"Signature" not in found.octets


def test_the_signature_is_what_it_says() -> None:
    for said in (
        b"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
        b"http://www.w3.org/2001/04/xmldsig-more#sha384",
        b"http://www.w3.org/2001/10/xml-exc-c14n#",
        b'URI=""',
    ):
        assert said in signed()
    root = etree.fromstring(signed())
    assert root[-1].tag == "{http://www.w3.org/2000/09/xmldsig#}Signature"


@pytest.mark.skipif(shutil.which("xmlsec1") is None, reason="xmlsec1 is not installed")
def test_another_library_verifies_it(tmp_path: Path) -> None:
    (tmp_path / "signed.xml").write_bytes(signed())
    (tmp_path / "signer.pem").write_text(ours()[1].pem())
    subprocess.run(
        ["xmlsec1", "--verify", "--pubkey-cert-pem", "signer.pem", "signed.xml"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=60,
    )


@pytest.mark.parametrize("kind", ["rsa", "p256", "p384"])
@pytest.mark.parametrize("show", [True, False])
def test_others_who_are_pinned_are_believed(kind: str, show: bool) -> None:
    assert believed(signed_by(kind, show=show), kind) == COVERED


def test_only_pinned_signers_are_believed() -> None:
    with pytest.raises(CertificateError, match="not among those who are believed"):
        verify_xml(signed(), [pinned(foreign("rsa")[1])], NOW)
    with pytest.raises(CertificateError, match="not among"):
        verify_xml(signed(), [], NOW)
    # A signature that names a pinned signer, and is another's.
    shown = re.search(rb"X509Certificate>([^<]+)<", signed())
    mine = re.search(rb"X509Certificate>([^<]+)<", signed_by("p384"))
    assert shown
    assert mine
    for octets in (
        signed_by("p384").replace(mine[1], shown[1]),
        signed_by("p384", show=False),
    ):
        with pytest.raises(SignatureError, match="not genuine"):
            verify_xml(octets, [ours()[1]], NOW)


def test_a_signer_is_believed_while_the_certificate_holds() -> None:
    for now in (NOW - 2 * DAY, NOW + SEAL_LIFE + 2 * DAY):
        with pytest.raises(ExpiredError, match="sender/exercise of italia"):
            verify_xml(signed(), [ours()[1]], now)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"t\xc3\xa8st", b"tost"),
        (b'b="1"', b'b="2"'),
        (b"<c/>", b""),
        (b"<c/>", b"<c/><c/>"),
        (b"urn:x", b"urn:z"),
        (b"DigestValue>", b"DigestValue>A"),
        (b"SignatureValue>", b"SignatureValue>A"),
        (b"#ecdsa-sha384", b"#ecdsa-sha256"),
        (b"#ecdsa-sha384", b"#hmac-sha384"),
        (b"#ecdsa-sha384", b"#none"),
        (b"xmldsig-more#sha384", b"xmldsig-more#sha224"),
    ],
)
def test_injured_documents_are_refused(old: bytes, new: bytes) -> None:
    assert old in signed()
    with pytest.raises(SignatureError):
        verify_xml(signed().replace(old, new, 1), [ours()[1]], NOW)


def test_every_octet_that_matters_matters() -> None:
    """Whatever is changed, what comes out is what was signed, or nothing."""
    octets = signed()
    for at in range(0, len(octets), 3):
        injured = octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]
        try:
            assert verify_xml(injured, [ours()[1]], NOW).octets == COVERED
        except (SignatureError, CertificateError, InvalidInputError) as refusal:
            assert str(refusal).isprintable()


@pytest.mark.parametrize(
    "values",
    [
        {"signature_algorithm": SignatureMethod.ECDSA_SHA512},
        {"digest_algorithm": DigestAlgorithm.SHA512},
        {"digest_algorithm": DigestAlgorithm.SHA3_256},
        {"c14n_algorithm": CanonicalizationMethod.CANONICAL_XML_1_0},
        {"c14n_algorithm": CanonicalizationMethod.CANONICAL_XML_1_1},
        {
            "c14n_algorithm": (
                CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0_WITH_COMMENTS
            )
        },
    ],
)
def test_other_algorithms_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(SignatureError):
        believed(signed_by("p256", **values))


WITH_ID = DOCUMENT.replace(b"<a ", b'<a Id="part" ')
WHOLE_ID = DOCUMENT.replace(b"<alert ", b'<alert Id="whole" ')


@pytest.mark.parametrize(
    "octets",
    [
        lambda: signed_by("p256", WITH_ID, reference_uri="#part"),
        lambda: signed_by("p256", WHOLE_ID),
        lambda: signed_by(
            "p256",
            WITH_ID,
            reference_uri=[SignatureReference("#part"), SignatureReference("#part")],
        ),
    ],
)
def test_signatures_of_a_part_are_refused(octets: Any) -> None:
    with pytest.raises(SignatureError, match="does not cover the whole"):
        believed(octets())


def wrapped() -> dict[str, bytes]:
    """The ways in which a genuine signature is put round what nobody has signed."""
    root = etree.fromstring(signed())
    signature = etree.tostring(root[-1])
    genuine = signed().partition(b"?>")[2].strip()
    forged = b'<alert xmlns="urn:x"><a>forged</a>%s</alert>'
    moved = etree.fromstring(signed())
    moved.insert(0, moved[-1])
    nested = genuine.replace(b"<c/>", b"<c>" + signature + b"</c>")
    return {
        "signature of another": forged % signature,
        "document inside another": forged % genuine,
        "document inside the signature": forged
        % signature.replace(
            b"</ds:Signature>", b"<ds:Object>" + genuine + b"</ds:Object></ds:Signature>"
        ),
        "two signatures": genuine.replace(b"</alert>", signature + b"</alert>"),
        "not the last": genuine.replace(b"</alert>", b"<d/></alert>"),
        "the first": etree.tostring(moved),
        "one deeper": nested,
        "the signature alone": signature,
        "none": DOCUMENT,
    }


@pytest.mark.parametrize("way", list(wrapped()))
def test_wrapping_is_refused(way: str) -> None:
    with pytest.raises(SignatureError):
        verify_xml(wrapped()[way], [ours()[1]], NOW)


def test_comments_and_instructions_change_nothing_that_is_read() -> None:
    octets = signed().replace(b"t\xc3\xa8st", b"t<!-- x -->\xc3\xa8st")
    assert verify_xml(octets, [ours()[1]], NOW).octets == COVERED
    with pytest.raises(SignatureError):
        verify_xml(signed().replace(b"<c/>", b"<?p q?><c/>"), [ours()[1]], NOW)


@pytest.mark.parametrize(
    ("octets", "match"),
    [
        (b"", "no XML"),
        (b"{}", "no XML"),
        (b"<a>\xff</a>", "no XML"),
        ("<a/>".encode("utf-16"), "no XML"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "must be in UTF-8"),
        (b"<a>" * 70 + b"</a>" * 70, "nested"),
        (b" " * (LARGEST + 1), "at most"),
        (b"<a>" + b"<b/>" * 200_001 + b"</a>", "over 200,000 tags"),
        (b"<a " + b'b=""' * 200_001 + b"/>", "over 200,000 tags or attributes"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "declares a type"),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x"><a/>', "declares a type"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "declares a type"),
    ],
)
def test_hostile_documents_are_refused(octets: bytes, match: str) -> None:
    seal, signer = ours()
    with pytest.raises(InvalidInputError, match=match):
        verify_xml(octets, [signer], NOW)
    with pytest.raises(InvalidInputError, match=match):
        sign_xml(octets, seal)


def test_what_may_not_be_signed() -> None:
    seal, _ = ours()
    with pytest.raises(CertificateError, match="not the key"):
        XmlSeal(seal.certificate, SigningKey.generate(SignatureAlgorithm.ECDSA_P384))
    with pytest.raises(ProfileError, match="P-384"):
        XmlSeal(seal.certificate, SigningKey.generate(SignatureAlgorithm.ML_DSA_65))
    with pytest.raises(InvalidInputError, match="already"):
        sign_xml(signed(), seal)
    with pytest.raises(InvalidInputError, match="no Id"):
        sign_xml(WHOLE_ID, seal)


def test_a_seal_is_a_leaf_of_its_own_for_documents_and_is_renewed_in_time() -> None:
    seal, _ = ours()
    certificate = seal.certificate
    assert not certificate.is_authority
    assert certificate.subject == "sender/exercise of italia.example"
    assert certificate.identity == Identity("italia.example", Kind.SENDER, "exercise")
    assert not seal.due(certificate.not_after - RENEW_BEFORE - 1.0)
    assert seal.due(certificate.not_after - RENEW_BEFORE)
    assert repr(seal.key) not in ("", None)
    assert str(seal.key.private) not in repr(seal)


def test_weak_certificates_are_not_pinned() -> None:
    keys: tuple[tuple[Any, Any], ...] = (
        (rsa.generate_private_key(65_537, 1_024), hashes.SHA256()),  # noqa: S505 - it is refused
        (ec.generate_private_key(ec.SECP224R1()), hashes.SHA256()),
        (ed25519.Ed25519PrivateKey.generate(), None),
    )
    for key, digest in keys:
        with pytest.raises(ProfileError, match="not believed"):
            pinned(certificate_of(key, "weak", digest))


def test_pinned_certificates_are_read_from_pem() -> None:
    seal, signer = ours()
    certificate = seal.certificate
    assert PinnedCertificate.of_pem(certificate.pem()) == signer
    assert signer.pem() == certificate.pem()
    assert "sender/exercise of italia.example" in repr(signer)
    for wrong in ("", "x", certificate.pem() * 2, certificate.pem().replace("CERT", "DERT")):
        with pytest.raises(CertificateError):
            PinnedCertificate.of_pem(wrong)
    for der in (b"", b"\x30\x00", certificate.der() + b"\0", b"0" * 40_000):
        with pytest.raises(CertificateError):
            PinnedCertificate(der)
