"""Under what a device signs what it asks: a challenge of its seat, and numbers that count once.

It lives as long as the seat does at one channel, in memory alone: what was signed under an earlier
one is worth nothing, so nothing has to be remembered for longer. Requests overtake each other on
their way here, so numbers may come out of order, but not by more than `WINDOW`.
"""

from __future__ import annotations

from typing import Final

from baluardo.authority.mail.refusal import MailRefusedError
from baluardo.protocol.mail_answers import MailRefusal
from baluardo.protocol.mail_fields import CHALLENGE_OCTETS
from baluardo.trust.randomness import random_octets

WINDOW: Final = 64
"""Numbers below the highest that may still come. Our choice: an edge forwards four at a time."""


class Freshness:
    """The challenge of one seat, and which numbers were used under it."""

    __slots__ = ("_highest", "_used", "challenge")

    def __init__(self) -> None:
        """Draw a challenge that nobody has signed under."""
        self.challenge = random_octets(CHALLENGE_OCTETS).hex()
        self._highest = 0
        self._used = 0
        """Bit n: whether the number n below the highest was used."""

    def check(self, challenge: str) -> None:
        """Return if this is the challenge; MailRefusedError for another one."""
        if challenge != self.challenge:
            raise _stale("It was signed under a challenge that stands no more")

    def use(self, number: int) -> None:
        """Use a number up; MailRefusedError where it was used before, or is long past."""
        ahead = number - self._highest
        if ahead > 0:
            self._used = ((self._used << min(ahead, WINDOW)) | 1) & ((1 << WINDOW) - 1)
            self._highest = number
            return
        below = 1 << -ahead if -ahead < WINDOW else 0
        if not below or self._used & below:
            raise _stale("It was heard before, or comes too late")
        self._used |= below


def _stale(why: str) -> MailRefusedError:
    sentence = f"{why}: nothing was done. The device signs anew."
    return MailRefusedError(MailRefusal.CHALLENGE, sentence)
