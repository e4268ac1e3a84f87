"""Inner packets for tests, made by hand."""

from __future__ import annotations

import struct
from ipaddress import ip_address


def checksum(octets: bytes) -> int:
    """The checksum of RFC 1071."""
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(
    source: str, destination: str, body: bytes = b"", dscp: int = 0, protocol: int = 253
) -> bytes:
    """A whole IPv4 packet; protocol 253 is for experiments (RFC 3692)."""
    head = struct.pack(
        ">BBHHHBBH4s4s",
        *(0x45, dscp << 2, 20 + len(body), 0, 0, 64, protocol, 0),
        *(ip_address(source).packed, ip_address(destination).packed),
    )
    return head[:10] + checksum(head).to_bytes(2, "big") + head[12:] + body


def ipv6(
    source: str, destination: str, body: bytes = b"", dscp: int = 0, protocol: int = 253
) -> bytes:
    """A whole IPv6 packet."""
    first = 6 << 28 | dscp << 22
    return (
        struct.pack(">IHBB", first, len(body), protocol, 64)
        + ip_address(source).packed
        + ip_address(destination).packed
        + body
    )


def udp(source: int, destination: int, body: bytes) -> bytes:
    """A UDP datagram without a checksum, as IPv4 permits."""
    return struct.pack(">HHHH", source, destination, 8 + len(body), 0) + body


UDP = 17
"""The protocol number (RFC 768)."""
