"""Who signed a certificate: the one place where a certificate is verified with another's key."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from baluardo.errors import CertificateError, ProfileError
from baluardo.trust.certificates.certificate import PARSER_FAILURES, Certificate
from baluardo.trust.suites import AnyProfile, SignatureAlgorithm

SIGNATURE_OIDS: Final[dict[SignatureAlgorithm, str]] = {
    SignatureAlgorithm.ML_DSA_65: "2.16.840.1.101.3.4.3.18",
    SignatureAlgorithm.ML_DSA_87: "2.16.840.1.101.3.4.3.19",
    SignatureAlgorithm.ECDSA_P384: "1.2.840.10045.4.3.3",
}
"""How certificates and lists name what signed them (RFC 9881 section 2; RFC 5758 section 3.2)."""


def check_issued(certificate: Certificate, issuer: Certificate) -> None:
    """Return if the issuer signed the certificate and was allowed to; else CertificateError."""
    expect_key_usage(issuer, "key_cert_sign", "certificates")
    if (
        certificate.x509.signature_algorithm_oid.dotted_string
        != SIGNATURE_OIDS[issuer.key.algorithm]
    ):
        raise CertificateError(
            f"Certificate {certificate} is not signed as its issuer's key signs."
        )
    try:
        certificate.x509.verify_directly_issued_by(issuer.x509)
    except (InvalidSignature, *PARSER_FAILURES):
        raise CertificateError(f"Certificate {certificate} was not signed by {issuer}.") from None


def check_root(certificate: Certificate, profile: AnyProfile) -> None:
    """Return if this is a root of the profile, signed by itself; else a TrustError."""
    wanted = profile.certificates.root
    if certificate.key.algorithm is not wanted:
        raise ProfileError(
            f"A root of the profile {profile.name} has a key of {wanted.value}; {certificate} "
            f"has {certificate.key.algorithm.value}."
        )
    check_issued(certificate, certificate)


def expect_key_usage(authority: Certificate, usage: str, what: str) -> None:
    """Return if an authority's key may sign certificates, or lists; else CertificateError."""
    try:
        allowed = authority.x509.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        allowed = None
    if not (authority.is_authority and allowed is not None and getattr(allowed, usage)):
        raise CertificateError(f"Certificate {authority} is no authority that may sign {what}.")
