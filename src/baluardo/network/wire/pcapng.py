"""Captures as other programs read them: pcapng (draft-ietf-opsawg-pcapng), written in pieces.

One interface for each port, under its name; packets begin with their first octet of IP; times are
nanoseconds since 1970. Wireshark reads all of it. tcpdump reads captures of one port only: libpcap
(1.10) compares the type of each further interface with its own number for raw packets, 12, and not
with that of the file.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from typing import Final

from baluardo.errors import InvalidInputError

LINKTYPE_RAW: Final = 101
"""Packets of IPv4 or IPv6, told apart by their first octet."""
LONGEST_NAME: Final = 255

INBOUND: Final = 1
"""The port gave it to the wire."""
OUTBOUND: Final = 2
"""The wire gave it to the port."""

_SECTION: Final = 0x0A0D0D0A
_BYTE_ORDER: Final = 0x1A2B3C4D
_LENGTH_UNKNOWN: Final = -1
_INTERFACE: Final = 1
_ENHANCED_PACKET: Final = 6
_OPT_END: Final = 0
_SHB_USERAPPL: Final = 4
_IF_NAME: Final = 2
_IF_TSRESOL: Final = 9
_EPB_FLAGS: Final = 2
_NANOSECONDS: Final = 9
"""Negative power of ten of a unit of time."""
_NO_LIMIT: Final = 0


def beginning(ports: Iterable[str]) -> bytes:
    """Return the head of a capture: a section, and one interface for each port, in this order."""
    section = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, _LENGTH_UNKNOWN)
    return b"".join(
        (
            _block(_SECTION, section + _options((_SHB_USERAPPL, b"baluardo wire"))),
            *map(interface, ports),
        )
    )


def interface(port: str) -> bytes:
    """Return the block of one more interface; its number is how many there were before."""
    name = port.encode()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidInputError(f"A port's name has 1 to {LONGEST_NAME} octets, not {len(name)}.")
    options = _options((_IF_NAME, name), (_IF_TSRESOL, bytes((_NANOSECONDS,))))
    return _block(_INTERFACE, struct.pack("<HHI", LINKTYPE_RAW, 0, _NO_LIMIT) + options)


def packet(number: int, posix_ns: int, octets: bytes, direction: int) -> bytes:
    """Return the block of a packet that passed an interface: INBOUND or OUTBOUND."""
    if not 0 <= posix_ns < 1 << 64:
        raise InvalidInputError(f"posix_ns {posix_ns} is not between 0 and 2^64.")
    fixed = struct.pack(
        "<IIIII", number, posix_ns >> 32, posix_ns & 0xFFFF_FFFF, len(octets), len(octets)
    )
    options = _options((_EPB_FLAGS, struct.pack("<I", direction)))
    return _block(_ENHANCED_PACKET, fixed + _padded(octets) + options)


def count_packets(descriptor: int, end: int) -> int:
    """Return how many packets this module has written before an octet, where a block ends.

    OSError where the file cannot be read; InvalidInputError where it holds something else.
    """
    packets = place = 0
    while place < end:
        head = os.pread(descriptor, 8, place)
        kind, length = struct.unpack("<II", head) if len(head) == 8 else (0, 0)
        if not 12 <= length <= end - place:
            raise InvalidInputError(f"At octet {place} of the capture stands no block.")
        packets += kind == _ENHANCED_PACKET
        place += length
    return packets


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _options(*options: tuple[int, bytes]) -> bytes:
    written = [struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options]
    return b"".join((*written, struct.pack("<HH", _OPT_END, 0)))


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)
