"""One browser that has attended: what it asks of the authority, and what it is brought. Pure.

The authority is shown its attendance first, once for each channel, and again where it denies what
it is asked afterwards: it may have forgotten who sits here, as after a jump of its clock. What
waits for it is collected when it comes, when the channel is new and when the authority says so;
more of it comes only once the browser has taken what came before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from baluardo.protocol.mail_requests import Attend, Collect
from baluardo.trust.envelope import Envelope

MOST_FLYING: Final = 4
"""Asks of one browser that the authority has at a time: the others of a site have their turn."""
FIRST_REST: Final = 2.0
LONGEST_REST: Final = 60.0
"""Seconds after the authority could not take an attendance, or give what waits."""
MOST_FAILURES: Final = 10
"""In a row, after which a denied attendance is shown only when its browser asks: some six minutes.
"""


class Standing(Enum):
    """What the authority that is connected knows of a browser's attendance."""

    UNKNOWN = auto()
    ASKED = auto()
    SHOWN = auto()
    DENIED = auto()


@dataclass(frozen=True, slots=True)
class Ask:
    """One ask of a browser that waits to be forwarded."""

    number: int
    """The browser's own."""
    request: Mapping[str, object] = field(repr=False)
    """As it came, and was checked."""
    taken: int
    """Up to where it says that the browser keeps what it was brought; 0 for other asks."""
    octets: int
    until: float
    """When it is answered that it had no turn."""


Wish = Attend | Ask | Collect
"""What the authority is to be told for a browser."""


def is_post(wish: object) -> bool:
    """Whether post is asked for: others of the edge's own requests are kinds of that one."""
    return type(wish) is Collect


class Correspondent:
    """The state of one seat; times are seconds of any steady counter."""

    __slots__ = (
        "_doubts",
        "_failures",
        "_is_collecting",
        "_posted",
        "_wants_post",
        "attendance",
        "device",
        "flying",
        "held_up",
        "last_number",
        "rests_until",
        "seat",
        "sentence",
        "standing",
        "waiting",
        "was_shown",
    )

    def __init__(self, seat: int, device: str, attendance: Envelope) -> None:
        """Begin with nothing asked, and everything to be brought."""
        self.seat, self.device, self.attendance = seat, device, attendance
        self.standing = Standing.UNKNOWN
        self.was_shown = False
        """Whether its attendance was believed over this channel: it may be still, or again."""
        self.sentence = ""
        """Why the attendance was denied."""
        self.waiting: deque[Ask] = deque()
        self.flying = 0
        """Asks that the authority has."""
        self.last_number = 0
        """Of its asks, which are numbered upward."""
        self.held_up = False
        """Whether it was told that the authority is away, and not yet that it is back."""
        self.rests_until = 0.0
        self._failures = 0
        self._doubts = 0
        """How often in short order it was denied what it asks though it had been shown."""
        self._wants_post = True
        self._is_collecting = False
        self._posted = 0
        """Number of the last item that it has been brought and has not taken; 0 for none."""

    @property
    def unanswered(self) -> int:
        """How many of its asks have no answer yet."""
        return len(self.waiting) + self.flying

    def wish(self, now: float) -> Wish | None:
        """Return what the authority is to be told next for it; its asks go before its post."""
        rests = now < self.rests_until
        if self.standing is Standing.UNKNOWN or self._is_tried_again:
            return None if rests else Attend()
        if self.standing is not Standing.SHOWN:
            return None
        if self.waiting and self.flying < MOST_FLYING:
            return self.waiting[0]
        if rests or self._is_collecting or self._posted or not self._wants_post:
            return None
        return Collect()

    @property
    def _is_tried_again(self) -> bool:
        """Whether its attendance was denied which had been believed: that may be set right."""
        is_denied = self.standing is Standing.DENIED and self.was_shown
        return is_denied and self._failures < MOST_FAILURES

    def told(self, wish: Wish) -> None:
        """Take note that a wish is on its way."""
        if isinstance(wish, Ask):
            self.waiting.popleft()
            self.flying += 1
        elif isinstance(wish, Attend):
            self.standing = Standing.ASKED
        else:
            self._is_collecting, self._wants_post = True, False

    # What came of it

    def shown(self) -> None:
        """Take that its attendance is believed."""
        self.standing, self.was_shown = Standing.SHOWN, True
        self._failures = 0

    def not_shown(self, sentence: str, now: float, *, is_final: bool) -> None:
        """Take why it is not believed, or could not be looked at."""
        self.standing = Standing.DENIED if is_final else Standing.UNKNOWN
        self.sentence = sentence
        self._rest(now)

    def doubted(self, now: float) -> None:
        """Take that something was denied, and so its attendance perhaps forgotten.

        It is shown again after a rest, each longer than the one before in short order: what is
        denied for another reason stays denied.
        """
        if self.standing is not Standing.SHOWN:
            return
        # Of what has come meanwhile it was not told either.
        self.standing, self._wants_post = Standing.UNKNOWN, True
        is_soon = now < self.rests_until + LONGEST_REST
        self._doubts = min(self._doubts + 1, MOST_FAILURES) if is_soon else 0
        self._rest_after(self._doubts, now)

    def collected(self, last: int, *, more: bool) -> None:
        """Take what waited up to a number, 0 for nothing; and whether there is more."""
        self._is_collecting = False
        self._posted = last
        self._wants_post |= more
        self._failures = 0

    def not_collected(self, now: float) -> None:
        """Take that what waits could not be had."""
        self._is_collecting, self._wants_post = False, True
        self._rest(now)

    def took(self, upto: int) -> None:
        """Take that what it was brought up to a number has left its mailbox."""
        if upto >= self._posted:
            self._posted = 0

    def not_took(self, now: float) -> None:
        """Take that its word of what it has kept was not heard: the same is brought again."""
        self._posted, self._wants_post = 0, True
        self._rest(now)

    def nudged(self) -> None:
        """Take that something waits for it."""
        self._wants_post = True

    def cut_off(self) -> None:
        """Take that the channel is gone, and with it what the authority knew and was asked."""
        self.standing, self.was_shown = Standing.UNKNOWN, False
        self.waiting.clear()
        self.flying = 0
        self.rests_until, self._failures, self._doubts = 0.0, 0, 0
        # Whether what it was brought last has left its mailbox is not known: it is brought again.
        self._is_collecting, self._wants_post, self._posted = False, True, 0

    def ask_again(self, now: float) -> None:
        """Have an attendance that was denied shown once more, if that is long ago."""
        if self.standing is Standing.DENIED and now >= self.rests_until:
            self.standing = Standing.UNKNOWN

    def _rest(self, now: float) -> None:
        self._rest_after(self._failures, now)
        self._failures = min(self._failures + 1, MOST_FAILURES)

    def _rest_after(self, before: int, now: float) -> None:
        rest = min(LONGEST_REST, FIRST_REST * 2.0**before)
        self.rests_until = max(self.rests_until, now + rest)
