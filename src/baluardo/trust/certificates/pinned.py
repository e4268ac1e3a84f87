"""Certificates of others, believed because somebody put them there: no chain is followed.

Those who sign documents outside any community have keys that no suite lists (`Certificate` refuses
them), so only what is needed to name and date them is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from baluardo.errors import CertificateError, ExpiredError, ProfileError
from baluardo.foreign_input import quoted
from baluardo.trust.certificates.certificate import LARGEST_CERTIFICATE, PARSER_FAILURES
from baluardo.trust.certificates.pem import CERTIFICATE, armour, blocks

LEAST_RSA_BITS: Final = 2_048
_CURVES: Final = ("secp256r1", "secp384r1")


@dataclass(frozen=True, slots=True, repr=False)
class PinnedCertificate:
    """One certificate by its DER; CertificateError, or ProfileError for a weak kind of key."""

    der: bytes
    subject: str = field(init=False, compare=False)
    """As RFC 4514 writes it."""
    not_before: float = field(init=False, compare=False)
    """POSIX seconds, as `not_after`."""
    not_after: float = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Read what is needed at once."""
        if len(self.der) > LARGEST_CERTIFICATE:
            raise CertificateError(
                f"A certificate has at most {LARGEST_CERTIFICATE} octets, this one {len(self.der)}."
            )
        try:
            found = x509.load_der_x509_certificate(self.der)
            public = found.public_key()
            values = {
                "subject": found.subject.rfc4514_string(),
                "not_before": found.not_valid_before_utc.timestamp(),
                "not_after": found.not_valid_after_utc.timestamp(),
            }
            whole = found.public_bytes(serialization.Encoding.DER) == self.der
        except PARSER_FAILURES:
            whole = False
        if not whole:
            raise CertificateError("This is no certificate (X.509, DER).")
        curve = getattr(getattr(public, "curve", None), "name", None)
        strong = curve in _CURVES
        if curve is None and hasattr(public, "public_numbers"):  # RSA, or DSA, which signs nothing
            strong = getattr(public, "key_size", 0) >= LEAST_RSA_BITS
        if not strong:
            raise ProfileError(
                f"The certificate of {quoted(values['subject'])} has a key that is not believed: "
                f"P-256, P-384, or RSA of {LEAST_RSA_BITS} bits and more are."
            )
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of_pem(cls, text: bytes | str) -> PinnedCertificate:
        """Read one PEM block; CertificateError for anything else."""
        found = blocks(text, 2 * LARGEST_CERTIFICATE)
        if len(found) != 1 or found[0][0] != CERTIFICATE:
            raise CertificateError("One certificate is expected here, in PEM.")
        return cls(found[0][1])

    def pem(self) -> str:
        """Return it as one PEM block."""
        return armour(self.der, CERTIFICATE)

    def check_dates(self, now: float) -> None:
        """Return if it holds at a time (POSIX seconds); ExpiredError if not."""
        if not self.not_before <= now <= self.not_after:
            raise ExpiredError(f"The certificate of {quoted(self.subject)} does not hold now.")

    def __repr__(self) -> str:
        """Tell the subject only."""
        return f"<PinnedCertificate {quoted(self.subject)}>"
