"""What a member shows and signs with: its chain and the key of its leaf."""

from __future__ import annotations

from dataclasses import dataclass, field

from baluardo.errors import CertificateError
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.identity import Identity
from baluardo.trust.primitives.signing import SigningKey


@dataclass(frozen=True, slots=True)
class Credential:
    """A chain with its private key; CertificateError if they do not belong together."""

    chain: Chain
    key: SigningKey = field(compare=False)

    def __post_init__(self) -> None:
        """Refuse another certificate's key, and a certificate of nobody."""
        leaf = self.chain.leaf
        if self.key.public != leaf.key:
            raise CertificateError(f"This is not the key of {leaf}.")
        if leaf.identity is None:
            raise CertificateError(f"Certificate {leaf} names no member of a community.")

    @property
    def identity(self) -> Identity:
        """Whose it is."""
        identity = self.chain.leaf.identity
        if identity is None:
            raise CertificateError("This certificate names no member of a community.")
        return identity

    @property
    def renew_at(self) -> float:
        """When to ask for the next certificate: at two thirds of this one's life, POSIX seconds."""
        leaf = self.chain.leaf
        return leaf.not_before + (leaf.not_after - leaf.not_before) * 2 / 3

    def due(self, now: float) -> bool:
        """Tell whether it is time to ask for the next certificate."""
        return now >= self.renew_at
