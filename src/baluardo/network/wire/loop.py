"""The packet loop, compiled: reads ports, asks the queues, writes what is due.

It runs without the interpreter's lock until it is told to stop. An eventfd wakes it: it then
changes over to the version of the tables that the control block names, takes over the capture's
mark, and answers through a second eventfd. With nothing to do it sleeps.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from baluardo.network.links.system_calls import POLLIN, monotonic_ns, ppoll, read, write, writev
from baluardo.network.links.tun import VIRTIO_HEADER_OCTETS
from baluardo.network.wire import buffers, capture
from baluardo.network.wire.buffers import FLAGS, HEADER, KIND, LARGE, PIECES, SMALL
from baluardo.network.wire.counts import IN, IN_OCTETS, OUT, OUT_OCTETS, PASSED, Cause
from baluardo.network.wire.packets import WHOLE, destination, examine, piece_octets
from baluardo.network.wire.queueing import admit, draw
from baluardo.network.wire.super_packets import (
    checksum_is_open,
    complete_checksum,
    compose,
    leaves_whole,
)
from baluardo.network.wire.tables import NOBODY, Kind, find_link
from baluardo.network.wire.works import (
    DONE,
    HEAD,
    LINKS,
    LOST,
    MTU,
    PORTS,
    STOP,
    TAIL,
    VERSION,
    WAKE,
    Works,
    borrowed_works,
)

POLLERR, POLLHUP, POLLNVAL = 0x08, 0x10, 0x20
"""poll(2)."""

BATCH: Final = 64
"""Packets read from a port, or written for a link, before others have their turn."""

EARLY_NS: Final = 50_000
"""Who wakes to write also writes what is due this soon: fewer wakes, and neighbours join."""

_OFFLOAD: Final = int(Kind.OFFLOAD_TUN)
_UDP: Final = int(Kind.UDP)
_NO_ROUTE: Final = int(Cause.NO_ROUTE)
_POOL: Final = int(Cause.POOL)
_MALFORMED: Final = int(Cause.MALFORMED)
_UNSENT: Final = int(Cause.UNSENT)
_ROOM: Final = buffers.BUFFER_OCTETS[LARGE] - 2 * buffers.HEADROOM
_IN_WAY, _OUT_WAY = 0, 1


@njit(cache=True, nogil=True)
def run(works: Works) -> None:
    """Move packets until the control block says to stop; the caller keeps `works` alive."""
    _run(borrowed_works(works))


@njit(cache=True, nogil=True)
def _run(works: Works) -> None:
    control, polls, due = works.control, works.polls, works.pool.head_due_ns
    version, ports = _change_over(works)
    while control[STOP] == 0:
        _wait(works, ports)
        if polls[0].revents:
            read(np.int32(control[WAKE]), works.clock.ctypes.data, 8)
            version, ports = _change_over(works)
        for port in range(ports):
            events = polls[port + 1].revents
            if events:
                receive(works, version, port)
                # A socket's error is told once, by the read; a device's means that it is gone.
                udp = works.tables.kinds[version, port] == _UDP
                if events & (POLLNVAL if udp else POLLNVAL | POLLERR | POLLHUP):
                    polls[port + 1].fd = NOBODY
        soon = monotonic_ns(works.clock) + EARLY_NS
        for link in range(control[LINKS]):
            if due[link] <= soon:
                send_due(works, version, link, soon)


@njit(cache=True, nogil=True)
def _change_over(works: Works) -> tuple[int, int]:
    """Take what the control block says; return the tables' version and the number of ports."""
    control, polls = works.control, works.polls
    version, ports = int(control[VERSION]), int(control[PORTS])
    polls[0].fd, polls[0].events = control[WAKE], POLLIN
    for port in range(ports):
        polls[port + 1].fd = works.tables.descriptors[version, port]
        polls[port + 1].events = POLLIN
    works.ring.marks[capture.TAIL] = control[TAIL]
    control[HEAD] = works.ring.marks[capture.HEAD]
    control[LOST] = works.ring.marks[capture.LOST]
    works.clock[0] = 1
    write(np.int32(control[DONE]), works.clock.ctypes.data, 8)
    return version, ports


@njit(cache=True, nogil=True)
def _wait(works: Works, ports: int) -> None:
    """Sleep until a port has something, something is due, or somebody wakes us."""
    earliest = int(buffers.NEVER)
    for link in range(works.control[LINKS]):
        earliest = min(earliest, int(works.pool.head_due_ns[link]))
    timeout: Any = np.intp(0)
    if earliest != buffers.NEVER:
        wait_ns = max(earliest - monotonic_ns(works.clock), 0)
        works.clock[2], works.clock[3] = wait_ns // 1_000_000_000, wait_ns % 1_000_000_000
        timeout = works.clock.ctypes.data + 16
    for port in range(ports + 1):
        works.polls[port].revents = 0
    ppoll(works.polls.ctypes.data, ports + 1, timeout, 0)


@njit(cache=True, nogil=True)
def receive(works: Works, version: int, port: int) -> None:
    """Read what a port has, up to a batch, and queue it."""
    descriptor = np.int32(works.tables.descriptors[version, port])
    offload = works.tables.kinds[version, port] == _OFFLOAD
    lead = VIRTIO_HEADER_OCTETS if offload else 0
    room = _ROOM if offload else buffers.LONGEST_SMALL
    base = works.pool.octets.ctypes.data
    for _ in range(BATCH):
        begin = buffers.position(works.spare[1 if offload else 0])
        octets = read(descriptor, base + begin - lead, room + lead)
        if octets < 0:
            return
        now = monotonic_ns(works.clock)
        if works.tables.captures[version, port] and octets > lead:
            mark = port << 1 | _IN_WAY
            capture.keep(works.ring, mark, now, base + begin, octets - lead, 0, 0)
        accept(works, version, port, offload, octets - lead, now)


