"""Asking for a certificate: PKCS#10 (RFC 2986), signed with the key it is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from baluardo.errors import CertificateError, InvalidInputError, ProfileError
from baluardo.trust.certificates.certificate import (
    PARSER_FAILURES,
    expect_whole_octets,
    identity_of,
)
from baluardo.trust.certificates.making import LONGEST_NAME, named
from baluardo.trust.certificates.signatures import SIGNATURE_OIDS
from baluardo.trust.identity import Identity
from baluardo.trust.primitives.signing import SigningKey, VerifyingKey

LARGEST_REQUEST: Final = 16_384
"""Octets; one with an ML-DSA-87 key has about 7,400."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, and the key that is to be certified; its possession is proven."""

    identity: Identity
    key: VerifyingKey


def make_request(key: SigningKey, identity: Identity) -> bytes:
    """Return a request for a member's certificate, DER."""
    return signed_request(
        key, identity.path[:LONGEST_NAME], [x509.UniformResourceIdentifier(identity.uri)]
    )


def read_request(der: bytes) -> Request:
    """Return what is asked for; CertificateError if the request is not good."""
    key, names = proven_request(der)
    identity = identity_of(names)
    if identity is None:
        raise CertificateError("This request does not ask for one member's identity: refused.")
    return Request(identity, key)


def signed_request(key: SigningKey, name: str, names: Sequence[x509.GeneralName]) -> bytes:
    """Return a request for a certificate with these alternative names, DER."""
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(named(name))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key.private, key.certificate_hash)
    )
    return request.public_bytes(serialization.Encoding.DER)


def proven_request(der: bytes) -> tuple[VerifyingKey, list[x509.GeneralName]]:
    """Return key and alternative names of a request that was signed with that key.

    CertificateError if it was not, or cannot be read; ProfileError for a key of no profile.
    """
    if len(der) > LARGEST_REQUEST:
        raise CertificateError(f"A request has at most {LARGEST_REQUEST} octets.")
    try:
        request = x509.load_der_x509_csr(der)
        expect_whole_octets(der, request.signature)
        key = _key(request)
        same = request.signature_algorithm_oid.dotted_string == SIGNATURE_OIDS[key.algorithm]
        proven = same and request.is_signature_valid
        names = _names(request.extensions)
    except PARSER_FAILURES:
        raise CertificateError("This is no request for a certificate (PKCS#10, DER).") from None
    if not proven:
        raise CertificateError(
            "This request was not signed with the key it asks a certificate for: refused."
        )
    return key, names


def _key(request: x509.CertificateSigningRequest) -> VerifyingKey:
    try:
        return VerifyingKey(request.public_key())
    except InvalidInputError:
        raise ProfileError("This request's key is of a kind that no profile lists.") from None


def _names(extensions: x509.Extensions) -> list[x509.GeneralName]:
    try:
        return list(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []
