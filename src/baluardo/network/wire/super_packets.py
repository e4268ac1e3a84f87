"""Cutting super-packets into the packets that they stand for, and joining neighbours again.

As Linux cuts them (net/ipv4/tcp_offload.c, udp_offload.c): each piece has the headers of the whole
with its own lengths, TCP sequence number and IPv4 identification; FIN and PSH stand on the last
piece only, CWR on the first only. A transport checksum that is left to the receiver holds the sum
of the pseudo-header, not inverted (`struct virtio_net_hdr`, csum_start and csum_offset).
"""

from __future__ import annotations

from typing import Any, Final

from numba import njit

from baluardo.network.links.tun import VIRTIO_HEADER_OCTETS
from baluardo.network.wire.buffers import FLAGS, HEADER, KIND, OCTETS, PIECE, PIECES, TRANSPORT
from baluardo.network.wire.packets import (
    NEEDS_CHECKSUM,
    UDP_PIECES,
    WITH_ECN,
    Octets,
    big16,
    native16,
    number,
    set_big16,
    set_native16,
)

HEADER_ROOM: Final = 2_048
"""Room for the headers of a piece, which are shorter than the MTU."""

_FIN_PSH: Final = 0x09
_CWR: Final = 0x80


@njit(cache=True, nogil=True)
def add_octets(total: int, octets: Octets, begin: int, length: int) -> int:
    """Add octets to a one's complement sum that is not folded yet (RFC 1071)."""
    pairs = length >> 1
    even = odd = 0
    for k in range(pairs):
        even += number(octets[begin + 2 * k])
        odd += number(octets[begin + 2 * k + 1])
    if length & 1:
        even += number(octets[begin + length - 1])
    return total + (even << 8) + odd


@njit(cache=True, nogil=True)
def folded(total: int) -> int:
    """Return a one's complement sum in 16 bits."""
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@njit(cache=True, nogil=True)
def complete_checksum(octets: Octets, begin: int, length: int) -> None:
    """Finish the checksum that a whole packet's offload header leaves to the receiver."""
    header = begin - VIRTIO_HEADER_OCTETS
    start, offset = native16(octets, header + 6), native16(octets, header + 8)
    total = 0xFFFF ^ folded(add_octets(0, octets, begin + start, length - start))
    set_big16(octets, begin + start + offset, 0xFFFF if total == 0 else total)
    octets[header:begin] = 0


@njit(cache=True, nogil=True)
def compose(
    octets: Octets,
    begin: int,
    about: Any,
    first: int,
    count: int,
    offload: bool,
    out: Octets,
) -> tuple[int, int, int]:
    """Write into `out` the headers of pieces [first, first + count) of a super-packet.

    Returns (octets written, where their payload begins in `octets`, its octets). With `offload`
    an offload header comes first, and several pieces make a super-packet again; without it the
    checksum is finished, and count is 1.
    """
    header, transport, piece = about[HEADER], about[TRANSPORT], about[PIECE]
    payload_from = begin + header + first * piece
    payload = min(count * piece, begin + about[OCTETS] - payload_from)
    base = VIRTIO_HEADER_OCTETS if offload else 0
    out[:base] = 0
    out[base : base + header] = octets[begin : begin + header]
    _number(out, base, header + payload, first)
    transport_octets = header - transport + payload
    udp = about[KIND] == UDP_PIECES
    if udp:
        set_big16(out, base + transport + 4, transport_octets)
    else:
        last = first + count == about[PIECES]
        _advance(out, base + transport, first * piece, first == 0, last)
    place = base + transport + (6 if udp else 16)
    total = _pseudo_header(out, base, 17 if udp else 6, transport_octets)
    if offload:
        set_big16(out, place, folded(total))
        _set_offload(octets, begin, out, first, count, header, transport, piece)
    else:
        set_big16(out, place, 0)
        total = add_octets(total, out, base + transport, header - transport)
        # Headers of TCP and UDP are of an even length: the payload begins a pair.
        total = 0xFFFF ^ folded(add_octets(total, octets, payload_from, payload))
        set_big16(out, place, 0xFFFF if udp and total == 0 else total)
    return base + header, payload_from, payload


@njit(cache=True, nogil=True)
def _number(out: Octets, base: int, length: int, first: int) -> None:
    """Give the IP header its length, and IPv4's its identification and checksum."""
    if out[base] >> 4 == 4:
        set_big16(out, base + 2, length)
        set_big16(out, base + 4, (big16(out, base + 4) + first) & 0xFFFF)
        set_big16(out, base + 10, 0)
        total = folded(add_octets(0, out, base, 4 * (number(out[base]) & 15)))
        set_big16(out, base + 10, 0xFFFF ^ total)
    else:
        set_big16(out, base + 4, length - 40)


@njit(cache=True, nogil=True)
def _advance(out: Octets, at: int, octets: int, is_first: bool, is_last: bool) -> None:
    """Move TCP's sequence number on, and take the flags that stand on other pieces."""
    sequence = (big16(out, at + 4) << 16 | big16(out, at + 6)) + octets
    set_big16(out, at + 4, (sequence >> 16) & 0xFFFF)
    set_big16(out, at + 6, sequence & 0xFFFF)
    if not is_last:
        out[at + 13] &= 0xFF ^ _FIN_PSH
    if not is_first:
        out[at + 13] &= 0xFF ^ _CWR


@njit(cache=True, nogil=True)
def _pseudo_header(out: Octets, base: int, protocol: int, octets: int) -> int:
    """Return the sum of addresses, protocol and length."""
    if out[base] >> 4 == 4:
        return add_octets(protocol + octets, out, base + 12, 8)
    return add_octets(protocol + octets, out, base + 8, 32)


@njit(cache=True, nogil=True)
def _set_offload(
    octets: Octets,
    begin: int,
    out: Octets,
    first: int,
    count: int,
    header: int,
    transport: int,
    piece: int,
) -> None:
    virtio = begin - VIRTIO_HEADER_OCTETS
    out[0] = NEEDS_CHECKSUM
    if count > 1:
        segmentation = octets[virtio + 1]
        out[1] = segmentation if first == 0 else segmentation & (0xFF ^ WITH_ECN)
        set_native16(out, 4, piece)
    set_native16(out, 2, header)
    set_native16(out, 6, transport)
    out[8], out[9] = octets[virtio + 8], octets[virtio + 9]


@njit(cache=True, nogil=True)
def leaves_whole(about: Any, first: int, count: int) -> bool:
    """Whether these pieces are all there were, so that the packet can leave as it came."""
    return first == 0 and count == about[PIECES]


@njit(cache=True, nogil=True)
def checksum_is_open(about: Any) -> bool:
    """Whether the packet's checksum was left to us."""
    return bool(about[FLAGS] & NEEDS_CHECKSUM)
