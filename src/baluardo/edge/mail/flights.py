"""What the authority was asked over one channel and has not answered yet. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import Final

from baluardo.edge.mail.correspondent import Ask, Wish, is_post
from baluardo.protocol.mail_requests import Leave

MOST_FLYING: Final = 32
"""Requests that the authority has at a time; it answers as many of one channel."""
MOST_COLLECTING: Final = 4
"""Browsers that are brought their post at a time: news of the authority come by the same way."""
ANSWER_SECONDS: Final = 90.0
"""For the answer to an ask: it may come behind much else, by a thin link."""
OWN_ANSWER_SECONDS: Final = 300.0
"""The same where the edge asks: a channel that is dead is given up long before."""


@dataclass(frozen=True, slots=True)
class Flight:
    """What the authority was asked, and for whom."""

    seat: int
    """0 for nobody who is here."""
    what: Wish | Leave
    until: float


class Flights:
    """Those of one channel after another; their numbers rise over all of them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._flights: dict[int, Flight] = {}
        self._drawn = 0
        self._collecting = 0

    @property
    def may_ask(self) -> bool:
        """Whether the authority takes one more."""
        return len(self._flights) < MOST_FLYING

    @property
    def may_collect(self) -> bool:
        """Whether one more is to be brought its post now."""
        return self._collecting < MOST_COLLECTING

    def begin(self, seat: int, what: Wish | Leave, now: float) -> int:
        """Take what is being asked; return its number."""
        self._drawn += 1
        self._collecting += is_post(what)
        if isinstance(what, Ask):
            flight = Flight(seat, replace(what, request={}), now + ANSWER_SECONDS)
        else:
            flight = Flight(seat, what, now + OWN_ANSWER_SECONDS)
        self._flights[self._drawn] = flight
        return self._drawn

    def end(self, number: int) -> Flight | None:
        """Return what is answered by that; None if nobody waits for it any more."""
        flight = self._flights.pop(number, None)
        if flight is not None:
            self._collecting -= is_post(flight.what)
        return flight

    def end_all(self) -> list[Flight]:
        """Return all, of which none is answered any more."""
        ended = list(self._flights.values())
        self._flights.clear()
        self._collecting = 0
        return ended

    def late(self, now: float) -> list[int]:
        """Return the numbers of those that have taken too long."""
        return [number for number, each in self._flights.items() if each.until <= now]

    def next_timer(self) -> float:
        """Return when the next one has taken too long."""
        return min((each.until for each in self._flights.values()), default=inf)
