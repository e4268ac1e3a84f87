"""A certificate and a chain as typed values, read eagerly so that nothing fails later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import Certificate as X509Certificate

from baluardo.errors import CertificateError, InvalidInputError, ProfileError
from baluardo.foreign_input import quoted
from baluardo.trust.certificates.pem import CERTIFICATE, armour, blocks
from baluardo.trust.identity import Identity
from baluardo.trust.primitives.hashing import sha256
from baluardo.trust.primitives.signing import VerifyingKey

LARGEST_CERTIFICATE: Final = 32_768
"""Octets of DER; ours have 5,500 to 7,700."""
LARGEST_CHAIN: Final = 65_536
"""Octets of PEM."""
LONGEST_CHAIN: Final = 4
"""Certificates, leaf included, root not: leaf, issuer, and a root's successor make three."""
LARGEST_SERIAL: Final = 2**160 - 1
"""RFC 5280 section 4.1.2.2: positive, at most 20 octets. Ours have 159 bits."""

PARSER_FAILURES: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
    Warning,
)
"""What `cryptography` raises on hostile octets (its warnings too, where they are made errors)."""


@dataclass(frozen=True, slots=True, repr=False)
class Certificate:
    """A certificate of X.509 v3 with a key that some suite lists.

    CertificateError if it cannot be read whole, ProfileError for a key of any other kind. Nothing
    is verified here: that is `verification`.
    """

    x509: X509Certificate
    fingerprint: bytes = field(init=False, compare=False)
    """SHA-256 of the DER, 32 octets."""
    serial: int = field(init=False, compare=False)
    not_before: float = field(init=False, compare=False)
    """POSIX seconds, as `not_after`."""
    not_after: float = field(init=False, compare=False)
    key: VerifyingKey = field(init=False, compare=False)
    subject: str = field(init=False, compare=False)
    """The common name; empty if there is none."""
    names: tuple[str, ...] = field(init=False, compare=False)
    """Subject alternative names as text: one URI for a member, DNS names for a page."""
    identity: Identity | None = field(init=False, compare=False)
    """The one alternative name, if that is a SPIFFE URI of a member."""
    is_authority: bool = field(init=False, compare=False)
    key_id: bytes = field(init=False, compare=False)
    """Subject key identifier (made from the key where the certificate tells none)."""

    def __post_init__(self) -> None:
        """Read every field at once."""
        try:
            values = _fields(self.x509)
        except PARSER_FAILURES as problem:
            raise CertificateError(
                f"This certificate cannot be read: {quoted(str(problem))}."
            ) from None
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of_der(cls, der: bytes) -> Certificate:
        """Read DER; at most LARGEST_CERTIFICATE octets."""
        if len(der) > LARGEST_CERTIFICATE:
            raise CertificateError(
                f"A certificate has at most {LARGEST_CERTIFICATE} octets, this one {len(der)}."
            )
        try:
            certificate = x509.load_der_x509_certificate(der)
        except PARSER_FAILURES:
            raise CertificateError("This is no certificate (X.509, DER).") from None
        return cls(certificate)

    @classmethod
    def of_pem(cls, text: bytes | str) -> Certificate:
        """Read one PEM block."""
        found = certificates_of_pem(text)
        if len(found) != 1:
            raise CertificateError(f"One certificate is expected here; there are {len(found)}.")
        return found[0]

    def der(self) -> bytes:
        """Return the certificate as DER."""
        return self.x509.public_bytes(serialization.Encoding.DER)

    def pem(self) -> str:
        """Return the certificate as one PEM block."""
        return armour(self.der(), CERTIFICATE)

    def __str__(self) -> str:
        """Tell subject and serial, for sentences."""
        return f"{quoted(self.subject)} (serial {self.serial:x})"

    def __repr__(self) -> str:
        """Tell subject and serial only."""
        return f"<Certificate {quoted(self.subject)} {self.serial:x}>"


