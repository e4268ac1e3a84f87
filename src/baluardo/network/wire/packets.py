"""What a packet is: where it goes, and whether its headers agree with each other and its length.

Nothing here is taken on trust: the offload header comes from a kernel, but the octets after it come
from anybody. Sources: RFC 791, RFC 8200, RFC 9293, RFC 768; the offload header is `struct
virtio_net_hdr` (Virtual I/O Device 1.2, section 5.1.6), in this machine's order of octets.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from baluardo.network.links.tun import VIRTIO_HEADER_OCTETS
from baluardo.network.wire.buffers import (
    FLAGS,
    HEADER,
    KIND,
    OCTETS,
    PIECE,
    PIECES,
    TRANSPORT,
    USERS,
)
from baluardo.network.wire.counts import PASSED, Cause

Octets = npt.NDArray[np.uint8]

WHOLE, TCP_PIECES, UDP_PIECES = range(3)
"""A packet that leaves as it came, and super-packets that are to be cut."""

NEEDS_CHECKSUM: Final = 1
DATA_VALID: Final = 2
TCP_V4, TCP_V6, UDP_ANY, WITH_ECN = 1, 4, 5, 0x80
"""`gso_type`: VIRTIO_NET_HDR_GSO_TCPV4, TCPV6, UDP_L4, ECN."""

SMALLEST_PIECE: Final = 8
"""Linux's least (TCP_MIN_GSO_SIZE)."""
MOST_PIECES: Final = 2_048

_TCP, _UDP = 6, 17
_MALFORMED: Final = int(Cause.MALFORMED)
_OVERSIZED: Final = int(Cause.OVERSIZED)
_LITTLE: Final = bool(np.little_endian)


@njit(cache=True, nogil=True)
def number(octet: Any) -> int:
    """Return an octet as a signed number, with which numbers of 64 bits stay whole ones."""
    wide: Any = np.int64(octet)
    return wide  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def big16(octets: Octets, at: int) -> int:
    """Return two octets as a number, in network order."""
    return number(octets[at]) << 8 | number(octets[at + 1])


@njit(cache=True, nogil=True)
def set_big16(octets: Octets, at: int, value: int) -> None:
    """Write a number as two octets, in network order."""
    octets[at] = (value >> 8) & 0xFF
    octets[at + 1] = value & 0xFF


@njit(cache=True, nogil=True)
def native16(octets: Octets, at: int) -> int:
    """Return two octets as a number, in this machine's order."""
    if _LITTLE:
        return number(octets[at + 1]) << 8 | number(octets[at])
    return number(octets[at]) << 8 | number(octets[at + 1])


@njit(cache=True, nogil=True)
def set_native16(octets: Octets, at: int, value: int) -> None:
    """Write a number as two octets, in this machine's order."""
    if _LITTLE:
        octets[at], octets[at + 1] = value & 0xFF, (value >> 8) & 0xFF
    else:
        octets[at], octets[at + 1] = (value >> 8) & 0xFF, value & 0xFF


@njit(cache=True, nogil=True)
def examine(octets: Octets, begin: int, length: int, offload: bool, mtu: int, about: Any) -> int:
    """Fill what is known `about` the packet of `length` octets at `begin`; return a drop's cause.

    With `offload` its header stands in the VIRTIO_HEADER_OCTETS before it. Where a cause is
    returned, PIECES tells how many packets that are.
    """
    flags = segmentation = 0
    header = begin - VIRTIO_HEADER_OCTETS
    if offload:
        flags = number(octets[header]) & (NEEDS_CHECKSUM | DATA_VALID)
        segmentation = number(octets[header + 1])
    about[USERS], about[OCTETS], about[KIND], about[FLAGS] = 0, length, WHOLE, flags
    about[HEADER], about[TRANSPORT], about[PIECE], about[PIECES] = 0, 0, 0, 1
    if segmentation == 0 and length > mtu:
        return _OVERSIZED
    inner = _network_header(octets, begin, length)
    if inner == 0:
        return _MALFORMED
    if flags & NEEDS_CHECKSUM:
        start = native16(octets, header + 6)
        place = start + native16(octets, header + 8)
        if start < inner or place + 2 > length:
            return _MALFORMED
        about[TRANSPORT] = start
    if segmentation == 0:
        if offload:
            octets[header] = flags
            octets[header + 1 : header + 6] = 0
        return PASSED
    return _examine_super(octets, begin, length, inner, segmentation, mtu, about)


