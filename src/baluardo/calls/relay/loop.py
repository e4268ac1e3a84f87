"""The relay's loop, compiled: datagrams between the near and the far sockets of all sessions.

It runs without the interpreter's lock until it is told to stop, and sleeps in the kernel while
there is nothing to do. An eventfd wakes it: between two turns it then takes over the row that the
control block names, and answers through a second eventfd. So a session comes, changes and goes
between two datagrams, and no datagram waits for the interpreter.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from baluardo.calls.relay import state as at
from baluardo.calls.relay.copies import NEVER, NONE, give_back, next_time, take_due
from baluardo.calls.relay.counts import HEARD_NS
from baluardo.calls.relay.forwarding import forward, send_copy
from baluardo.calls.relay.state import EVENTS, State, borrowed_state
from baluardo.network.bearers.compiled import inner
from baluardo.network.bearers.engine_state import EVENT_OCTETS
from baluardo.network.links.system_calls import (
    POLLIN,
    epoll_ctl,
    epoll_wait,
    last_error,
    monotonic_ns,
    ppoll,
    read,
    write,
)

MOST_FAILURES: Final = 64
"""Reads that failed in a row: the socket is broken, and waiting for it would never wait."""

_EPOLL_CTL_ADD: Final = 1
_EPOLL_CTL_DEL: Final = 2
_EPOLLHUP: Final = 0x10


@njit(cache=True, nogil=True)
def run(state: State) -> None:
    """Relay until the control block says to stop; the caller keeps `state` alive."""
    _run(borrowed_state(state))


@njit(cache=True, nogil=True)
def _run(s: State) -> None:
    answer(s)
    while s.control[at.STOP] == 0:
        count = _ready(s)
        wanted = False
        for k in range(count):
            start = k * EVENT_OCTETS
            about = _thirty_two(s, start + EVENT_OCTETS - 8)
            if about == at.CONTROL_DATA:
                wanted = True
                continue
            row, way = about >> 1, about & 1
            if s.sessions[row, at.GENERATION] == 0 or s.troubles[row, way, at.GIVEN_UP]:
                continue
            forward(s, row, way, monotonic_ns(s.scratch[6:8]))
            if (
                _thirty_two(s, start) & _EPOLLHUP
                or s.troubles[row, way, at.FAILURES] >= MOST_FAILURES
            ):
                _give_up(s, row, way)
        _send_copies(s)
        if wanted:
            read(np.int32(s.control[at.WAKE]), s.scratch.ctypes.data, 8)
            answer(s)


@njit(cache=True, nogil=True)
def answer(s: State) -> None:
    """Do what the control block asks, and say that it is done."""
    control, row = s.control, s.control[at.TAKE]
    if row != at.NO_ROW:
        control[at.ANSWER] = _take_over(s, row)
        control[at.TAKE] = at.NO_ROW
    if control[at.WISHED_NETWORKS] >= 0:
        s.networks[:] = s.wished_networks
        control[at.NETWORKS] = control[at.WISHED_NETWORKS]
        control[at.WISHED_NETWORKS] = -1
    s.scratch[0] = 1
    write(np.int32(control[at.DONE]), s.scratch.ctypes.data, 8)


@inner
def _take_over(s: State, row: int) -> int:
    """Make a session what is wished of it; return 0, or errno where it cannot be watched."""
    wished, present = s.wished[row], s.sessions[row]
    another = wished[at.GENERATION] != present[at.GENERATION]
    if another and present[at.GENERATION] != 0:
        for way in range(2):
            if s.troubles[row, way, at.GIVEN_UP] == 0:
                _watch(s, row, way, _EPOLL_CTL_DEL)
    user_changes = wished[at.USER_OCTETS] != present[at.USER_OCTETS]
    present[:] = wished
    s.far_names[row] = s.wished_names[row]
    for k in range(s.users.shape[1]):
        user_changes |= s.users[row, k] != s.wished_users[row, k]
        s.users[row, k] = s.wished_users[row, k]
    if user_changes:
        s.sources[row, at.SOURCE_RENAMED] = 1
    if not another or wished[at.GENERATION] == 0:
        return 0
    s.sources[row] = 0
    s.tallies[row] = 0
    s.tallies[row, :, HEARD_NS] = wished[at.BEGAN_NS]
    s.reading[row] = 0
    s.troubles[row] = 0
    for way in range(2):
        if _watch(s, row, way, _EPOLL_CTL_ADD) != 0:
            error = last_error()
            if way == 1:
                _watch(s, row, 0, _EPOLL_CTL_DEL)
            present[at.GENERATION] = 0
            return error
    return 0


@inner
def _watch(s: State, row: int, way: int, operation: int) -> int:
    """Have a session's socket looked at, or no more."""
    about = np.int64(row << 1 | way)
    # struct epoll_event: flags, and what it is to say, packed on some machines (EVENT_OCTETS).
    if EVENT_OCTETS == 12:
        s.scratch[0] = np.int64(POLLIN) | about << 32
        s.scratch[1] = 0
    else:
        s.scratch[0], s.scratch[1] = POLLIN, about
    fd = np.int32(s.sessions[row, at.NEAR_FD + way])
    epoll = np.int32(s.control[at.EPOLL])
    return int(epoll_ctl(epoll, np.int32(operation), fd, s.scratch.ctypes.data))


@inner
def _give_up(s: State, row: int, way: int) -> None:
    """Look no more at a socket that is broken; its name is told, and the other goes on."""
    _watch(s, row, way, _EPOLL_CTL_DEL)
    s.troubles[row, way, at.GIVEN_UP] = 1


@inner
def _ready(s: State) -> int:
    """Wait until a socket has something, or a copy may leave; return how many have."""
    epoll = np.int32(s.control[at.EPOLL])
    leaves = next_time(s.copies)
    milliseconds = -1
    if leaves != NEVER:
        milliseconds = 0
        wait = leaves - monotonic_ns(s.scratch[6:8])
        if wait > 0:
            # An epoll descriptor can itself be polled, and ppoll counts in ns.
            s.scratch[2] = np.int64(epoll) | (np.int64(POLLIN) << 32)
            s.scratch[4], s.scratch[5] = 0, wait
            base = s.scratch.ctypes.data
            if ppoll(base + 16, np.int64(1), base + 32, np.int64(0)) <= 0:
                return 0
    count = epoll_wait(epoll, s.events.ctypes.data, np.int32(EVENTS), np.int32(milliseconds))
    return max(int(count), 0)


@inner
def _send_copies(s: State) -> None:
    """Send the copies whose time has come."""
    now = monotonic_ns(s.scratch[6:8])
    while True:
        slot = take_due(s.copies, now)
        if slot == NONE:
            return
        send_copy(s, slot)
        give_back(s.copies, slot)


@inner
def _thirty_two(s: State, start: int) -> int:
    """Four octets of the events, least significant first."""
    value: Any = np.int64(0)
    for octet in range(4):
        value |= np.int64(s.events[start + octet]) << (8 * octet)
    return int(value)
