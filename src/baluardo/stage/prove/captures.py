"""Captures of the wire, searched for what must not be in them. Pure but for the file."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from baluardo.edge.configuration import EXCHANGE_PORT
from baluardo.edge.tunnels.bearers_known import PORT
from baluardo.errors import SourceError
from baluardo.stage.network.addresses import EXCHANGE_ADDRESS

_PACKET: Final = 6
_TCP, _UDP, _ICMP = 6, 17, 1


@dataclass(frozen=True, slots=True)
class Captured:
    """One packet of a capture."""

    octets: bytes

    @property
    def source(self) -> IPv4Address | None:
        """Its outer source; None for what is not IPv4."""
        return IPv4Address(self.octets[12:16]) if self._is_ipv4 else None

    @property
    def destination(self) -> IPv4Address | None:
        """Its outer destination; None for what is not IPv4."""
        return IPv4Address(self.octets[16:20]) if self._is_ipv4 else None

    @property
    def kind(self) -> str:
        """What it shows itself as: tunnel, exchange, authority, or something else."""
        if not self._is_ipv4:
            return "other"
        head = 4 * (self.octets[0] & 15)
        ports = struct.unpack_from(">HH", self.octets, head) if len(self.octets) >= head + 4 else ()
        protocol = self.octets[9]
        if protocol == _UDP and PORT in ports:
            return "tunnel"
        if protocol == _TCP and EXCHANGE_PORT in ports:
            return "exchange"
        authority = IPv4Address(EXCHANGE_ADDRESS)
        if protocol == _TCP and authority in {self.source, self.destination}:
            return "authority"
        return "icmp" if protocol == _ICMP else "other"

    @property
    def traffic_class(self) -> int:
        """The outer DSCP and ECN octet."""
        return self.octets[1] if self._is_ipv4 else 0

    @property
    def _is_ipv4(self) -> bool:
        return len(self.octets) >= 20 and self.octets[0] >> 4 == 4


def packets(path: Path) -> Iterator[Captured]:
    """Yield the packets of a pcapng file of the wire; SourceError if it is none."""
    octets = path.read_bytes()
    place = 0
    while place + 12 <= len(octets):
        kind, length = struct.unpack_from("<II", octets, place)
        if length < 12 or place + length > len(octets):
            raise SourceError(f"The capture breaks off at octet {place}.")
        if kind == _PACKET:
            (captured,) = struct.unpack_from("<I", octets, place + 20)
            yield Captured(octets[place + 28 : place + 28 + captured])
        place += length
