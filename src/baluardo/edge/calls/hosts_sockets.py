"""Sockets of the hosts' namespace, which speak through the tunnels: the root helper makes them."""

from __future__ import annotations

import socket

from baluardo.edge.tunnels.run import Run
from baluardo.errors import BaluardoError


async def hosts_socket(run: Run, *, datagrams: bool) -> socket.socket:
    """Return a new one for IPv6; OSError once the helper serves us no more."""
    try:
        return await run.lanes.hosts_socket(6, datagrams=datagrams)
    except (BaluardoError, RuntimeError) as problem:
        raise OSError(f"The root helper opens no socket: {problem}") from None


async def bound_hosts_socket(
    run: Run, address: str, port: int, *, datagrams: bool
) -> socket.socket:
    """Return one that is bound; OSError while the address is not there."""
    opened = await hosts_socket(run, datagrams=datagrams)
    try:
        if not datagrams:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((address, port))
    except OSError:
        opened.close()
        raise
    return opened
