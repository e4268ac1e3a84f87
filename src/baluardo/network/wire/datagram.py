"""Packets as programs without a TUN device make them: UDP and echo, over IPv4 and IPv6.

A UDP terminal of the wire carries whole packets in datagrams, and has no kernel that would build
them. Sources: RFC 791 (IPv4), RFC 8200 (IPv6), RFC 768 (UDP), RFC 792 and RFC 4443 (echo), RFC 1071
(checksum), RFC 2474 (DSCP).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final, TypeVar

from baluardo.errors import InvalidInputError

Address = IPv4Address | IPv6Address
_Result = TypeVar("_Result")

LONGEST: Final = 65_535
"""Octets of a packet."""

_IPV4: Final = struct.Struct("!BBHHHBBH4s4s")
_IPV6: Final = struct.Struct("!IHBB16s16s")
_UDP: Final = struct.Struct("!HHHH")
_ECHO: Final = struct.Struct("!BBHHH")
_PROTOCOL_UDP: Final = 17
_PROTOCOL_ICMP: Final = 1
_PROTOCOL_ICMPV6: Final = 58
_DO_NOT_FRAGMENT: Final = 0x4000
_FRAGMENT: Final = 0x3FFF
"""More fragments follow, or an offset."""
_REQUEST_AND_REPLY: Final = {_PROTOCOL_ICMP: (8, 0), _PROTOCOL_ICMPV6: (128, 129)}


@dataclass(frozen=True, slots=True)
class Udp:
    """One datagram of UDP, in one packet."""

    source: Address
    source_port: int
    destination: Address
    destination_port: int
    payload: bytes
    dscp: int = 0
    hop_limit: int = 64

    def pack(self) -> bytes:
        """Return the packet; InvalidInputError where it cannot be one."""
        header = _packed(
            lambda: _UDP.pack(
                self.source_port, self.destination_port, _UDP.size + len(self.payload), 0
            )
        )
        segment = header + self.payload
        # RFC 768: a checksum of 0 says that there is none, and stands as its other zero.
        total = _checksum(self.source, self.destination, _PROTOCOL_UDP, segment) or 0xFFFF
        segment = segment[:6] + total.to_bytes(2) + segment[8:]
        return _with_header(self, _PROTOCOL_UDP, segment)


@dataclass(frozen=True, slots=True)
class Echo:
    """A request for an echo, or the reply: what `ping` sends and gets."""

    source: Address
    destination: Address
    identifier: int
    sequence: int
    payload: bytes = b""
    is_reply: bool = False
    dscp: int = 0
    hop_limit: int = 64

    def reply(self) -> Echo:
        """Return the reply to this request; InvalidInputError for a reply."""
        if self.is_reply:
            raise InvalidInputError("This is a reply already.")
        return Echo(
            self.destination,
            self.source,
            self.identifier,
            self.sequence,
            self.payload,
            is_reply=True,
            dscp=self.dscp,
        )

    def pack(self) -> bytes:
        """Return the packet; InvalidInputError where it cannot be one."""
        four = isinstance(self.source, IPv4Address)
        protocol = _PROTOCOL_ICMP if four else _PROTOCOL_ICMPV6
        kind = _REQUEST_AND_REPLY[protocol][self.is_reply]
        message = (
            _packed(lambda: _ECHO.pack(kind, 0, 0, self.identifier, self.sequence)) + self.payload
        )
        total = _checksum(self.source, self.destination, protocol, message)
        message = message[:2] + total.to_bytes(2) + message[4:]
        return _with_header(self, protocol, message)


def read_packet(octets: bytes) -> Udp | Echo:
    """Return what a packet carries; InvalidInputError for any that is neither, or is not whole.

    Checksums are checked. Fragments, and IPv6 with extension headers, are refused.
    """
    if not octets:
        raise InvalidInputError("A packet of no octets.")
    version = octets[0] >> 4
    if version not in (4, 6):
        raise InvalidInputError(f"A packet of version {version} of the Internet Protocol.")
    source, destination, dscp, hops, protocol, data = (
        _read_ipv4(octets) if version == 4 else _read_ipv6(octets)
    )
    if protocol == _PROTOCOL_UDP:
        return _read_udp(source, destination, dscp, hops, data)
    if protocol == (_PROTOCOL_ICMP if version == 4 else _PROTOCOL_ICMPV6):
        return _read_echo(source, destination, dscp, hops, protocol, data)
    raise InvalidInputError(f"A packet of protocol {protocol}; UDP and echo are understood.")


_Read = tuple[Address, Address, int, int, int, bytes]


def _read_ipv4(octets: bytes) -> _Read:
    if len(octets) < _IPV4.size:
        raise InvalidInputError("A packet that ends within its header.")
    first, service, length, _, fragment, hops, protocol, _, source, destination = _IPV4.unpack_from(
        octets
    )
    header = (first & 0xF) * 4
    if not _IPV4.size <= header <= length == len(octets):
        raise InvalidInputError("A packet of IPv4 of another length than it says.")
    if _sum(octets[:header]):
        raise InvalidInputError("A packet of IPv4 with a wrong checksum.")
    if fragment & _FRAGMENT:
        raise InvalidInputError("A fragment of a packet; whole packets are understood.")
    return (
        *(IPv4Address(source), IPv4Address(destination)),
        *(service >> 2, hops, protocol, octets[header:]),
    )


def _read_ipv6(octets: bytes) -> _Read:
    if len(octets) < _IPV6.size:
        raise InvalidInputError("A packet that ends within its header.")
    first, length, protocol, hops, source, destination = _IPV6.unpack_from(octets)
    if length != len(octets) - _IPV6.size:
        raise InvalidInputError("A packet of IPv6 of another length than it says.")
    return (
        *(IPv6Address(source), IPv6Address(destination)),
        *(first >> 22 & 0x3F, hops, protocol, octets[_IPV6.size :]),
    )


def _read_udp(source: Address, destination: Address, dscp: int, hops: int, data: bytes) -> Udp:
    if len(data) < _UDP.size:
        raise InvalidInputError("A datagram of UDP that ends within its header.")
    source_port, destination_port, length, checksum = _UDP.unpack_from(data)
    if length != len(data):
        raise InvalidInputError("A datagram of UDP of another length than it says.")
    # RFC 768: without a checksum in IPv4; RFC 8200 section 8.1: never in IPv6.
    if (checksum or source.version == 6) and _checksum(source, destination, _PROTOCOL_UDP, data):
        raise InvalidInputError("A datagram of UDP with a wrong checksum.")
    return Udp(source, source_port, destination, destination_port, data[_UDP.size :], dscp, hops)


def _read_echo(
    source: Address, destination: Address, dscp: int, hops: int, protocol: int, data: bytes
) -> Echo:
    if len(data) < _ECHO.size:
        raise InvalidInputError("A message of ICMP that ends within its header.")
    kind, code, _, identifier, sequence = _ECHO.unpack_from(data)
    kinds = _REQUEST_AND_REPLY[protocol]
    if kind not in kinds or code != 0:
        raise InvalidInputError(f"A message of ICMP of type {kind}, which is no echo.")
    if _checksum(source, destination, protocol, data):
        raise InvalidInputError("A message of ICMP with a wrong checksum.")
    return Echo(
        *(source, destination, identifier, sequence, data[_ECHO.size :]),
        is_reply=kind == kinds[1],
        dscp=dscp,
        hop_limit=hops,
    )


def _with_header(carried: Udp | Echo, protocol: int, data: bytes) -> bytes:
    if not 0 <= carried.dscp <= 63:
        raise InvalidInputError(f"dscp {carried.dscp} is not between 0 and 63.")
    source, destination = carried.source, carried.destination
    if isinstance(source, IPv6Address):
        header = _packed(
            lambda: _IPV6.pack(
                *(6 << 28 | carried.dscp << 22, len(data), protocol, carried.hop_limit),
                *(source.packed, destination.packed),
            )
        )
        return header + data
    header = _packed(
        lambda: _IPV4.pack(
            *(0x45, carried.dscp << 2, _IPV4.size + len(data), 0, _DO_NOT_FRAGMENT),
            *(carried.hop_limit, protocol, 0, source.packed, destination.packed),
        )
    )
    total = 0xFFFF ^ (_sum(header) or 0xFFFF)
    return header[:10] + total.to_bytes(2) + header[12:] + data


def _packed(pack: Callable[[], _Result]) -> _Result:
    try:
        return pack()
    except struct.error:
        raise InvalidInputError(
            "A port, an identifier, a sequence number, a hop limit or the length of a packet is "
            "not within what its field holds."
        ) from None


def _checksum(source: Address, destination: Address, protocol: int, data: bytes) -> int:
    """Return the checksum to be written, or 0 if `data` holds it already and it is right.

    Over the addresses as well (the pseudo header), but for ICMP of IPv4.
    """
    if source.version != destination.version:
        raise InvalidInputError(f"{source} and {destination} are of two versions.")
    if len(data) > LONGEST:
        raise InvalidInputError(f"A packet of more than {LONGEST:,} octets.")
    pseudo = b""
    if protocol != _PROTOCOL_ICMP:
        pseudo = source.packed + destination.packed + struct.pack("!II", len(data), protocol)
    return 0xFFFF ^ (_sum(pseudo + data) or 0xFFFF)


def _sum(octets: bytes) -> int:
    """Return the ones' complement sum of words of 16 bits (RFC 1071), with its zero as 0.

    65,536 is 1 modulo 65,535, so that the words of a number add up to its remainder.
    """
    return int.from_bytes(octets + bytes(len(octets) % 2)) % 0xFFFF
