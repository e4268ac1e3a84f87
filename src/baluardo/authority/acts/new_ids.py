"""Ids of rows, which nobody can guess or count, and which are no secrets."""

from __future__ import annotations

from typing import Final

from baluardo.trust.one_time import OneTimeSecret, session_token

ID_CHARACTERS: Final = 32


def new_id() -> str:
    """Return 128 random bits in hexadecimal digits."""
    return OneTimeSecret.make().digest.hex()[:ID_CHARACTERS]


def new_handle() -> bytes:
    """Return 32 random octets that name a person to authenticators (WebAuthn section 14.6.1)."""
    return session_token().digest
