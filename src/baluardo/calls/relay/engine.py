"""The relay of an edge: sessions with a near side for a browser and a far side for another relay.

    browser - near socket | far socket - tunnel - far socket | near socket - browser

A browser sees its relay's near port as the other's only candidate. What it is sent there goes, as
it is, to the other edge's relay, and from there to the other browser; media stays sealed from
browser to browser. Who the browser is, the first STUN binding request that names both ICE fragments
says (RFC 8445 section 7.2.2); from then on only that source passes. Who the other relay is,
signalling says.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Sequence
from threading import Lock
from typing import Final

import numpy as np

from baluardo.calls.relay import state as at
from baluardo.calls.relay.addresses import Network, network_rows, place_of
from baluardo.calls.relay.copies import MOST_SHIFT_NS
from baluardo.calls.relay.counts import (
    GAP,
    GAP_OF,
    HEARD_NS,
    BrokenSocket,
    SessionCounts,
    Silence,
    Way,
    WayCounts,
    way_counts,
)
from baluardo.calls.relay.loop_thread import LoopThread
from baluardo.calls.relay.sockets import check_socket, mark, prepare
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.terms import Precedence

MOST_SESSIONS: Final = 4_096
SILENT_S: Final = 30.0
MOST_REFUSALS: Final = 64
"""Writes refused in a row before a socket is told as broken; it is still written to."""

# RFC 8445 section 5.3: 24 bits or more, so four characters at least.
_FRAGMENT = re.compile(r"[A-Za-z0-9+/]{4,256}")
_NAME = re.compile(r"[!-~]{1,128}")


class MediaRelay:
    """Sessions, and the thread that relays their datagrams.

    Everything may be called from any thread, before and after `start`; each call returns when its
    change holds for the next datagram. It owns the sockets that it has taken, and nothing where it
    raises; `remove` and `close` close them. InvalidInputError for impossible arguments; nothing was
    changed then.
    """

    def __init__(
        self, seed: bytes, networks: Sequence[Network], *, sessions: int = MOST_SESSIONS
    ) -> None:
        """Make a relay without sessions.

        seed: 16 secret random octets, the key by which copies are known. networks: where browsers
        may be. sessions: how many there can be at once; each has two descriptors.
        """
        rows = network_rows(networks)
        if not 1 <= sessions <= 1 << 16:
            raise InvalidInputError(f"{sessions} sessions are not between 1 and 65536.")
        self._loop = LoopThread(sessions, seed)
        self._state = self._loop.state
        self._lock = Lock()
        self._rows: dict[str, int] = {}
        self._sockets: dict[str, tuple[socket.socket, socket.socket]] = {}
        self._free = list(range(sessions))[::-1]
        self._generation = 0
        self._put_networks(rows)

    # Sessions

    def add(
        self,
        session: str,
        near: socket.socket,
        far: socket.socket,
        *,
        precedence: Precedence = Precedence.ROUTINE,
        shift_ms: int = 0,
    ) -> None:
        """Relay between two bound, unconnected UDP sockets, once both ends are known.

        session: its secret-free id, 1 to 128 visible ASCII characters. precedence and shift_ms: as
        `set_precedence` and `set_shift` take them.
        """
        if _NAME.fullmatch(session) is None:
            raise InvalidInputError(
                f"The session {quoted(session)} is not 1 to 128 visible ASCII characters."
            )
        check_socket(near, "near")
        check_socket(far, "far")
        shift_ns = _shift_ns(shift_ms)
        with self._lock:
            self._check_open()
            if session in self._rows:
                raise InvalidInputError(f"There is a session {quoted(session)} already.")
            if not self._free:
                raise InvalidInputError(
                    f"There are {len(self._rows)} sessions, no more can be added."
                )
            prepare(near)
            prepare(far)
            mark(far, precedence)
            row = self._free[-1]
            self._generation += 1
            wished = self._state.wished[row]
            wished[:] = 0
            wished[at.NEAR_FD], wished[at.FAR_FD] = near.fileno(), far.fileno()
            wished[at.SHIFT_NS], wished[at.BEGAN_NS] = shift_ns, time.monotonic_ns()
            wished[at.GENERATION] = self._generation
            error = self._loop.take_over(row)
            if error:
                wished[at.GENERATION] = 0
                raise InvalidInputError(
                    f"The sockets of session {session} cannot be watched ({os.strerror(error)})."
                )
            self._free.pop()
            self._rows[session], self._sockets[session] = row, (near, far)

    def expect(self, session: str, browser: str, other: str) -> None:
        """Say which ICE fragments the browser's requests name: its own, and the other browser's.

        Other ones than before are a restart of ICE: whoever names them first is the browser, while
        media still passes from where it was.
        """
        for fragment in (browser, other):
            if _FRAGMENT.fullmatch(fragment) is None:
                raise InvalidInputError(
                    f"{quoted(fragment)} is no ICE fragment: 4 to 256 letters, digits, + and /."
                )
        user = np.frombuffer(f"{other}:{browser}".encode(), np.uint8)
        with self._lock:
            row = self._row(session)
            self._state.wished_users[row] = 0
            self._state.wished_users[row, : user.size] = user
            self._state.wished[row, at.USER_OCTETS] = user.size
            self._loop.take_over(row)

    def set_other(self, session: str, address: str, port: int) -> None:
        """Say where the other edge's relay is, as its signalling told; only from there is taken."""
        with self._lock:
            row = self._row(session)
            place = place_of(address, port, self._sockets[session][1].family)
            wished = self._state.wished[row]
            self._state.wished_names[row, : place.name.size] = place.name
            wished[at.FAR_NAME_OCTETS], wished[at.FAR_PORT] = place.name.size, place.port
            halves = np.array([place.upper, place.lower], np.uint64).view(np.int64)
            wished[at.FAR_UPPER], wished[at.FAR_LOWER] = halves
            self._loop.take_over(row)

    def set_precedence(self, session: str, precedence: Precedence) -> None:
        """Mark what leaves by the far side from now on as of this precedence, by its DSCP."""
        with self._lock:
            self._row(session)
            mark(self._sockets[session][1], precedence)

    def set_shift(self, session: str, shift_ms: int) -> None:
        """Send each packet of media a second time after so long, up to 100 ms; 0: once."""
        shift_ns = _shift_ns(shift_ms)
        with self._lock:
            row = self._row(session)
            self._state.wished[row, at.SHIFT_NS] = shift_ns
            self._loop.take_over(row)

    def remove(self, session: str) -> SessionCounts:
        """End a session, close its sockets, return what it has carried; no copy is awaited."""
        with self._lock:
            row = self._row(session)
            self._state.wished[row] = 0
            self._state.wished_users[row] = 0
            self._loop.take_over(row)
            counts = self._counts(row)
            del self._rows[session]
            self._free.append(row)
            for each in self._sockets.pop(session):
                each.close()
            return counts

    def allow(self, networks: Sequence[Network]) -> None:
        """Say anew where browsers may be; those that have shown themselves stay."""
        rows = network_rows(networks)
        with self._lock:
            self._check_open()
            self._put_networks(rows)

    # What it tells, without stopping the loop

    @property
    def sessions(self) -> tuple[str, ...]:
        """Names of the sessions, in the order of coming."""
        with self._lock:
            return tuple(self._rows)

    def counts(self, session: str) -> SessionCounts:
        """Return what a session has carried; its longest gaps begin anew."""
        with self._lock:
            return self._counts(self._row(session))

    def all_counts(self) -> dict[str, SessionCounts]:
        """Return the counts of all sessions; their longest gaps begin anew."""
        with self._lock:
            return {session: self._counts(row) for session, row in self._rows.items()}

    def silences(self, silent_s: float = SILENT_S) -> list[Silence]:
        """Return sessions of which a side has been silent for so long; what to do is for others."""
        with self._lock:
            rows = np.fromiter(self._rows.values(), np.int64, len(self._rows))
            since = (time.monotonic_ns() - self._state.tallies[rows, :, HEARD_NS]) / 1e9
            return [
                Silence(session, float(near), float(far))
                for session, (near, far) in zip(self._rows, since, strict=True)
                if max(near, far) >= silent_s
            ]

    def broken(self) -> list[BrokenSocket]:
        """Return the sockets that cannot be read any more, or refuse every write now."""
        with self._lock:
            return [
                BrokenSocket(session, way, _reason(trouble), bool(trouble[at.GIVEN_UP]))
                for session, row in self._rows.items()
                for way, trouble in zip(Way, self._state.troubles[row], strict=True)
                if trouble[at.GIVEN_UP] or trouble[at.REFUSALS] >= MOST_REFUSALS
            ]

    # Life

    def start(self, *, real_time: bool = False) -> None:
        """Begin. `real_time`: ask for SCHED_FIFO; where it is not permitted, go on without."""
        with self._lock:
            self._loop.start(real_time)

    @property
    def real_time(self) -> bool:
        """True where the loop was given real-time scheduling."""
        return self._loop.real_time

    def close(self) -> None:
        """End the loop and close every socket; harmless when done twice."""
        with self._lock:
            if not self._loop.close():
                return
            for pair in self._sockets.values():
                for each in pair:
                    each.close()
            self._sockets.clear()
            self._rows.clear()

    def __enter__(self) -> MediaRelay:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *problem: object) -> None:
        """Close it."""
        self.close()

    def _put_networks(self, rows: np.typing.NDArray[np.uint64]) -> None:
        self._state.wished_networks[: len(rows)] = rows
        self._state.control[at.WISHED_NETWORKS] = len(rows)
        self._loop.synchronise()

    def _counts(self, row: int) -> SessionCounts:
        return SessionCounts(self._way_counts(row, Way.OUT), self._way_counts(row, Way.IN))

    def _way_counts(self, row: int, way: Way) -> WayCounts:
        # The loop adds to the other column from now on, so that this one stands still.
        reading = int(self._state.reading[row, way])
        self._state.reading[row, way] = reading + 1
        tally = self._state.tallies[row, way].copy()
        # Where nothing was delivered since the last reading, the column still holds an older gap.
        delivered = int(tally[GAP_OF]) >= reading
        return way_counts(tally, int(tally[GAP + (reading & 1)]) if delivered else 0)

    def _row(self, session: str) -> int:
        self._check_open()
        try:
            return self._rows[session]
        except KeyError:
            raise InvalidInputError(f"There is no session {quoted(session)}.") from None

    def _check_open(self) -> None:
        if self._loop.closed:
            raise InvalidInputError("The relay is closed: make a new one.")


def _shift_ns(shift_ms: int) -> int:
    if not 0 <= shift_ms <= MOST_SHIFT_NS // 1_000_000:
        raise InvalidInputError(
            f"shift_ms {shift_ms} is not between 0 and {MOST_SHIFT_NS // 1_000_000}."
        )
    return shift_ms * 1_000_000


def _reason(trouble: np.typing.NDArray[np.int64]) -> str:
    reason = int(trouble[at.REASON])
    return os.strerror(reason) if reason else "it was shut"
