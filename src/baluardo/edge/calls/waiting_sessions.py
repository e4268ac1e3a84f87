"""Sessions of calls that began while the site's network was down: where they lead is known later.

Each is told to others at the edge's own address within the tunnels, with a promised port. Once its
other end is known, the relay gets it: with a port of loopback if that end is of this site, with the
promised one if it is of another.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

from baluardo.calls.media_places import RelayPlace
from baluardo.calls.relay.engine import MediaRelay
from baluardo.edge.calls.far_ports import FarPorts
from baluardo.errors import BaluardoError
from baluardo.terms import Precedence


@dataclass(slots=True)
class _Waiting:
    """One that the relay does not have yet, with its sockets."""

    near: socket.socket
    within: socket.socket
    number: int
    """The promised port."""
    precedence: Precedence
    fragments: tuple[str, str] | None = None
    other: RelayPlace | None = None

    def close(self) -> None:
        self.near.close()
        self.within.close()


class WaitingSessions:
    """All of them, also the places of those that wait no more: others of the site name them."""

    def __init__(self, address: str, far: FarPorts) -> None:
        """Take the edge's own address within the tunnels."""
        self._address, self._far = address, far
        self._waiting: dict[str, _Waiting] = {}
        self._numbers: dict[str, int] = {}
        """By session, until it is closed."""
        self._within: dict[int, RelayPlace] = {}
        """By promised port, what stands for it on this machine."""

    def __len__(self) -> int:
        """How many the relay does not have yet."""
        return len(self._waiting)

    def __contains__(self, session: str) -> bool:
        """Whether the relay does not have it yet."""
        return session in self._waiting

    def open(
        self, session: str, precedence: Precedence, near: socket.socket
    ) -> tuple[RelayPlace, RelayPlace] | None:
        """Open one, whose near port is ours from now on; None if no more can be promised.

        LinkError where loopback has no port; then nothing was taken.
        """
        within = self._far.open_within()
        number = self._far.promised.promise()
        if number is None:
            within.close()
            return None
        self._waiting[session] = _Waiting(near, within, number, precedence)
        self._numbers[session] = number
        self._within[number] = RelayPlace(*within.getsockname()[:2])
        return RelayPlace(*near.getsockname()[:2]), RelayPlace(self._address, number)

    def expect(self, session: str, browser: str, other: str) -> None:
        """Remember which fragments the relay is to expect."""
        self._waiting[session].fragments = (browser, other)

    def set_other(self, session: str, place: RelayPlace) -> None:
        """Remember where its other end is."""
        self._waiting[session].other = place

    def reached_at(self, place: RelayPlace) -> RelayPlace:
        """Return where a place is sent to: what stands for it if it is one of these sessions."""
        if place.address != self._address:
            return place
        return self._within.get(place.port, place)

    def named(self, number: int) -> str | None:
        """Return the session that waits for a promised port."""
        return next((name for name, each in self._waiting.items() if each.number == number), None)

    def hand_over(self, session: str, relay: MediaRelay) -> None:
        """Give one to the relay if its other end is known, and the port that leads there bound.

        BaluardoError or OSError where the relay refuses it: then its ports are closed.
        """
        waiting = self._waiting[session]
        if waiting.other is None:
            return
        other = self.reached_at(waiting.other)
        if waiting.other.address == self._address:
            self._far.promised.release(waiting.number)
            far: socket.socket | None = waiting.within
        else:
            far = self._far.promised.redeem(waiting.number)
        if far is None:
            return
        del self._waiting[session]
        shift_ms = self._far.shift_ms(waiting.precedence)
        try:
            relay.add(session, waiting.near, far, precedence=waiting.precedence, shift_ms=shift_ms)
        except (BaluardoError, OSError):
            waiting.close()
            far.close()
            raise
        if far is not waiting.within:
            waiting.within.close()
        relay.set_other(session, other.address, other.port)
        if waiting.fragments is not None:
            relay.expect(session, *waiting.fragments)

    def close(self, session: str) -> bool:
        """Forget one; return whether the relay did not have it yet, and has nothing to close."""
        number = self._numbers.pop(session, None)
        if number is not None:
            self._far.promised.forget(number)
            del self._within[number]
        waiting = self._waiting.pop(session, None)
        if waiting is not None:
            waiting.close()
        return waiting is not None

    def clear(self) -> None:
        """Forget all."""
        for session in tuple(self._numbers):
            self.close(session)
