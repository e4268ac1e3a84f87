"""Addresses as the kernel writes them, and what the engine asks of sockets it is lent."""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import socket
import struct
from typing import Final

import numpy as np

from baluardo.errors import InvalidInputError
from baluardo.network.bearers import engine_state as at
from baluardo.network.bearers.counts import Probe
from baluardo.network.bearers.engine_state import Octets
from baluardo.network.bearers.headers import OUTER_OCTETS

BUFFER_OCTETS: Final = 1 << 22
"""What a bearer's socket may hold: 300 ms at 100 Mbit/s, while the loop is kept from running."""

_SIOCGIFINDEX: Final = 0x8933
_TUNGETIFF: Final = 0x8004_54D2
_IFF_TUN: Final = 0x0001
_IFF_NO_PI: Final = 0x1000
_IFF_VNET_HDR: Final = 0x4000
_SO_SNDBUFFORCE: Final = 32
_SO_RCVBUFFORCE: Final = 33
_IP_MTU_DISCOVER: Final = 10
_IP_PMTUDISC_DONT: Final = 0
_ETH_P_IP: Final = 0x0800
_ETH_P_IPV6: Final = 0x86DD


def socket_address(ip: str, port: int) -> Octets:
    """Return sockaddr_in or sockaddr_in6; InvalidInputError for what is no address or port."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        raise InvalidInputError(f"{ip!r} is not an IPv4 or IPv6 address.") from None
    if not 0 < port < 1 << 16:
        raise InvalidInputError(f"Port {port} is not between 1 and 65535.")
    if isinstance(address, ipaddress.IPv4Address):
        octets = struct.pack("=H", socket.AF_INET) + struct.pack(">H4s8x", port, address.packed)
    else:
        octets = struct.pack("=H", socket.AF_INET6)
        octets += struct.pack(">HI16sI", port, 0, address.packed, 0)
    return np.frombuffer(octets, np.uint8)


def is_tun(descriptor: int) -> bool:
    """Tell whether a descriptor is that of a TUN device whose reads are one bare packet each."""
    asked = bytearray(40)  # struct ifreq
    try:
        fcntl.ioctl(descriptor, _TUNGETIFF, asked)
    except OSError:
        return False
    flags: int = struct.unpack_from("=H", asked, 16)[0]
    return flags & (_IFF_TUN | _IFF_NO_PI | _IFF_VNET_HDR) == _IFF_TUN | _IFF_NO_PI


def link_addresses(descriptor: int) -> Octets:
    """Return sockaddr_ll for IPv4 and IPv6 packets by the interface of an AF_PACKET descriptor.

    Shape (2, 20). InvalidInputError unless it is one and bound to an interface.
    """
    try:
        with socket.socket(fileno=socket.dup(descriptor)) as packets:
            if packets.family != socket.AF_PACKET:
                raise InvalidInputError("A lane's descriptor is not a packet socket.")
            name = packets.getsockname()[0]
            asked = struct.pack("16s24x", name.encode())
            index = struct.unpack_from("=i", fcntl.ioctl(packets, _SIOCGIFINDEX, asked), 16)[0]
    except OSError as problem:
        raise InvalidInputError(f"A lane's interface is not there ({problem.strerror}).") from None
    octets = b"".join(
        struct.pack("=H", socket.AF_PACKET)
        + struct.pack(">H", protocol)
        + struct.pack("=iHBB8x", index, 0, 0, 0)
        for protocol in (_ETH_P_IP, _ETH_P_IPV6)
    )
    return np.frombuffer(octets, np.uint8).reshape(2, at.LINK_ADDRESS_OCTETS)


def prepare_bearer(udp: socket.socket) -> None:
    """Let a bearer's socket look the same to the operator whatever it carries, and hold enough.

    The type of service is 0 for every datagram. On IPv4 routers may cut datagrams in pieces: a
    path with a small MTU makes it slow, not dead. InvalidInputError unless it is a UDP socket.
    """
    if udp.type != socket.SOCK_DGRAM or udp.family not in (socket.AF_INET, socket.AF_INET6):
        raise InvalidInputError("A bearer's socket is not a UDP socket.")
    udp.setblocking(False)
    if udp.family == socket.AF_INET:
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0)
        udp.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DONT)
    else:
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, 0)
    for asked, forced in (
        (socket.SO_SNDBUF, _SO_SNDBUFFORCE),
        (socket.SO_RCVBUF, _SO_RCVBUFFORCE),
    ):
        udp.setsockopt(socket.SOL_SOCKET, asked, BUFFER_OCTETS)
        with contextlib.suppress(PermissionError):
            udp.setsockopt(socket.SOL_SOCKET, forced, BUFFER_OCTETS)


def read_probe(record: bytes) -> Probe:
    """Read what the loop handed up: sockaddr, bearer, arrival, then the datagram."""
    port = int.from_bytes(record[2:4], "big")
    family = int.from_bytes(record[:2], "little")
    packed = record[4:8] if family == socket.AF_INET else record[8:24]
    bearer, arrival = struct.unpack_from("<IQ", record, at.ADDRESS_OCTETS)
    datagram = record[at.RECORD_HEAD :]
    return Probe(
        bearer=bearer,
        ip=str(ipaddress.ip_address(packed)),
        port=port,
        tag=int.from_bytes(datagram[4:OUTER_OCTETS], "big"),
        octets=datagram[OUTER_OCTETS:],
        arrival_ns=arrival,
    )
