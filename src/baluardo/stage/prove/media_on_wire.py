"""Datagrams of relays over the wire's UDP terminals, where a site has no tunnels.

A far port of one site stands at every other as a port of loopback. What a relay sends there
becomes a packet between two terminals, feels delay, rate and loss of the links, and leaves at the
other site by what stands there for the port that it came from. All of it is on a thread: packets do
not wait for what else this process does.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from typing import Final, NamedTuple

from baluardo.errors import InvalidInputError, LinkError
from baluardo.network.wire.datagram import Echo, Udp, read_packet
from baluardo.stage.network.addresses import Terminal
from baluardo.stage.network.open_wire import connected_pair

LOOPBACK: Final = "127.0.0.1"
LARGEST: Final = 2_048
BUFFER_OCTETS: Final = 1 << 20
LOOK_SECONDS: Final = 0.2
"""Between two looks whether the end has come."""
_IDENTIFIER: Final = 0x0BA1


class _StandIn(NamedTuple):
    """A far port of another site, as one site's relay sees it."""

    here: str
    there: str
    number: int


class MediaOnWire:
    """Carries datagrams between the far ports of sites, from `start` to `close`."""

    def __init__(
        self, terminals: Sequence[Terminal], taken: Callable[[str], Terminal | None]
    ) -> None:
        """Take all terminals; `taken` tells which one a site uses now, by its id."""
        self._taken = taken
        self._site_at = {IPv4Address(each.address): each.site for each in terminals}
        self._ours: dict[str, socket.socket] = {}
        self.theirs: dict[str, socket.socket] = {}
        """The wire's ends, by port."""
        for each in terminals:
            self._ours[each.port], self.theirs[each.port] = connected_pair()
        self._stand_ins: dict[_StandIn, socket.socket] = {}
        self._poll = select.epoll()
        self._by_descriptor: dict[int, tuple[socket.socket, str | _StandIn]] = {}
        self._lock = threading.Lock()
        self._over = False
        self._thread = threading.Thread(target=self._run, name="media on wire", daemon=True)
        self._replied: dict[int, float] = {}
        self._sequence = 0
        for terminal in terminals:
            self._watch(self._ours[terminal.port], terminal.site)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Carry no more."""
        self._over = True
        if self._thread.is_alive():
            self._thread.join()
        self._poll.close()
        for each in (*self._ours.values(), *self.theirs.values(), *self._stand_ins.values()):
            each.close()

    def stand_in(self, here: str, there: str, number: int) -> int:
        """Return the port that stands at one site for another's far port; LinkError if none can."""
        wanted = _StandIn(here, there, number)
        with self._lock:
            made = self._stand_ins.get(wanted)
            if made is None:
                made = self._stand_ins[wanted] = _bound()
                self._watch(made, wanted)
        return int(made.getsockname()[1])

    def ask(self, one: str, other: str) -> int:
        """Ping from one site to another; return the number by which `replied_at` knows it."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        ends = self._ends(one, other)
        if ends is not None:
            source, destination = (IPv4Address(each.address) for each in ends)
            echo = Echo(source, destination, _IDENTIFIER, self._sequence, b"baluardo")
            self._send(ends[0], echo.pack())
        return self._sequence

    def replied_at(self, number: int) -> float | None:
        """Return when the reply to a ping came, seconds of the monotonic clock."""
        return self._replied.pop(number, None)

    # On the thread

    def _run(self) -> None:
        while not self._over:
            for descriptor, _ in self._poll.poll(LOOK_SECONDS):
                readable, whose = self._by_descriptor[descriptor]
                with contextlib.suppress(OSError):  # the wire starts again: what is sent is lost
                    self._take(readable, whose)

    def _take(self, readable: socket.socket, whose: str | _StandIn) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                octets, (host, number) = readable.recvfrom(LARGEST)
                if isinstance(whose, str):
                    self._arrived(whose, octets)
                elif host == LOOPBACK:
                    self._leaves(whose, number, octets)

    def _leaves(self, stand_in: _StandIn, number: int, octets: bytes) -> None:
        ends = self._ends(stand_in.here, stand_in.there)
        if ends is not None:
            source, destination = (IPv4Address(each.address) for each in ends)
            udp = Udp(source, number, destination, stand_in.number, octets)
            self._send(ends[0], udp.pack())

    def _arrived(self, here: str, octets: bytes) -> None:
        try:
            packet = read_packet(octets)
        except InvalidInputError:
            return
        there = self._site_at.get(IPv4Address(int(packet.source)))
        if there is None:
            return
        if isinstance(packet, Udp):
            # Who has not heard yet where that port is takes nothing from it, as a relay does.
            known = self._stand_ins.get(_StandIn(here, there, packet.source_port))
            if known is not None:
                known.sendto(packet.payload, (LOOPBACK, packet.destination_port))
        elif packet.is_reply:
            self._replied[packet.sequence] = time.monotonic()
        elif (ends := self._ends(here, there)) is not None:
            self._send(ends[0], packet.reply().pack())

    def _ends(self, one: str, other: str) -> tuple[Terminal, Terminal] | None:
        start, end = self._taken(one), self._taken(other)
        return None if start is None or end is None else (start, end)

    def _send(self, terminal: Terminal, packet: bytes) -> None:
        self._ours[terminal.port].send(packet)

    def _watch(self, readable: socket.socket, whose: str | _StandIn) -> None:
        self._by_descriptor[readable.fileno()] = readable, whose
        self._poll.register(readable.fileno(), select.EPOLLIN)


def echoing() -> socket.socket:
    """Return a UDP socket that hands back all that it is sent: a place that passes packets on."""
    made = _bound()
    made.connect(made.getsockname())
    return made


def _bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.bind((LOOPBACK, 0))
    except OSError as problem:
        made.close()
        raise LinkError(f"No port can be had on {LOOPBACK} ({problem.strerror}).") from None
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_OCTETS)
    return made
