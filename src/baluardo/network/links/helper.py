"""The only program that runs as root: it opens what needs root, and hands out descriptors.

`python -m baluardo.network.links.helper SOCKET` serves one site. It makes two namespaces: `hosts`,
with the site's own device and no way out but that, and `crypt`, with one WireGuard interface for
each lane and no way out at all; with two layers ESP stands there before WireGuard. Plain devices
come in by one more interface, in `hosts`, whose socket is outside. It holds no traffic in its
hands: packets pass through the descriptors that it gives to the site's edge. When it ends, all of
it is gone, WireGuard too.

Who may ask: root, and the owner of the socket's directory, as the kernel names them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import selectors
import signal
import socket
import stat
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from baluardo.errors import BaluardoError, LaneRemadeError, LinkError
from baluardo.foreign_input import printable
from baluardo.network.links.answers import Answer, opened_fields, shown_fields, write_answer
from baluardo.network.links.descriptors import receive_with_descriptors
from baluardo.network.links.device_answers import devices_view_fields
from baluardo.network.links.device_requests import Devices, NoDevices, ViewDevices
from baluardo.network.links.inner_requests import InnerPeer, InnerRemoval, Tend
from baluardo.network.links.requests import (
    MOST_DESCRIPTORS,
    MOST_OCTETS,
    Address,
    Configure,
    End,
    Enter,
    HostsSocket,
    Open,
    Peer,
    Request,
    Show,
    read_request,
)
from baluardo.network.links.site_links import SiteLinks
from baluardo.network.links.wireguard_interface import WireGuardInterface
from baluardo.network.links.wireguard_process import make_own_control_directory

MOST_CONNECTIONS: Final = 8


class Helper:
    """A door, those who came in, and the links of the site."""

    def __init__(self, path: Path) -> None:
        """Open the door; LinkError where its directory is not safe or somebody serves already."""
        self._path = path
        self._permitted = {os.geteuid(), _owner_of_safe(path.parent)}
        self._door = _opened_door(path)
        self._links: SiteLinks | None = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._door, selectors.EVENT_READ)
        self._connections: set[socket.socket] = set()
        self._lets_devices_in: socket.socket | None = None
        """Who asked for plain devices: without that program nobody hears that they are to go."""
        self._ended = False

    def serve(self, until_input_ends: bool) -> None:
        """Answer until told to end, or until standard input ends if that is asked for."""
        if until_input_ends:
            self._selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
        while not self._ended:
            for key, _ in self._selector.select():
                if key.fileobj is self._door:
                    self._let_in()
                elif isinstance(key.fileobj, socket.socket):
                    if key.fileobj in self._connections:
                        self._answer(key.fileobj)
                elif not os.read(key.fd, 4_096):
                    self._ended = True

    def close(self) -> None:
        """Take everything away, and the door."""
        for connection in list(self._connections):
            self._leave(connection)
        self._selector.close()
        self._door.close()
        self._path.unlink(missing_ok=True)
        if self._links is not None:
            self._links.close()

    def _let_in(self) -> None:
        try:
            connection, _ = self._door.accept()
        except OSError:
            return  # whoever it was has left
        connection.setblocking(False)
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        _, uid, _ = struct.unpack("iII", credentials)
        if uid not in self._permitted:
            _send(connection, _refusal(f"User {uid} may not ask the root helper for anything."))
        elif len(self._connections) >= MOST_CONNECTIONS:
            _send(connection, _refusal(f"{MOST_CONNECTIONS} programs ask already."))
        else:
            self._connections.add(connection)
            self._selector.register(connection, selectors.EVENT_READ)
            return
        connection.close()

    def _leave(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        self._connections.discard(connection)
        connection.close()
        if connection is self._lets_devices_in:
            self._lets_devices_in = None
            if self._links is not None:
                self._links.devices.clear()

    def _answer(self, connection: socket.socket) -> None:
        try:
            octets, given, flags = receive_with_descriptors(
                connection, MOST_OCTETS, MOST_DESCRIPTORS
            )
        except BlockingIOError:
            return
        except OSError:
            octets, given, flags = b"", [], 0
        lent: list[socket.socket | int] = []
        try:
            if not octets:
                self._leave(connection)
                return
            try:
                if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
                    raise LinkError(f"The request is larger than {MOST_OCTETS:,} octets.")
                request = read_request(octets)
                done = self._do(request, given, lent)
                if isinstance(request, Devices):
                    self._lets_devices_in = connection
                message = write_answer(Answer(done))
            except (BaluardoError, OSError) as problem:
                _close(lent)
                message = _refusal(str(problem), isinstance(problem, LaneRemadeError))
            if not _send(connection, message, lent):
                self._leave(connection)
        finally:
            _close(lent)
            _close(given)

    def _do(
        self, request: Request, given: Sequence[int], lent: list[socket.socket | int]
    ) -> dict[str, object]:
        """Do it; what `lent` holds afterwards goes with the answer, and is closed here."""
        match request:
            case Open():
                return self._open(request, given, lent)
            case End():
                self._ended = True
                return {}
        links = self._links
        if links is None:
            raise LinkError("Nothing is opened yet. Open the links first.")
        match request:
            case Peer(index=index):
                lent.append(links.in_lane(request, lambda lane: lane.open_peer_socket(index)))
            case Address():
                links.device.address(request.addresses, request.routes)
            case Configure(private_key=key, peers=peers, only=only):
                links.in_lane(request, lambda lane: lane.configure(key, peers, only=only))
            case Show():
                return shown_fields(links.in_lane(request, WireGuardInterface.show))
            case Enter():
                lent.append(os.dup(links.hosts.descriptor))
            case HostsSocket():
                lent.append(links.hosts.inside(lambda: _new_socket(request)))
            case InnerPeer():
                links.inner.set_peer(request)
            case InnerRemoval(name=name):
                links.inner.remove_peer(name)
            case Tend():
                return links.inner.tend()
            case Devices():
                links.devices.let_in(request)
            case NoDevices():
                links.devices.clear()
            case ViewDevices():
                return devices_view_fields(links.devices.view())
        return {}

    def _open(
        self, request: Open, given: Sequence[int], lent: list[socket.socket | int]
    ) -> dict[str, object]:
        if self._links is not None and not self._links.fits(request, given):
            self._links.close()
            self._links = None
        if self._links is None:
            self._links = SiteLinks(request, given)
        lanes = self._links.opened_lanes()
        self._links.lend(lent)
        return opened_fields(lanes)


def _new_socket(request: HostsSocket) -> socket.socket:
    """Make a socket where the caller is; it stays there, whoever holds it."""
    family = socket.AF_INET if request.version == 4 else socket.AF_INET6
    kind = socket.SOCK_DGRAM if request.datagrams else socket.SOCK_STREAM
    return socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)


def _owner_of_safe(directory: Path) -> int:
    """Return who owns a directory; LinkError if others could put a door of theirs there."""
    try:
        status = directory.stat()
    except OSError as problem:
        raise LinkError(f"{directory} cannot be used: {problem.strerror}.") from None
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise LinkError(
            f"Others than its owner may write into {directory}; the root helper opens no door "
            "there. Take that right away (chmod go-w)."
        )
    return status.st_uid


def _opened_door(path: Path) -> socket.socket:
    door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise LinkError(f"{path} is no socket, and was left as it is.")
            if door.connect_ex(str(path)) == 0:
                raise LinkError(f"Another root helper serves at {path} already.")
            path.unlink()
        before = os.umask(0)  # the kernel's word on who asks decides, and the directory
        try:
            door.bind(str(path))
        finally:
            os.umask(before)
        door.listen(MOST_CONNECTIONS)
        door.setblocking(False)
    except OSError as problem:
        door.close()
        raise LinkError(f"There is no door at {path}: {problem.strerror or problem}.") from None
    except LinkError:
        door.close()
        raise
    return door


def _refusal(sentence: str, remade: bool = False) -> bytes:
    return write_answer(Answer({}, printable(sentence), remade))


def _send(
    connection: socket.socket, message: bytes, lent: Sequence[socket.socket | int] = ()
) -> bool:
    """Answer without waiting; who does not read is not waited for."""
    descriptors = [each if isinstance(each, int) else each.fileno() for each in lent]
    try:
        socket.send_fds(connection, [message], descriptors)
    except OSError:
        return False
    return True


def _close(lent: list[int] | list[socket.socket | int]) -> None:
    while lent:
        each = lent.pop()
        if isinstance(each, int):
            os.close(each)
        else:
            each.close()


def main() -> int:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(
        prog="python -m baluardo.network.links.helper",
        description="Open namespaces, devices and sockets for a site's edge; needs root.",
    )
    parser.add_argument("socket", type=Path, help="where to be asked (a path that is made)")
    parser.add_argument(
        "--until-input-ends", action="store_true", help="end when standard input ends"
    )
    arguments = parser.parse_args()
    try:
        make_own_control_directory()
        helper = Helper(arguments.socket)
    except BaluardoError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        helper.serve(arguments.until_input_ends)
    except KeyboardInterrupt:
        return 130
    finally:
        helper.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
