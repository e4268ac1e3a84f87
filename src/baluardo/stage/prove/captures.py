"""Captures of the wire, searched for what must not be in them, and the control of that search."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from baluardo.edge.configuration import EXCHANGE_PORT
from baluardo.edge.tunnels.bearers_known import PORT
from baluardo.errors import SourceError
from baluardo.network.links.namespaces import Namespace
from baluardo.stage.network.addresses import EXCHANGE_ADDRESS
from baluardo.stage.prove.result import Finding

_BEGINNING: Final = bytes.fromhex("0a0d0d0a")
_PACKET: Final = 6
_INTERFACE: Final = 1
_IF_NAME: Final = 2
_LEAST: Final = 32
"""Octets of a packet's block around the packet."""
_TCP, _UDP, _ICMP = 6, 17, 1
_DISCARD: Final = 9
_KNOWN: Final = frozenset({"tunnel", "exchange", "authority"})
"""What a site may show outside."""


@dataclass(frozen=True, slots=True)
class Captured:
    """One packet of a capture."""

    octets: bytes
    port: str = ""
    """At which port of the wire it was seen."""

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
    try:
        octets = path.read_bytes()
    except OSError as problem:
        raise SourceError(f"The capture cannot be read: {problem.strerror}.") from None
    if not octets.startswith(_BEGINNING):
        raise SourceError("This is no capture of the wire: it does not begin as pcapng does.")
    place, ports = 0, list[str]()
    while place < len(octets):
        kind, length = _head(octets, place)
        if kind == _INTERFACE:
            ports.append(_name(octets[place + 16 : place + length - 4]))
        if kind == _PACKET:
            captured = struct.unpack_from("<I", octets, place + 20)[0] if length >= _LEAST else -1
            if not 0 <= captured <= length - _LEAST:
                raise SourceError(f"The capture is broken at octet {place}: no packet fits there.")
            port = struct.unpack_from("<I", octets, place + 8)[0]
            name = ports[port] if port < len(ports) else ""
            yield Captured(octets[place + 28 : place + 28 + captured], name)
        place += length


def send_clear(namespace: Namespace, address: str, octets: bytes) -> None:
    """Send octets as they are from a namespace outside, in one datagram."""

    def sending() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(octets, (address, _DISCARD))

    namespace.inside(sending)


def judge_control(path: Path, secret: Sequence[bytes]) -> Finding:
    """Judge a capture in which each of some octets was sent in clear on purpose."""
    clear = [each.octets for each in packets(path) if is_clear(each, secret)]
    seen = sum(any(octets in each for each in clear) for octets in secret)
    return Finding(
        "clear packets sent on purpose, recognised (control)",
        f"{len(clear)} packets, {seen} of {len(secret)} kinds",
        f"{len(secret)} kinds",
        seen == len(secret),
    )


def is_clear(packet: Captured, secret: Sequence[bytes]) -> bool:
    """Tell whether a packet holds something that only tunnels may carry."""
    return any(octets in packet.octets for octets in secret)


def judge_outside(path: Path, count: int, secret: Sequence[bytes]) -> list[Finding]:
    """Judge a capture of all that was outside; `secret`: octets that must not be in it."""
    clear, other, marked = 0, 0, set[int]()
    for each in packets(path):
        clear += is_clear(each, secret)
        other += each.kind not in _KNOWN
        if each.kind == "tunnel":
            marked.add(each.traffic_class)
    return [
        Finding(
            "clear packets at wire and landings",
            f"{clear} of {count} captured, {other} of no known kind",
            "0",
            clear == 0 and other == 0 and count > 0,
        ),
        Finding(
            "outer DSCP of tunnels",
            f"{len(marked)} value: {', '.join(map(str, sorted(marked)))}",
            "1 value",
            len(marked) == 1,
        ),
    ]


def _name(options: bytes) -> str:
    """Return the name among an interface's options; empty where it has none."""
    place = 0
    while place + 4 <= len(options):
        code, length = struct.unpack_from("<HH", options, place)
        if code == _IF_NAME:
            return options[place + 4 : place + 4 + length].decode("utf-8", "replace")
        place += 4 + length + (-length % 4)
    return ""


def _head(octets: bytes, place: int) -> tuple[int, int]:
    """Return the kind and length of a block; SourceError unless all of it is there."""
    if place + 12 <= len(octets):
        kind, length = struct.unpack_from("<II", octets, place)
        if 12 <= length <= len(octets) - place and length % 4 == 0:
            return int(kind), int(length)
    raise SourceError(f"The capture breaks off at octet {place}.")
