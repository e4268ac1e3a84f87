"""Sockets of channels that come and go by one device alone, whatever the routes say.

Since Linux 5.7 a socket that is bound to none yet may be bound without rights (SO_BINDTODEVICE,
socket(7)). What a listening socket has accepted stays on its device.
"""

from __future__ import annotations

import asyncio
import socket


def listen_by(device: str, host: str, port: int) -> socket.socket:
    """Return a socket bound to an address, for who comes by a device; OSError if that cannot be."""
    family, place = _numeric(host, port)
    bound = _by(device, family)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(place)
    except OSError:
        bound.close()
        raise
    return bound


async def connect_by(device: str, host: str, port: int, from_host: str | None) -> socket.socket:
    """Return a socket that is connected to an address by a device; OSError if nobody is there."""
    family, place = _numeric(host, port)
    made = _by(device, family)
    try:
        if from_host is not None:
            made.bind(_numeric(from_host, 0)[1])
        await asyncio.get_running_loop().sock_connect(made, place)
    except BaseException:
        made.close()
        raise
    return made


def _by(device: str, family: int) -> socket.socket:
    kind = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    # The protocol is named for asyncio, which sends at once (TCP_NODELAY) only where it is.
    made = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
    except OSError:
        made.close()
        raise
    return made


def _numeric(host: str, port: int) -> tuple[int, tuple[object, ...]]:
    """Return family and place of an address; OSError for a name, for which nobody is asked."""
    family, _, _, _, place = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    )[0]
    return family, place
