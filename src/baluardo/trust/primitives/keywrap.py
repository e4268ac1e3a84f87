"""A key under a passphrase: PBKDF2-HMAC-SHA512 (RFC 8018) and AES-256 key wrap (RFC 3394).

Together they are PBES2-HS512+A256KW of RFC 7518 section 4.8.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from baluardo.errors import InvalidInputError, SealError
from baluardo.trust.secret import Secret

KEY_OCTETS: Final = 32
WRAP_OVERHEAD: Final = 8
"""A wrapped key is so many octets longer than the key (RFC 3394 section 2.2.1)."""


def stretch(passphrase: Secret, salt: bytes, rounds: int) -> Secret:
    """Return the wrapping key that PBKDF2-HMAC-SHA512 makes of a passphrase; costs `rounds`."""
    if rounds < 1:
        raise InvalidInputError(f"PBKDF2 takes at least 1 round, not {rounds}.")
    function = PBKDF2HMAC(hashes.SHA512(), KEY_OCTETS, salt, rounds)
    return Secret(function.derive(passphrase.reveal()))


def wrap(wrapping_key: Secret, key: Secret) -> bytes:
    """Return a key of 16 octets or more, in steps of 8, under another key."""
    _check(wrapping_key)
    if len(key) < 16 or len(key) % 8:
        raise InvalidInputError("AES key wrap takes 16 octets or more, in steps of 8 (RFC 3394).")
    return aes_key_wrap(wrapping_key.reveal(), key.reveal())


def unwrap(wrapping_key: Secret, wrapped: bytes) -> Secret:
    """Return the key within; SealError if it was altered or is under another key."""
    _check(wrapping_key)
    try:
        return Secret(aes_key_unwrap(wrapping_key.reveal(), wrapped))
    except InvalidUnwrap:
        raise SealError("The wrapped key was altered, or is under another key.") from None


def _check(wrapping_key: Secret) -> None:
    if len(wrapping_key) != KEY_OCTETS:
        raise InvalidInputError(f"AES-256 key wrap takes a key of {KEY_OCTETS} octets.")
