"""What the other end began with: the first octets of a connection, before anything is made for it.

A scanner, a browser or a flood of noise costs eleven octets of reading here and no TLS object.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from baluardo.trust.channel.tls import Role

LONGEST_FRAGMENT: Final = 16_384
"""Octets in a TLS record (RFC 8446 section 5.1)."""
RECORD_HEAD: Final = 5
"""Type, legacy version, length (section 5.1)."""
GREETING_OCTETS: Final = 11
"""A record's head, a handshake message's (section 4), and the hello's legacy version."""
ALERT_OCTETS: Final = RECORD_HEAD + 2

_ALERT: Final = 21
_HANDSHAKE: Final = 22
_CLIENT_HELLO: Final = 1
_SERVER_HELLO: Final = 2
_HTTP: Final = (b"GET ", b"POST ", b"HEAD ", b"PUT ", b"OPTIONS ", b"CONNECT ", b"PRI ", b"HTTP/")
_SHORTEST_VERB: Final = 4


class Greeting(Enum):
    """What the first octets are."""

    PART = "part"
    """Too few to tell, and so far as it should be."""
    TLS = "tls"
    HTTP = "http"
    FOREIGN = "foreign"


def greeting(octets: bytes, role: Role) -> Greeting:
    """Tell what came first to the end that plays `role`.

    To a server a ClientHello; to a client a ServerHello, or an alert.
    """
    if any(octets.startswith(verb[: len(octets)]) for verb in _HTTP):
        return Greeting.HTTP if len(octets) >= _SHORTEST_VERB else Greeting.PART
    if role is Role.CLIENT and octets[:1] == bytes([_ALERT]):
        return _begins(octets, (_ALERT,), ALERT_OCTETS)
    hello = _CLIENT_HELLO if role is Role.SERVER else _SERVER_HELLO
    found = _begins(octets, (_HANDSHAKE,), GREETING_OCTETS)
    if found is Greeting.FOREIGN or not _hello_fits(octets, hello):
        return Greeting.FOREIGN
    return found


def _begins(octets: bytes, kinds: tuple[int, ...], needed: int) -> Greeting:
    """Judge a record's head as far as it is there: type, version 3.x, a length that may be."""
    kind, major, minor, length = octets[:1], octets[1:2], octets[2:3], octets[3:RECORD_HEAD]
    wrong = (
        (kind and kind[0] not in kinds)
        or (major and major[0] != 3)
        or (minor and minor[0] > 4)
        or (
            len(length) == 2
            and not needed - RECORD_HEAD <= int.from_bytes(length, "big") <= LONGEST_FRAGMENT
        )
    )
    if wrong:
        return Greeting.FOREIGN
    return Greeting.TLS if len(octets) >= needed else Greeting.PART


def _hello_fits(octets: bytes, hello: int) -> bool:
    """Judge a message's head as far as it is there: which hello, not 64 KiB long, version 3.x."""
    message = octets[RECORD_HEAD:GREETING_OCTETS]
    expected = (hello, 0, None, None, 3, None)
    return all(want is None or got == want for got, want in zip(message, expected, strict=False))
