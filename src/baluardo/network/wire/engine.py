"""The wire's engine: ports joined by links on which packets feel the paths that links are given.

A port is a TUN device or a UDP socket of which each datagram is one packet. A link leads one way
from a port to a port and has the segments of one direction of a path. Which link a packet takes is
found by its destination in the table of the port it came from. Path times are POSIX seconds;
the engine itself runs on CLOCK_MONOTONIC and one offset, so that a jump of the wall clock changes
nothing.

Everything may be called while the engine runs, from any thread. Ports, links and tables are
prepared aside and swapped in by the loop between two packets.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Lock
from typing import Any, Literal, NamedTuple

import numpy as np

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.network.wire import buffers, capture, works
from baluardo.network.wire.counts import (
    CLAMP_NS,
    CLAMPED,
    IN,
    IN_OCTETS,
    OUT,
    OUT_OCTETS,
    Counts,
    LinkCounts,
    PortCounts,
    drops,
)
from baluardo.network.wire.loop_thread import LoopThread
from baluardo.network.wire.tables import (
    MOST_LINKS,
    MOST_PORTS,
    MOST_ROUTES,
    Kind,
    LinkPlan,
    LinkSegment,
    Plan,
    halves,
)

Address = IPv4Address | IPv6Address

LEAST_MTU, MOST_MTU = 576, 1_900


class Captured(NamedTuple):
    """A packet as it passed a port."""

    port: str
    way: Literal["in", "out"]
    """"in": the port gave it to the wire; "out": the wire gave it to the port."""
    time_ns: int
    """CLOCK_MONOTONIC."""
    octets: bytes
    """The packet from its first octet of IP on; with offload it may be longer than the MTU, and
    its transport checksum may be left to the receiver, as in any capture on such a device."""


class WireEngine:
    """Ports, links and the thread that moves packets between them."""

    def __init__(self, posix_offset_s: float | None = None, *, mtu: int = 1_500) -> None:
        """Make an engine without ports.

        posix_offset_s: POSIX seconds of path time less CLOCK_MONOTONIC; None takes the wall
        clock's at this moment. mtu: longest packet that passes; longer ones are dropped
        (`oversized`), segments of offloaded super-packets are judged one by one.
        """
        if not LEAST_MTU <= mtu <= MOST_MTU:
            raise InvalidInputError(f"mtu {mtu} is not between {LEAST_MTU} and {MOST_MTU} octets.")
        if posix_offset_s is None:
            posix_offset_s = time.time() - time.monotonic()
        self._mtu = mtu
        self._plan = Plan(_finite(posix_offset_s))
        self._port_names: list[str] = []
        self._link_names: list[str] = []
        self._from: list[int] = []
        self._lock = Lock()
        self._loop = LoopThread(mtu)
        self._works = self._loop.works
        self._taken = 0

    @property
    def privileged(self) -> bool:
        """Whether the loop's thread got real-time scheduling when it was started."""
        return self._loop.privileged

    def set_offset(self, posix_offset_s: float) -> None:
        """Change the offset between path time and CLOCK_MONOTONIC; queued packets keep theirs."""
        with self._lock:
            self._plan.posix_offset_s = _finite(posix_offset_s)
            self._publish(links=range(len(self._plan.links)))

    def add_tun(self, name: str, descriptor: int, *, offload: bool) -> None:
        """Make a TUN device (`links.tun.open_tun`) a port; `offload` as it was opened.

        The descriptor stays the caller's, to be closed after `close`. InvalidInputError for a name
        that is taken.
        """
        self._add_port(name, descriptor, Kind.OFFLOAD_TUN if offload else Kind.PLAIN_TUN)

    def add_socket(
        self, name: str, udp_socket: socket.socket, peer: tuple[str, int] | None
    ) -> None:
        """Make a UDP socket a port: each datagram is one packet of IP.

        It is connected to `peer`; None if it already is. It stays the caller's.
        """
        if peer is not None:
            udp_socket.connect(peer)
        self._add_port(name, udp_socket.fileno(), Kind.UDP)

    def add_link(
        self,
        name: str,
        from_port: str,
        to_port: str,
        segments: Iterable[LinkSegment],
        *,
        buffer_octets: int = 2_500_000,
        seed: int = 0,
    ) -> None:
        """Lead one way from a port to a port. It gets traffic once a `route` names it.

        segments: `LinkSegment(start, end, Direction)`, POSIX seconds, in order; outside them
        packets are dropped (`no_path`). buffer_octets: what waits beyond the bucket of
        `queueing.BUCKET_OCTETS` before packets are dropped (`buffer`), at least the MTU.
        seed: of losses and jitter.
        """
        with self._lock:
            if name in self._link_names:
                raise InvalidInputError(f"There is a link {quoted(name)} already.")
            if len(self._link_names) == MOST_LINKS:
                raise InvalidInputError(f"There are {MOST_LINKS} links, no more can be added.")
            if buffer_octets < self._mtu:
                raise InvalidInputError(
                    f"buffer_octets {buffer_octets} is not at least the MTU, {self._mtu}."
                )
            source, target = self._port(from_port), self._port(to_port)
            plan = LinkPlan(target, buffer_octets, seed, [])
            plan.extend(segments, self._path_time())
            self._plan.links.append(plan)
            self._link_names.append(name)
            self._from.append(source)
            self._publish(links=[len(self._link_names) - 1])

    def extend(self, link: str, segments: Iterable[LinkSegment]) -> None:
        """Give a link new segments: they replace what it knew from the first one's start on.

        What ended more than `tables.REMEMBERED_S` ago is forgotten. Packets that are under way
        keep the times they were given. InvalidInputError where it would hold more than
        `tables.MOST_SEGMENTS`: give it less of the future at a time.
        """
        with self._lock:
            index = self._link(link)
            self._plan.links[index].extend(segments, self._path_time())
            self._publish(links=[index])

    def route(self, port: str, address: Address | str | None, link: str | None) -> None:
        """Lead packets from a port to a destination (None: any other) over a link.

        A link of None takes the entry out. Multicast, broadcast and link-local destinations never
        take the default.
        """
        with self._lock:
            source = self._port(port)
            target = None if link is None else self._link(link)
            if target is not None and self._from[target] != source:
                raise InvalidInputError(f"The link {link} does not begin at the port {port}.")
            if address is None:
                _set(self._plan.defaults, source, target)
                self._publish()
                return
            key = (source, *halves(_address(address)))
            if len(self._plan.routes) == MOST_ROUTES and key not in self._plan.routes:
                raise InvalidInputError(f"There are {MOST_ROUTES} routes, no more can be added.")
            _set(self._plan.routes, key, target)
            self._publish(routes=True)

    def counts(self) -> Counts:
        """Return what has passed, waits and was dropped since the start, by link and by port."""
        state = self._works
        with self._lock:
            self._loop.synchronise()
            ports = {
                name: _port_counts(row)
                for name, row in zip(self._port_names, state.port_counts.copy(), strict=False)
            }
            links = {
                name: _link_counts(row, float(state.queues.backlog_bits[index]))
                for index, (name, row) in enumerate(
                    zip(self._link_names, state.link_counts.copy(), strict=False)
                )
            }
            lost = int(state.ring.marks[capture.LOST])
            # Two are always held, to be read into.
            return Counts(ports, links, lost, buffers.in_use(state.pool) - len(state.spare))

    def capture(self, port_names: Sequence[str], on: bool) -> None:
        """Begin or end copying every packet that passes these ports, both ways.

        Copies wait in a ring of `capture.RING_OCTETS` until `captured` takes them; what finds it
        full is not copied and is counted (`Counts.captures_lost`).
        """
        with self._lock:
            ports = {self._port(name) for name in port_names}
            captures = self._plan.captures
            self._plan.captures = captures | ports if on else captures - ports
            self._publish()

    def captured(self) -> list[Captured]:
        """Take what has been copied since the last call, in the order of passing."""
        with self._lock:
            self._loop.synchronise()
            control, ring = self._works.control, self._works.ring
            head = int(control[works.HEAD] if self._loop.running else ring.marks[capture.HEAD])
            packets = [
                Captured(self._port_names[mark >> 1], "out" if mark & 1 else "in", time_ns, octets)
                for mark, time_ns, octets in capture.taken(ring, self._taken, head)
            ]
            self._taken = head
            control[works.TAIL] = head
            self._loop.synchronise()
            return packets

    def start(self) -> None:
        """Run the loop in a thread of its own; ask for real-time scheduling and exact timers."""
        with self._lock:
            self._loop.start()

    def close(self) -> None:
        """Stop the loop; packets under way are lost. The ports' descriptors stay open."""
        with self._lock:
            self._loop.close()

    def __enter__(self) -> WireEngine:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *problem: object) -> None:
        """Close it."""
        self.close()

    def _add_port(self, name: str, descriptor: int, kind: Kind) -> None:
        with self._lock:
            if name in self._port_names:
                raise InvalidInputError(f"There is a port {quoted(name)} already.")
            if len(self._port_names) == MOST_PORTS:
                raise InvalidInputError(f"There are {MOST_PORTS} ports, no more can be added.")
            os.set_blocking(descriptor, False)
            self._port_names.append(name)
            self._plan.ports.append((descriptor, kind))
            self._publish()

    def _publish(self, links: Iterable[int] = (), routes: bool = False) -> None:
        """Write what changed into the version that is not in use, change over, write the other."""
        listed = list(links)
        tables, control = self._works.tables, self._works.control
        version = 1 - int(control[works.VERSION])
        for each in (version, 1 - version):
            self._plan.write_ports(tables, each)
            if routes:
                self._plan.write_routes(tables, each)
            for link in listed:
                self._plan.write_link(tables, each, link)
            if each == version:
                control[works.VERSION] = version
                control[works.PORTS] = len(self._port_names)
                control[works.LINKS] = len(self._link_names)
                self._loop.synchronise()

    def _path_time(self) -> float:
        return time.monotonic() + self._plan.posix_offset_s

    def _port(self, name: str) -> int:
        return _index(self._port_names, name, "port")

    def _link(self, name: str) -> int:
        return _index(self._link_names, name, "link")