@dataclass(frozen=True, slots=True)
class Chain:
    """What one end shows: its certificate, then those that lead towards a root, never the root."""

    leaf: Certificate
    intermediates: tuple[Certificate, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a chain longer than any of ours."""
        if len(self.intermediates) >= LONGEST_CHAIN:
            raise CertificateError(
                f"A chain has at most {LONGEST_CHAIN} certificates, this one "
                f"{len(self.intermediates) + 1}."
            )

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """All of them, leaf first."""
        return (self.leaf, *self.intermediates)

    @classmethod
    def of_ders(cls, ders: Sequence[bytes]) -> Chain:
        """Read certificates, leaf first."""
        if not 1 <= len(ders) <= LONGEST_CHAIN:
            raise CertificateError(
                f"A chain has 1 to {LONGEST_CHAIN} certificates, this one {len(ders)}."
            )
        leaf, *others = [Certificate.of_der(der) for der in ders]
        return cls(leaf, tuple(others))

    @classmethod
    def of_pem(cls, text: bytes | str) -> Chain:
        """Read PEM blocks, leaf first; at most LARGEST_CHAIN octets."""
        return cls.of_ders(_ders_of_pem(text))

    def ders(self) -> tuple[bytes, ...]:
        """Return every certificate as DER, leaf first."""
        return tuple(certificate.der() for certificate in self.certificates)

    def pem(self) -> str:
        """Return every certificate as PEM, leaf first."""
        return "".join(certificate.pem() for certificate in self.certificates)


def certificates_of_pem(text: bytes | str) -> list[Certificate]:
    """Read PEM blocks of certificates and nothing else; at most LARGEST_CHAIN octets."""
    return [Certificate.of_der(der) for der in _ders_of_pem(text)]


def key_identifier(key: VerifyingKey) -> bytes:
    """Return 32 octets that tell a key: SHA-256 of its DER (RFC 7093 section 2, method 4)."""
    return sha256(key.der())


def _ders_of_pem(text: bytes | str) -> list[bytes]:
    found = blocks(text, LARGEST_CHAIN)
    if any(label != CERTIFICATE for label, _ in found):
        raise CertificateError("A PEM block here is no certificate.")
    return [der for _, der in found]


def _fields(certificate: X509Certificate) -> dict[str, object]:
    if certificate.version is not x509.Version.v3:
        raise CertificateError("This certificate is not of X.509 version 3.")
    serial = certificate.serial_number
    if not 0 < serial <= LARGEST_SERIAL:
        raise CertificateError("This certificate's serial number is not positive or too long.")
    der = certificate.public_bytes(serialization.Encoding.DER)
    expect_whole_octets(der, certificate.signature)
    try:
        key = VerifyingKey(certificate.public_key())
    except (InvalidInputError, UnsupportedAlgorithm):
        raise ProfileError(
            "This certificate's key is of a kind that no profile lists (RSA, say, or a curve): "
            "refused."
        ) from None
    extensions = certificate.extensions
    names, identity = _names(extensions)
    common_name(certificate.issuer)  # read only when asked for: a broken one has to fail here
    return {
        "fingerprint": sha256(der),
        "serial": serial,
        "not_before": certificate.not_valid_before_utc.timestamp(),
        "not_after": certificate.not_valid_after_utc.timestamp(),
        "key": key,
        "subject": common_name(certificate.subject),
        "names": names,
        "identity": identity,
        "is_authority": _is_authority(extensions),
        "key_id": _key_id(extensions, key),
    }


def expect_whole_octets(der: bytes, signature: bytes) -> None:
    """Refuse a signature whose BIT STRING says that its last octet is not whole.

    Parsers pass over that count, so anybody could change it, and with it the fingerprint of what
    was signed. Certificates, lists and requests all end with it and the signature.
    """
    if der[-len(signature) - 1] != 0:
        raise CertificateError("A signature here is not of whole octets: refused.")


def common_name(name: x509.Name) -> str:
    """Return the common name of a distinguished name; empty unless there is just one."""
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if len(found) == 1 else ""


def _names(extensions: x509.Extensions) -> tuple[tuple[str, ...], Identity | None]:
    try:
        names = list(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return (), None
    return tuple(str(name.value) for name in names), identity_of(names)


def identity_of(names: Sequence[x509.GeneralName]) -> Identity | None:
    """Return the member whose SPIFFE URI is the only alternative name; None if it is not so."""
    if len(names) != 1 or not isinstance(names[0], x509.UniformResourceIdentifier):
        return None
    try:
        return Identity.of_uri(names[0].value)
    except InvalidInputError:
        return None


def _is_authority(extensions: x509.Extensions) -> bool:
    try:
        return extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _key_id(extensions: x509.Extensions, key: VerifyingKey) -> bytes:
    try:
        return extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return key_identifier(key)
