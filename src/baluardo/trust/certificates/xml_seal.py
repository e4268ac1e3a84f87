"""What signs the XML of one channel for outsiders: a P-384 key with a certificate by itself.

XML Signature names no post-quantum algorithm, so this stays classical (`suites.CLASSICAL_DOORS`)
and apart from everything else: no root stands above it, no member believes it, and whoever wants
to believe it pins this one certificate (`pinned`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cryptography import x509

from baluardo.errors import CertificateError, ProfileError
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.making import LONGEST_NAME, YEAR, leaf, named, signed, unsigned
from baluardo.trust.identity import DAY, Identity
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import SignatureAlgorithm

SEAL_LIFE: Final = 2 * YEAR
RENEW_BEFORE: Final = 60 * DAY
"""Seconds, as SEAL_LIFE; our choices: others must put the next one into place by hand."""
_DOCUMENTS: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")
"""Signing documents (id-kp-documentSigning, RFC 9336)."""


@dataclass(frozen=True, slots=True)
class XmlSeal:
    """A certificate with its private key; CertificateError if they do not belong together.

    ProfileError for any other kind of key than P-384.
    """

    certificate: Certificate
    key: SigningKey = field(compare=False)

    def __post_init__(self) -> None:
        """Refuse another certificate's key, and other kinds."""
        if self.key.algorithm is not SignatureAlgorithm.ECDSA_P384:
            raise ProfileError("XML signatures are made with a P-384 key.")
        if self.key.public != self.certificate.key:
            raise CertificateError(f"This is not the key of {self.certificate}.")

    def due(self, now: float) -> bool:
        """Tell whether it is time for the next one (POSIX seconds)."""
        return now >= self.certificate.not_after - RENEW_BEFORE


def make_xml_seal(identity: Identity, now: float) -> XmlSeal:
    """Return a new seal for whoever signs under an identity, good for two years."""
    key = SigningKey.generate(SignatureAlgorithm.ECDSA_P384)
    name = named(f"{identity.path} of {identity.community}"[:LONGEST_NAME])
    builder = unsigned(name, name, key.public, now, now + SEAL_LIFE)
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity.uri)])
    return XmlSeal(signed(leaf(builder, key.public, key.public, names, [_DOCUMENTS]), key), key)
