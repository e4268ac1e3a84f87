"""Descriptors that come over a Unix socket."""

from __future__ import annotations

import array
import socket


def receive_with_descriptors(
    connection: socket.socket, most_octets: int, most_descriptors: int
) -> tuple[bytes, list[int], int]:
    """Return a message, the descriptors with it, and the flags of recvmsg(2); OSError as it does.

    No program that is started inherits them. `socket.recv_fds` asks for that in vain before
    Python 3.12: it passes no flags on.
    """
    found = array.array("i")
    room = socket.CMSG_LEN(most_descriptors * found.itemsize)
    octets, ancillary, flags, _ = connection.recvmsg(most_octets, room, socket.MSG_CMSG_CLOEXEC)
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(data[: len(data) - len(data) % found.itemsize])
    return octets, list(found), flags
