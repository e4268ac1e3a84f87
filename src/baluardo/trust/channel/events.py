"""What a connection tells: both ends accept each other, data, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from baluardo.errors import CertificateError
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.verification import Peer
from baluardo.trust.identity import Identity

Expected = Identity | Callable[[Identity], None]
"""Whom we want at the other end: one identity, or a rule that raises a TrustError."""


@dataclass(frozen=True, slots=True)
class Established:
    """Both ends accept each other."""

    peer: Peer
    resumed: bool


@dataclass(frozen=True, slots=True)
class Data:
    """What the other end sent."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """One end does not want the other. The last event."""

    reason: str
    by_peer: bool
    downgrade: bool = False
    """Something weaker than the profile was offered or demanded: to be logged."""
    member: bool = False
    """The other end has a key that the community certified, though it is not to be let in."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Both ends closed in order; nothing was cut off. The last event."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The other end, or the way to it, is gone; something may be missing. The last event."""

    reason: str


Event = Established | Data | Refused | Closed | Lost


def check_expected(peer: Peer, expected: Expected | None, own: Certificate) -> None:
    """Return if a verified peer is one that is wanted here, and is not ourselves.

    None takes any member. CertificateError, or what the rule raises.
    """
    if peer.fingerprint == own.fingerprint:
        raise CertificateError(
            f"The other end shows the certificate of {peer.identity}, which is our own. If it "
            "is not this very program, the key has been copied: have it revoked."
        )
    if isinstance(expected, Identity):
        if peer.identity != expected:
            raise CertificateError(f"{peer.identity} answers where {expected} is expected.")
    elif expected is not None:
        expected(peer.identity)
