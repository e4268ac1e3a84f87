"""X25519 key pairs (RFC 7748) for WireGuard, which agrees on its keys by itself."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from baluardo.errors import InvalidInputError
from baluardo.trust.primitives.hashing import random_octets
from baluardo.trust.secret import Secret

KEY_OCTETS: Final = 32
"""Of either half (RFC 7748 section 6.1)."""


def new_private_key() -> Secret:
    """Return a new private key, clamped as RFC 7748 section 5 writes it, 32 octets."""
    octets = bytearray(random_octets(KEY_OCTETS))
    octets[0] &= 248
    octets[31] = octets[31] & 127 | 64
    return Secret(octets)


def public_key_of(private: Secret) -> bytes:
    """Return the public half, 32 octets."""
    if len(private) != KEY_OCTETS:
        raise InvalidInputError(f"A private key of X25519 has {KEY_OCTETS} octets.")
    return X25519PrivateKey.from_private_bytes(private.reveal()).public_key().public_bytes_raw()
