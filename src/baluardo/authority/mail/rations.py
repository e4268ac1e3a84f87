"""How often one device may ask: in memory of each authority, as all rations are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final

from baluardo.authority.doors.rationing import Ration
from baluardo.authority.mail.limits import (
    CLAIMS,
    CLAIMS_OF_ONE,
    LOOKS,
    ORDERS,
    PUBLICATIONS,
    SENDS,
    WORDS,
)
from baluardo.authority.mail.refusal import full
from baluardo.authority.mail.seats import Seat
from baluardo.protocol.mail_requests import AnyRequest, Begin, Commit, Packages, Publish, Send

_LIMITS: Final[dict[type[AnyRequest], tuple[int, float]]] = {
    Send: SENDS,
    Commit: ORDERS,
    Begin: ORDERS,
    Packages: CLAIMS,
    Publish: PUBLICATIONS,
}


class Rations:
    """One bucket for each kind of request and each device; for words one at each site."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin with every bucket full."""
        self._rations = {limits: Ration(*limits, clock) for limits in {LOOKS, *_LIMITS.values()}}
        self._words = Ration(*WORDS, clock)
        self._claims = Ration(*CLAIMS_OF_ONE, clock)

    def take_word(self, seat: Seat) -> None:
        """Take one signature out that is to be verified; MailRefusedError as `take`.

        Anybody can make up words, so each site has a share of its own: one where the device sat
        before takes nothing from it where it sits now.
        """
        _check(self._words.take(f"{seat.attendance.site} {seat.device}"))

    def spared(self, person: str, devices: Iterable[str]) -> frozenset[str]:
        """Return of which devices this person gets no one-time package for now; counts the others.

        Whoever asks long enough would use them up, one after the other.
        """
        return frozenset(
            device for device in devices if self._claims.take(f"{person} {device}") > 0.0
        )

    def take(self, device: str, request: AnyRequest) -> None:
        """Take one request out; MailRefusedError if the device has used up what it may ask."""
        cost = len(request.devices) if isinstance(request, Packages) else 1
        ration = self._rations[_LIMITS.get(type(request), LOOKS)]
        _check(ration.take(device, float(cost)))


def _check(wait: float) -> None:
    if wait > 0.0:
        raise full(
            f"Too much was asked in a short time; nothing was done. Ask again in "
            f"{math.ceil(wait)} seconds."
        )
