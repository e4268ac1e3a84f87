"""Hashes, derivation and randomness: SHA-2 (FIPS 180-4), HKDF (RFC 5869), the system's random."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from baluardo.errors import InvalidInputError
from baluardo.trust.labels import Label
from baluardo.trust.secret import Secret

MOST_DERIVED: Final = 255 * 48
"""The longest output of HKDF-SHA384 in octets (RFC 5869 section 2.3)."""


def sha256(octets: bytes) -> bytes:
    """Return SHA-256: Merkle trees (RFC 6962) and fingerprints of certificates."""
    return hashlib.sha256(octets).digest()


def sha384(octets: bytes) -> bytes:
    """Return SHA-384: everything that is not a published format with another hash."""
    return hashlib.sha384(octets).digest()


def derive(secret: Secret, label: Label, context: bytes = b"", octets: int = 32) -> Secret:
    """Return HKDF-SHA384 of a secret for one labelled use and one context."""
    if not 1 <= octets <= MOST_DERIVED:
        raise InvalidInputError(f"HKDF-SHA384 gives 1 to {MOST_DERIVED} octets, not {octets}.")
    info = len(label.value).to_bytes(1, "big") + label.value + context
    return Secret(HKDF(hashes.SHA384(), octets, salt=None, info=info).derive(secret.reveal()))


def random_octets(octets: int) -> bytes:
    """Return random octets from the operating system."""
    return os.urandom(octets)


def same_octets(one: bytes, other: bytes) -> bool:
    """Tell whether octets are the same, in a time that only their number decides."""
    return hmac.compare_digest(one, other)
