"""Enveloped XML signatures (W3C XML Signature 1.1), for those who know no other: a classical door.

A signature is the last child of the root and covers all the rest: one reference, to the whole
document, in exclusive canonical form. Whatever else the standard permits is refused, since freedom
in what is covered is what signature wrapping lives on. What was verified is returned, in its
canonical form, and nothing else of the document is to be read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from baluardo.errors import CertificateError, InvalidInputError, SignatureError
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.pinned import PinnedCertificate
from baluardo.trust.certificates.xml_seal import XmlSeal

LARGEST: Final = 2_000_000
"""Octets."""
DEEPEST: Final = 64
MOST_MARKS: Final = 200_000
"""Octets < or =: no fewer than tags or attributes. It bounds memory before anything is parsed."""
SIGNATURE_NAMESPACE: Final = "http://www.w3.org/2000/09/xmldsig#"

_DS: Final = f"{{{SIGNATURE_NAMESPACE}}}"
_ENVELOPED: Final = f"{SIGNATURE_NAMESPACE}enveloped-signature"
_EXCLUSIVE: Final = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
_METHODS: Final = frozenset(
    {SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384, SignatureMethod.RSA_SHA256}
)
_DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384})
_DECLARED: Final = re.compile(rb"\A<\?xml[^>]*\bencoding\s*=\s*[\"']([^\"'>]*)[\"']")
_FAILURES: Final = (
    SignXMLException,
    etree.LxmlError,
    *(ValueError, TypeError, KeyError, IndexError, AssertionError, NotImplementedError),
)
"""What the library raises on hostile signatures."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a signature covers."""

    octets: bytes
    """The document without its signature, in exclusive canonical form: read this alone."""
    signer: PinnedCertificate


def sign_xml(octets: bytes, seal: XmlSeal) -> bytes:
    """Return the document with a signature as the last child of its root.

    InvalidInputError for what is no such document, or is signed already.
    """
    root = _parsed(octets)
    if next(root.iter(f"{_DS}*"), None) is not None:
        raise InvalidInputError("This document holds a signature already.")
    if root.get("Id") is not None or root.get("ID") is not None:
        raise InvalidInputError("The root of a document to be signed has no Id.")
    signer = XMLSigner(
        signature_algorithm=SignatureMethod.ECDSA_SHA384,
        digest_algorithm=DigestAlgorithm.SHA384,
        c14n_algorithm=_EXCLUSIVE,
    )
    private, shown = seal.key.private, [seal.certificate.x509]
    signed = signer.sign(root, key=private, cert=shown)  # type: ignore[arg-type]
    return bytes(etree.tostring(signed, encoding="utf-8", xml_declaration=True)) + b"\n"


def verify_xml(octets: bytes, pinned: Sequence[PinnedCertificate], now: float) -> Verified:
    """Return what was signed by one of the pinned certificates at a time (POSIX seconds).

    InvalidInputError for what is no document; SignatureError for one without a signature, with
    more, with one that covers less than the whole, is made otherwise than is believed here, or is
    not genuine; CertificateError for a signer who is not pinned, ExpiredError for one who was.
    """
    root = _parsed(octets)
    signature = _only_signature(root)
    _check_form(signature)
    for signer in _candidates(signature, pinned, now):
        covered = _covered(octets, signer, now)
        if covered is not None:
            return Verified(covered, signer)
    raise SignatureError("The signature of this document is not genuine.")


def _parsed(octets: bytes) -> Any:
    """Return the root; nothing is expanded, fetched, or read in more ways than one."""
    if len(octets) > LARGEST:
        raise InvalidInputError(f"A document to be signed has at most {LARGEST:,} octets.")
    if max(octets.count(b"<"), octets.count(b"=")) > MOST_MARKS:
        raise InvalidInputError(f"The document has over {MOST_MARKS:,} tags or attributes.")
    declared = _DECLARED.match(octets)
    try:
        octets.decode("utf-8")
        if declared is not None and declared[1].lower() != b"utf-8":
            raise InvalidInputError("A signed document must be in UTF-8.")
        _check_depth(octets)
        return etree.fromstring(octets, parser=_parser())
    except DefusedXmlException:
        raise InvalidInputError("The document declares a type or entities: refused.") from None
    except InvalidInputError:
        raise
    except (ParseError, etree.XMLSyntaxError, ValueError, LookupError):
        raise InvalidInputError("This is no XML document in UTF-8.") from None


def _check_depth(octets: bytes) -> None:
    """Refuse documents with a type or entities before any other parser sees them, and deep ones."""
    level = [defusedxml.ElementTree.fromstring(octets, forbid_dtd=True)]
    for _ in range(DEEPEST):
        level = [child for each in level for child in each]
        if not level:
            return
    raise InvalidInputError("The document is nested too deeply.")


def _parser() -> Any:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=False
    )


def _only_signature(root: Any) -> Any:
    found = list(root.iter(f"{_DS}Signature"))
    if not found:
        raise SignatureError("This document is not signed.")
    elements = [each for each in root if isinstance(each.tag, str)]
    if len(found) != 1 or found[0] is not elements[-1]:
        raise SignatureError(
            "One signature is expected, as the last child of the root; this document has another "
            "form."
        )
    return found[0]


def _check_form(signature: Any) -> None:
    """Refuse a signature that covers anything but the whole, or in another canonical form."""
    info = signature.findall(f"{_DS}SignedInfo")
    references = list(signature.iter(f"{_DS}Reference"))
    transforms = list(signature.iter(f"{_DS}Transform"))
    methods = list(signature.iter(f"{_DS}CanonicalizationMethod"))
    right = (
        len(info) == len(references) == len(methods) == 1
        and references[0].getparent() is info[0]
        and references[0].get("URI") == ""
        and [each.get("Algorithm") for each in transforms] == [_ENVELOPED, _EXCLUSIVE.value]
        and methods[0].get("Algorithm") == _EXCLUSIVE.value
        and not any(len(each) for each in (*transforms, *methods))
        and not any(True for _ in signature.iter(f"{_DS}Object", f"{_DS}Manifest"))
    )
    if not right:
        raise SignatureError(
            "The signature does not cover the whole document once, in exclusive canonical form."
        )


def _candidates(
    signature: Any, pinned: Sequence[PinnedCertificate], now: float
) -> list[PinnedCertificate]:
    """Return who may have signed: those whom the signature names, if it names anybody."""
    named = {"".join((e.text or "").split()) for e in signature.iter(f"{_DS}X509Certificate")}
    found = [each for each in pinned if not named or to_base64(each.der) in named]
    if not found:
        raise CertificateError("The signer of this document is not among those who are believed.")
    holding = [each for each in found if each.not_before <= now <= each.not_after]
    if not holding:
        found[0].check_dates(now)
    return holding


def _covered(octets: bytes, signer: PinnedCertificate, now: float) -> bytes | None:
    """Return what the signature covers if it is this signer's, None if it is not."""
    expected = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        verification_time=datetime.fromtimestamp(now, UTC),
    )
    try:
        found = XMLVerifier().verify(
            octets, x509_cert=signer.pem(), parser=_parser(), expect_config=expected
        )
    except _FAILURES:
        return None
    if isinstance(found, list):
        return None
    return found.signed_data
