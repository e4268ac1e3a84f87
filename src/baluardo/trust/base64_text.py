"""Base64 (RFC 4648) read in one way only: a text that another text could stand for is refused."""

from __future__ import annotations

import base64
import binascii

from baluardo.errors import InvalidInputError

_TO_STANDARD = str.maketrans("-_", "+/")
_TO_URL = str.maketrans("+/", "-_")


def to_base64(octets: bytes) -> str:
    """Return the standard alphabet, padded (section 4)."""
    return base64.b64encode(octets).decode()


def of_base64(text: str) -> bytes:
    """Read the standard alphabet, padded; InvalidInputError for anything else."""
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        octets = None
    if octets is None or to_base64(octets) != text:
        raise InvalidInputError("This is no base64 (RFC 4648 section 4).")
    return octets


def of_either_base64(text: str) -> bytes:
    """Read either alphabet, padded, as DSSE asks its readers to."""
    return of_base64(text.translate(_TO_STANDARD))


def to_base64url(octets: bytes) -> str:
    """Return the alphabet for addresses without padding (section 5; RFC 7515 section 2)."""
    return to_base64(octets).rstrip("=").translate(_TO_URL)


def of_base64url(text: str) -> bytes:
    """Read the alphabet for addresses without padding; InvalidInputError for anything else."""
    try:
        if not set("+/=").isdisjoint(text):
            raise InvalidInputError("The other alphabet, or padding.")
        return of_base64(text.translate(_TO_STANDARD) + "=" * (-len(text) % 4))
    except InvalidInputError:
        raise InvalidInputError("This is no base64url (RFC 4648 section 5).") from None
