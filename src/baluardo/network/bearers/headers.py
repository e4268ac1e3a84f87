"""Headers: the eight octets before each datagram on a bearer, and what is read of inner packets.

The outer header, big-endian: type (1 octet), lane (1), zero (2), tag (4). The tag names the sender
among the receiver's peers. It is a hint that is never trusted: WireGuard authenticates what it
carries, and probes have a MAC of their own.

Inner packets are IPv4 (RFC 791) or IPv6 (RFC 8200), whole and nothing but: the length that the
header says is the length there is.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from baluardo.errors import InvalidInputError

Octets = npt.NDArray[np.uint8]

OUTER_OCTETS: Final = 8
WIREGUARD: Final = 1
PROBE: Final = 2

_OUTER: Final = struct.Struct(">BBHI")
_IPV4_OCTETS: Final = 20
_IPV6_OCTETS: Final = 40
_TCP: Final = 6
_UDP: Final = 17


@dataclass(frozen=True, slots=True)
class OuterHeader:
    """What precedes a datagram."""

    kind: int
    """WIREGUARD or PROBE."""
    lane: int
    tag: int

    def encode(self) -> bytes:
        """Return the eight octets."""
        return _OUTER.pack(self.kind, self.lane, 0, self.tag)

    @classmethod
    def decode(cls, datagram: bytes) -> OuterHeader:
        """Read it from a datagram's start; InvalidInputError unless it is one of ours."""
        if len(datagram) < OUTER_OCTETS:
            raise InvalidInputError(f"{len(datagram)} octets are too few for a datagram of ours.")
        kind, lane, zero, tag = _OUTER.unpack_from(datagram)
        if kind not in (WIREGUARD, PROBE) or zero != 0:
            raise InvalidInputError(f"A datagram of type {kind} is not one of ours.")
        return cls(kind, lane, tag)


@njit(nogil=True, cache=True)
def write_outer(octets: Octets, start: int, kind: int, lane: int, tag: int) -> None:
    """Write the outer header at `start`."""
    octets[start] = kind
    octets[start + 1] = lane
    octets[start + 2] = 0
    octets[start + 3] = 0
    for k in range(4):
        octets[start + 4 + k] = (tag >> (24 - 8 * k)) & 0xFF


@njit(nogil=True, cache=True)
def outer_kind(octets: Octets, start: int, length: int) -> int:
    """Return WIREGUARD or PROBE, or -1 for what is no datagram of ours."""
    if length < OUTER_OCTETS or octets[start + 2] != 0 or octets[start + 3] != 0:
        return -1
    kind = np.int64(octets[start])
    return kind if kind in (WIREGUARD, PROBE) else -1  # type: ignore[return-value]


@njit(nogil=True, cache=True)
def big_endian(octets: Octets, start: int, width: int) -> np.uint64:
    """Return a number of up to eight octets."""
    value = np.uint64(0)
    for k in range(width):
        value = (value << np.uint64(8)) | np.uint64(octets[start + k])
    return value


@njit(nogil=True, cache=True)
def inner_dscp(octets: Octets, start: int, length: int) -> int:
    """Return the DSCP of an inner packet, or -1 unless it is one whole IPv4 or IPv6 packet."""
    if length < _IPV4_OCTETS:
        return -1
    first = np.int64(octets[start])
    if first >> 4 == 4:
        header = (first & 15) * 4
        if header < _IPV4_OCTETS or header > length:
            return -1
        if np.int64(big_endian(octets, start + 2, 2)) != length:
            return -1
        return np.int64(octets[start + 1]) >> 2  # type: ignore[return-value]
    if first >> 4 != 6 or length < _IPV6_OCTETS:
        return -1
    if np.int64(big_endian(octets, start + 4, 2)) + _IPV6_OCTETS != length:
        return -1
    return ((first & 15) << 2) | (np.int64(octets[start + 1]) >> 6)  # type: ignore[return-value]


@njit(nogil=True, cache=True)
def inner_address(octets: Octets, start: int, destination: bool) -> Any:
    """Return (upper, lower) 64 bits of a checked packet's address; an IPv4 one is all in lower."""
    if octets[start] >> 4 == 4:
        at = start + (16 if destination else 12)
        return np.uint64(0), big_endian(octets, at, 4)
    at = start + (24 if destination else 8)
    return big_endian(octets, at, 8), big_endian(octets, at + 8, 8)


@njit(nogil=True, cache=True)
def flow_hash(octets: Octets, start: int, length: int, key: np.uint64) -> np.uint64:
    """Return a keyed hash of a checked packet's flow: addresses, protocol, ports where it has some.

    Fragments after the first have no ports, so no fragment's ports are looked at.
    """
    if octets[start] >> 4 == 4:
        words: Any = np.int64(octets[start]) & 15
        ports = start + words * 4
        protocol = np.int64(octets[start + 9])
        whole = big_endian(octets, start + 6, 2) & np.uint64(0x3FFF) == 0
        first, last = start + 12, start + 20
    else:
        ports = start + _IPV6_OCTETS
        protocol = np.int64(octets[start + 6])
        whole = True
        first, last = start + 8, start + _IPV6_OCTETS
    value = _mixed(key ^ np.uint64(protocol))
    for at in range(first, last, 4):
        value = _mixed(value ^ big_endian(octets, at, 4))
    if whole and (protocol in (_TCP, _UDP)) and ports + 4 <= start + length:
        value = _mixed(value ^ big_endian(octets, ports, 4))
    return value


@njit(nogil=True, cache=True)
def _mixed(value: np.uint64) -> np.uint64:
    """Spread every bit over all (the finaliser of MurmurHash3, which is in the public domain)."""
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))