def _index(names: list[str], name: str, what: str) -> int:
    try:
        return names.index(name)
    except ValueError:
        raise InvalidInputError(f"There is no {what} {quoted(name)}.") from None


def _finite(offset_s: float) -> float:
    if not np.isfinite(offset_s):
        raise InvalidInputError(f"posix_offset_s {offset_s} is not a finite number of seconds.")
    return float(offset_s)


def _address(address: Address | str) -> Address:
    if not isinstance(address, str):
        return address
    try:
        return ip_address(address)
    except ValueError:
        raise InvalidInputError(f"{quoted(address)} is no address of IP.") from None


def _set(table: dict[Any, int], key: object, value: int | None) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _port_counts(row: np.typing.NDArray[np.int64]) -> PortCounts:
    received, received_octets, sent, sent_octets = row[[IN, IN_OCTETS, OUT, OUT_OCTETS]].tolist()
    return PortCounts(received, received_octets, sent, sent_octets, drops(row))


def _link_counts(row: np.typing.NDArray[np.int64], backlog_bits: float) -> LinkCounts:
    dropped = drops(row)
    return LinkCounts(
        packets_in=int(row[IN]),
        octets_in=int(row[IN_OCTETS]),
        packets_out=int(row[OUT]),
        octets_out=int(row[OUT_OCTETS]),
        queued_packets=int(row[IN] - row[OUT]) - sum(dropped.values()),
        buffered_octets=int(backlog_bits / 8.0),
        clamped=int(row[CLAMPED]),
        clamp_s=int(row[CLAMP_NS]) / 1e9,
        drops=dropped,
    )
