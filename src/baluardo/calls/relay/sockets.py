"""Sockets of a session: opened where they are wanted, checked, and marked with its precedence."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from baluardo.errors import InvalidInputError, LinkError
from baluardo.foreign_input import quoted
from baluardo.network.bearers.classes import dscp_of
from baluardo.terms import Precedence

_IP_MTU_DISCOVER = 10
_IP_PMTUDISC_DONT = 0


def open_pair(near: str, far: str) -> tuple[socket.socket, socket.socket]:
    """Return a near and a far socket on these addresses of ours, with ports that the kernel chose.

    InvalidInputError for what is no address; LinkError where the machine does not have it.
    """
    first = open_port(near)
    try:
        return first, open_port(far)
    except BaseException:
        first.close()
        raise


def open_port(address: str) -> socket.socket:
    """Return a socket on an address of ours, with a port that the kernel chose; errors as above."""
    try:
        version = ip_address(address).version
    except ValueError:
        raise InvalidInputError(f"{quoted(address)} is no address of IP.") from None
    opened = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        opened.bind((address, 0))
    except OSError as problem:
        opened.close()
        raise LinkError(f"No relay's port can be had on {address} ({problem.strerror}).") from None
    return opened


def check_socket(udp: socket.socket, side: str) -> None:
    """Refuse what is no bound, unconnected UDP socket; InvalidInputError."""
    if udp.fileno() < 0:
        raise InvalidInputError(f"The {side} socket is closed.")
    if udp.type != socket.SOCK_DGRAM or udp.family not in (socket.AF_INET, socket.AF_INET6):
        raise InvalidInputError(f"The {side} socket is not a UDP socket.")
    if udp.getsockname()[1] == 0:
        raise InvalidInputError(f"The {side} socket is not bound to a port.")
    try:
        udp.getpeername()
    except OSError:
        return
    raise InvalidInputError(f"The {side} socket is connected; the relay judges senders itself.")


def prepare(udp: socket.socket) -> None:
    """Let the loop never wait for a socket, and routers on IPv4 cut what is too long for a path."""
    udp.setblocking(False)
    if udp.family == socket.AF_INET:
        udp.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DONT)


def mark(udp: socket.socket, precedence: Precedence) -> None:
    """Have all that leaves by a socket bear the DSCP of a precedence, as bearers read it."""
    traffic_class = dscp_of(precedence) << 2
    if udp.family == socket.AF_INET6:
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, traffic_class)
    # On a socket of IPv6 this is for what it sends to addresses of IPv4.
    udp.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, traffic_class)