@njit(cache=True, nogil=True)
def accept(works: Works, version: int, port: int, offload: bool, length: int, now_ns: int) -> None:
    """Queue the packet of `length` octets that stands in the spare buffer, or count its drop."""
    pool, counts = works.pool, works.port_counts
    spare = works.spare[1 if offload else 0]
    begin, about = buffers.position(spare), pool.about[spare]
    if not offload:
        pool.octets[begin - VIRTIO_HEADER_OCTETS : begin] = 0
    cause = examine(pool.octets, begin, length, offload, works.control[MTU], about)
    pieces = about[PIECES]
    counts[port, IN] += pieces
    counts[port, IN_OCTETS] += length + (pieces - 1) * about[HEADER]
    link = NOBODY
    if cause == PASSED:
        high, low, may_default = destination(pool.octets, begin)
        link = find_link(works.tables, version, port, high, low, may_default)
        if link == NOBODY:
            cause = _NO_ROUTE
    if cause == PASSED:
        buffer = _settled(works, offload, length)
        if buffer == NOBODY:
            cause = _POOL
        else:
            _enqueue(works, version, link, buffer, now_ns)
    if cause != PASSED:
        counts[port, cause] += pieces


@njit(cache=True, nogil=True)
def _settled(works: Works, offload: bool, length: int) -> int:
    """Return the buffer in which the spare's packet can stay, or NOBODY; there is a spare again."""
    which = 1 if offload else 0
    spare = works.spare[which]
    size = buffers.size_for(length)
    other = buffers.take(works.pool, size)
    if other == NOBODY:
        return NOBODY
    if size == (LARGE if offload else SMALL):
        works.spare[which] = other
        return int(spare)
    buffers.move(works.pool, spare, other, length)
    return other


@njit(cache=True, nogil=True)
def _enqueue(works: Works, version: int, link: int, buffer: int, now_ns: int) -> None:
    """Give each piece its departure, or its cause."""
    pool, queues, counts = works.pool, works.queues, works.link_counts
    about = pool.about[buffer]
    seed = works.tables.seeds[version, link]
    # The buffer is in use by us while its pieces are queued.
    about[buffers.USERS] = 1
    for piece in range(about[PIECES]):
        octets = piece_octets(about, piece)
        chance, normal = draw(seed, queues.drawn[link])
        queues.drawn[link] += np.uint64(1)
        counts[link, IN] += 1
        counts[link, IN_OCTETS] += octets
        if pool.fill[3] == 0:
            counts[link, _POOL] += 1
            continue
        cause, due = admit(
            works.tables, version, link, queues, counts, now_ns, octets, chance, normal
        )
        if cause == PASSED:
            buffers.append(pool, link, buffer, piece, due)
        else:
            counts[link, cause] += 1
    buffers.left(pool, buffer, 1)


@njit(cache=True, nogil=True)
def send_due(works: Works, version: int, link: int, now_ns: int) -> None:
    """Write what is due on a link, up to a batch."""
    pool, counts = works.pool, works.link_counts
    target = works.tables.targets[version, link]
    offload = works.tables.kinds[version, target] == _OFFLOAD
    most = 65_536 if offload else 1
    for _ in range(BATCH):
        buffer, first, count = buffers.next_run(pool, link, now_ns, most)
        if buffer == NOBODY:
            return
        about = pool.about[buffer]
        octets = 0
        for piece in range(first, first + count):
            octets += piece_octets(about, piece)
        if _send(works, version, target, offload, buffer, first, count) >= 0:
            counts[link, OUT] += count
            counts[link, OUT_OCTETS] += octets
            works.port_counts[target, OUT] += count
            works.port_counts[target, OUT_OCTETS] += octets
        else:
            counts[link, _UNSENT] += count
        buffers.left(pool, buffer, count)


@njit(cache=True, nogil=True)
def _send(
    works: Works, version: int, port: int, offload: bool, buffer: int, first: int, count: int
) -> int:
    """Write pieces of a buffer to a port as one; return what the kernel says."""
    octets, about, vectors = works.pool.octets, works.pool.about[buffer], works.vectors
    begin, base = buffers.position(buffer), works.pool.octets.ctypes.data
    descriptor = np.int32(works.tables.descriptors[version, port])
    lead = VIRTIO_HEADER_OCTETS if offload else 0
    length, header = about[buffers.OCTETS], 0
    if about[KIND] == WHOLE and not offload and checksum_is_open(about):
        complete_checksum(octets, begin, length)
        about[FLAGS] = 0
    if about[KIND] == WHOLE or (offload and leaves_whole(about, first, count)):
        vectors[0, 0], vectors[0, 1] = base + begin - lead, length + lead
        vectors[1, 0], vectors[1, 1] = 0, 0
        said = write(
            np.int32(works.tables.descriptors[version, port]), vectors[0, 0], vectors[0, 1]
        )
    else:
        header, payload, length = compose(octets, begin, about, first, count, offload, works.out)
        vectors[0, 0], vectors[0, 1] = works.out.ctypes.data, header
        vectors[1, 0], vectors[1, 1] = base + payload, length
        said = writev(descriptor, vectors.ctypes.data, np.int32(2))
    if said >= 0 and works.tables.captures[version, port]:
        capture.keep(
            works.ring,
            port << 1 | _OUT_WAY,
            monotonic_ns(works.clock),
            vectors[0, 0] + lead,
            vectors[0, 1] - lead,
            vectors[1, 0],
            vectors[1, 1],
        )
    return int(said)
