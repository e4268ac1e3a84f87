"""One number that stands for a public document, for those who may not touch a primitive."""

from __future__ import annotations

from baluardo.trust.primitives.hashing import sha256, sha384


def digest(octets: bytes) -> bytes:
    """Return SHA-384 of octets that are no secret, 48 octets."""
    return sha384(octets)


def digest_256(octets: bytes) -> bytes:
    """Return SHA-256 of octets that are no secret, 32 octets: as commits of MLS are named by."""
    return sha256(octets)
