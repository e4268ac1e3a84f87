"""AES-256-GCM (SP 800-38D). Nonces are the caller's duty here: only `trust` may call this."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from baluardo.errors import InvalidInputError, SealError
from baluardo.trust.secret import Secret

KEY_OCTETS: Final = 32
NONCE_OCTETS: Final = 12
TAG_OCTETS: Final = 16


def encrypt(key: Secret, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """Return ciphertext and tag. The same key and nonce must never meet twice."""
    return _cipher(key, nonce).encrypt(nonce, plaintext, associated)


def decrypt(key: Secret, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    """Return the plaintext; SealError if key, nonce, ciphertext or associated octets differ."""
    try:
        return _cipher(key, nonce).decrypt(nonce, ciphertext, associated)
    except InvalidTag:
        raise SealError("The message was altered, or was not sealed with this key.") from None


def _cipher(key: Secret, nonce: bytes) -> AESGCM:
    if len(key) != KEY_OCTETS or len(nonce) != NONCE_OCTETS:
        raise InvalidInputError(f"AES-256-GCM takes {KEY_OCTETS} and {NONCE_OCTETS} octets.")
    return AESGCM(key.reveal())