@njit(cache=True, nogil=True)
def _network_header(octets: Octets, begin: int, length: int) -> int:
    """Return the octets of the IP header without IPv6's extensions, 0 where it lies."""
    if length < 20:
        return 0
    version = octets[begin] >> 4
    if version == 4:
        header = 4 * (number(octets[begin]) & 15)
        if header < 20 or header > length or big16(octets, begin + 2) != length:
            return 0
        return header
    if version == 6 and length >= 40 and big16(octets, begin + 4) + 40 == length:
        return 40
    return 0


@njit(cache=True, nogil=True)
def _examine_super(
    octets: Octets,
    begin: int,
    length: int,
    inner: int,
    segmentation: int,
    mtu: int,
    about: Any,
) -> int:
    kind = segmentation & ~WITH_ECN
    four = octets[begin] >> 4 == 4
    udp = kind == UDP_ANY
    if not (udp or (kind == TCP_V4 and four) or (kind == TCP_V6 and not four)):
        return _MALFORMED
    protocol = _UDP if udp else _TCP
    transport = _transport(octets, begin, length, inner, protocol)
    if not about[FLAGS] & NEEDS_CHECKSUM or transport == 0 or about[TRANSPORT] != transport:
        return _MALFORMED
    if udp:
        header = transport + 8
    else:
        header = transport + 20
        if header > length:
            return _MALFORMED
        header = transport + 4 * (number(octets[begin + transport + 12]) >> 4)
        if header < transport + 20:
            return _MALFORMED
    virtio = begin - VIRTIO_HEADER_OCTETS
    piece = native16(octets, virtio + 4)
    if (
        header >= length
        or piece < SMALLEST_PIECE
        or native16(octets, virtio + 8) != (6 if udp else 16)
    ):
        return _MALFORMED
    pieces = (length - header + piece - 1) // piece
    if pieces > MOST_PIECES:
        return _MALFORMED
    about[KIND] = UDP_PIECES if udp else TCP_PIECES
    about[HEADER], about[PIECE], about[PIECES] = header, piece, pieces
    set_native16(octets, virtio + 2, header)
    return PASSED if header + min(piece, length - header) <= mtu else _OVERSIZED


@njit(cache=True, nogil=True)
def _transport(octets: Octets, begin: int, length: int, inner: int, protocol: int) -> int:
    """Return where the transport header begins, 0 where it is another's or a fragment's."""
    if octets[begin] >> 4 == 4:
        fragment = big16(octets, begin + 6) & 0x3FFF
        return inner if number(octets[begin + 9]) == protocol and fragment == 0 else 0
    following, at = number(octets[begin + 6]), 40
    # Hop-by-hop and destination options (RFC 8200, section 4). A routing header would put another
    # address into the pseudo-header: nobody leaves such packets to be cut.
    while (following == 0 or following == 60) and at + 8 <= length:
        following, at = (
            number(octets[begin + at]),
            at + 8 * (number(octets[begin + at + 1]) + 1),
        )
    return at if following == protocol and at + 8 <= length else 0


@njit(cache=True, nogil=True)
def piece_octets(about: Any, piece: int) -> int:
    """Return the octets of a piece as a packet of its own."""
    if about[KIND] == WHOLE:
        return int(about[OCTETS])
    rest = about[OCTETS] - about[HEADER] - piece * about[PIECE]
    return int(about[HEADER] + min(about[PIECE], rest))


@njit(cache=True, nogil=True)
def destination(octets: Octets, begin: int) -> tuple[int, int, bool]:
    """Return both halves of the address (`tables.halves`), and whether the default may lead there.

    Multicast, broadcast and link-local destinations are of the link they are sent on.
    """
    if octets[begin] >> 4 == 4:
        low = 0xFFFF
        for k in range(4):
            low = low << 8 | number(octets[begin + 16 + k])
        first, second = number(octets[begin + 16]), number(octets[begin + 17])
        return 0, low, first < 224 and (first != 169 or second != 254)
    high = low = 0
    for k in range(8):
        high = high << 8 | number(octets[begin + 24 + k])
        low = low << 8 | number(octets[begin + 32 + k])
    first, second = number(octets[begin + 24]), number(octets[begin + 25])
    return high, low, first != 0xFF and not (first == 0xFE and second & 0xC0 == 0x80)
