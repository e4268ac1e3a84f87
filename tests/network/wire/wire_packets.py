"""Packets made and cut in plain Python, by the RFCs, for comparison with the wire's own."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_address

TCP, UDP = 6, 17
FIN, PSH, ACK, CWR = 0x01, 0x08, 0x10, 0x80
NEEDS_CHECKSUM = 1
TCP_V4, TCP_V6, UDP_ANY, WITH_ECN = 1, 4, 5, 0x80


def ones_complement(octets: bytes) -> int:
    """The sum of RFC 1071, folded and not inverted."""
    padded = octets + b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@dataclass(frozen=True)
class Made:
    """The contents of a packet of TCP or UDP."""

    protocol: int
    source: str
    target: str
    payload: bytes
    identification: int = 1
    sequence: int = 1
    flags: int = ACK
    tcp_options: bytes = b""
    ip_options: bytes = b""
    """Of IPv4, or an extension header of IPv6 that names no next header yet."""

    @property
    def four(self) -> bool:
        """Whether it is of IPv4."""
        return isinstance(ip_address(self.source), IPv4Address)

    @property
    def transport(self) -> int:
        """Where the transport header begins."""
        return (20 if self.four else 40) + len(self.ip_options)

    @property
    def header(self) -> int:
        """Where the payload begins."""
        return self.transport + (20 + len(self.tcp_options) if self.protocol == TCP else 8)

    def pseudo_header(self, octets: int) -> bytes:
        """What the transport checksum covers of the IP header."""
        both = ip_address(self.source).packed + ip_address(self.target).packed
        if self.four:
            return both + struct.pack(">BBH", 0, self.protocol, octets)
        return both + struct.pack(">IHBB", octets, 0, 0, self.protocol)

    def octets(self, *, open_checksum: bool = False) -> bytes:
        """The packet; with `open_checksum` it holds only the pseudo-header's sum."""
        if self.protocol == TCP:
            offset = (20 + len(self.tcp_options)) // 4 << 4
            sequence = self.sequence & 0xFFFF_FFFF
            fixed = struct.pack(
                ">HHIIBBHHH", 4_000, 5_000, sequence, 77, offset, self.flags, 900, 0, 0
            )
            segment, place = fixed + self.tcp_options + self.payload, 16
        else:
            length = 8 + len(self.payload)
            segment = struct.pack(">HHHH", 4_000, 5_000, length, 0) + self.payload
            place = 6
        total = ones_complement(self.pseudo_header(len(segment)))
        if not open_checksum:
            total = 0xFFFF ^ ones_complement(self.pseudo_header(len(segment)) + segment)
            if self.protocol == UDP and total == 0:
                total = 0xFFFF
        segment = segment[:place] + struct.pack(">H", total) + segment[place + 2 :]
        return self._network_header(len(segment)) + segment

    def _network_header(self, octets: int) -> bytes:
        source, target = ip_address(self.source), ip_address(self.target)
        if isinstance(source, IPv6Address):
            length = octets + len(self.ip_options)
            first = 60 if self.ip_options else self.protocol
            rest = bytes([self.protocol]) + self.ip_options[1:] if self.ip_options else b""
            fixed = struct.pack(">IHBB", 6 << 28, length, first, 64)
            return fixed + source.packed + target.packed + rest
        words = (20 + len(self.ip_options)) // 4
        length = 4 * words + octets
        fixed = struct.pack(
            ">BBHHHBBH", 4 << 4 | words, 0, length, self.identification & 0xFFFF, 0, 64,
            self.protocol, 0,
        )  # fmt: skip
        header = fixed + source.packed + target.packed + self.ip_options
        total = 0xFFFF ^ ones_complement(header)
        return header[:10] + struct.pack(">H", total) + header[12:]

    def cut(self, piece: int) -> list[Made]:
        """The packets that it stands for, of `piece` payload octets each."""
        starts = range(0, len(self.payload), piece)
        return [
            replace(
                self,
                payload=self.payload[at : at + piece],
                identification=self.identification + number,
                sequence=self.sequence + at,
                flags=self.flags
                & ~(0 if number == len(starts) - 1 else FIN | PSH)
                & ~(0 if number == 0 else CWR),
            )
            for number, at in enumerate(starts)
        ]

    def offload_header(self, piece: int) -> bytes:
        """The header with which a kernel leaves the cutting to us; piece 0: the checksum alone."""
        kind = (TCP_V4 if self.four else TCP_V6) if self.protocol == TCP else UDP_ANY
        if self.protocol == TCP and self.flags & CWR:
            kind |= WITH_ECN
        return struct.pack(
            "=BBHHHH",
            NEEDS_CHECKSUM,
            kind if piece else 0,
            self.header,
            piece,
            self.transport,
            16 if self.protocol == TCP else 6,
        )

    def left_to_cut(self, piece: int) -> bytes:
        """The super-packet with its header, as a TUN device gives it."""
        return self.offload_header(piece) + self.octets(open_checksum=True)
