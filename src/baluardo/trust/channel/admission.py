"""The first words inside TLS: each end tells the other whether it lets it in, and if not, why.

A TLS alert can only say "bad certificate"; people need to read that a clock is wrong, a
certificate is past its grace or was revoked. One octet 0 lets the other end in; an octet 1, a
length of two octets and UTF-8 of that length is a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baluardo.errors import HandshakeError
from baluardo.foreign_input import printable

LONGEST_REASON: Final = 512
"""Octets of UTF-8."""
ACCEPTED: Final = b"\x00"
_REFUSED: Final = b"\x01"
_HEAD: Final = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the other end said, and how many octets it took to say it."""

    refusal: str | None
    octets: int


def refusal(reason: str) -> bytes:
    """Return a refusal; a reason that is too long is cut."""
    text = reason.encode("utf-8", "replace")[:LONGEST_REASON]
    text = text.decode("utf-8", "ignore").encode()
    return _REFUSED + len(text).to_bytes(2, "big") + text


def read_verdict(octets: bytes) -> Verdict | None:
    """Read the other end's verdict from the start of what it sent; None while it is incomplete.

    HandshakeError if it is neither: too long, of another form, no UTF-8.
    """
    if not octets:
        return None
    if octets[:1] == ACCEPTED:
        return Verdict(None, 1)
    if octets[:1] != _REFUSED:
        raise HandshakeError("The other end does not say whether it lets us in.")
    if len(octets) < _HEAD:
        return None
    length = int.from_bytes(octets[1:_HEAD], "big")
    if length > LONGEST_REASON:
        raise HandshakeError(
            f"The other end refuses with a reason of {length} octets; {LONGEST_REASON} are read."
        )
    if len(octets) < _HEAD + length:
        return None
    try:
        text = octets[_HEAD : _HEAD + length].decode()
    except UnicodeDecodeError:
        raise HandshakeError("The other end refuses with a reason that is no text.") from None
    return Verdict(printable(text) or "It gives no reason.", _HEAD + length)
