"""What one end says of one call to one other end: in order, once, repeated until acknowledged.

A pure core: bodies, messages and a time in, messages out. The other end is known by `life`, which
grows when it is started anew: a message of a later life, or its word that it knows nothing of the
call, means that the call is gone there.
"""

from __future__ import annotations

from typing import Final

from baluardo.calls.bodies import LAST_NUMBER, Acknowledgement, Alive, Body, Side, Unknown
from baluardo.calls.causes import Cause
from baluardo.calls.messages import Message
from baluardo.calls.timers import ALIVE_AFTER, FIRST_REPEAT, GIVE_UP, LONGEST_REPEAT

WINDOW: Final = 8
"""Messages that are repeated together, and that are kept when they come before their turn."""
MOST_UNHEARD: Final = 64
"""Said and not acknowledged; who lets more pile up is taken for gone."""


class Dialogue:
    """One end of it. It never blocks, reads no clock and owns no socket."""

    # An edge has thousands of them: neither a dictionary each, nor queues where lists are as good.
    __slots__ = (
        "_alive_at",
        "_early",
        "_heard",
        "_is_closed",
        "_other_life",
        "_outgoing",
        "_repeat_at",
        "_said",
        "_unheard",
        "_wait",
        "call",
        "failure",
        "life",
        "other",
        "own",
        "side",
    )

    def __init__(self, call: str, own: str, other: str, side: Side, life: int) -> None:
        """Begin in silence; `own` and `other` are the legs, `side` and `life` are our own."""
        self.call, self.own, self.other, self.side, self.life = call, own, other, side, life
        self.failure: Cause | None = None
        """RESTARTED or SITE_LOST, once the other end is gone; nothing is heard of it any more."""
        self._other_life = 0
        self._said = 0
        self._unheard: list[tuple[Message, float]] = []
        """With the time at which each was said."""
        self._heard = 0
        self._early: dict[int, Body] = {}
        self._repeat_at: float | None = None
        self._wait = FIRST_REPEAT
        self._alive_at: float | None = None
        self._is_closed = False
        self._outgoing: list[Message] = []

    @property
    def is_settled(self) -> bool:
        """Whether everything that was said has arrived, or nobody is there to hear it."""
        return not self._unheard or self.failure is not None

    def say(self, body: Body, now: float) -> None:
        """Say it next."""
        if self.failure is not None:
            return
        if len(self._unheard) >= MOST_UNHEARD or self._said >= LAST_NUMBER:
            self._fail(Cause.SITE_LOST)
            return
        self._said += 1
        message = self._message(self._said, body)
        if not self._unheard:
            self._wait = FIRST_REPEAT
            self._repeat_at = now + self._wait
        self._unheard.append((message, now))
        self._outgoing.append(message)
        self._stay_alive(now)

    def close(self) -> None:
        """Say no more that we are there: the call is over, and the last words are being said."""
        self._is_closed = True
        self._alive_at = None

    def hush(self) -> None:
        """Repeat nothing of what was said: the other end has ended the call."""
        self._unheard.clear()
        self._repeat_at = None

    def hear(self, message: Message, now: float) -> list[Body]:
        """Take a message of the other end; return what is new and in its turn."""
        if self.failure is not None or message.life < self._other_life:
            return []
        if self._other_life and message.life > self._other_life:
            self._fail(Cause.RESTARTED)
            return []
        body = message.body
        if isinstance(body, Unknown):
            # Before it has said anything it may only have heard our second word before our first.
            if self._other_life:
                self._fail(Cause.RESTARTED)
            return []
        self._other_life = message.life
        if isinstance(body, Acknowledgement):
            self._acknowledged(body, now)
            return []
        return self._in_turn(message, now)

    def hurry(self, now: float) -> None:
        """Ask at once whether the other end is there: the way to it was lost, and has returned."""
        if self.failure is None and not self._is_closed and not self._unheard:
            self.say(Alive(), now)
        elif self._repeat_at is not None:
            self._wait = FIRST_REPEAT
            self._repeat_at = now

    def handle_timer(self, now: float) -> None:
        """Repeat what is due, say that we are there, or give up."""
        if self.failure is not None:
            return
        if self._unheard and now >= self._unheard[0][1] + GIVE_UP:
            self._fail(Cause.SITE_LOST)
            return
        if self._repeat_at is not None and now >= self._repeat_at:
            self._outgoing.extend(message for message, _ in self._unheard[:WINDOW])
            self._wait = min(2 * self._wait, LONGEST_REPEAT)
            self._repeat_at = now + self._wait
        if self._alive_at is not None and now >= self._alive_at:
            self._alive_at = None
            if not self._unheard:
                self.say(Alive(), now)

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is to be called next."""
        if self.failure is not None:
            return None
        times = [self._repeat_at, self._alive_at]
        if self._unheard:
            times.append(self._unheard[0][1] + GIVE_UP)
        return min((each for each in times if each is not None), default=None)

    def outgoing(self) -> list[Message]:
        """Take the messages that are to leave."""
        messages, self._outgoing = self._outgoing, []
        return messages

    def _in_turn(self, message: Message, now: float) -> list[Body]:
        if self._heard < message.number <= self._heard + WINDOW:
            self._early[message.number] = message.body
        found: list[Body] = []
        while (body := self._early.pop(self._heard + 1, None)) is not None:
            self._heard += 1
            if not isinstance(body, Alive):
                found.append(body)
        acknowledgement = Acknowledgement(self._heard, self._other_life)
        self._outgoing.append(self._message(0, acknowledgement))
        if self._alive_at is None and not self._is_closed:
            self._stay_alive(now)
        return found

    def _acknowledged(self, body: Acknowledgement, now: float) -> None:
        if body.life != self.life or not self._unheard:
            return
        before = len(self._unheard)
        self._unheard = [each for each in self._unheard if each[0].number > body.upto]
        if len(self._unheard) < before:
            self._wait = FIRST_REPEAT
            self._repeat_at = now + self._wait if self._unheard else None
            self._stay_alive(now)

    def _stay_alive(self, now: float) -> None:
        if not self._is_closed:
            self._alive_at = now + ALIVE_AFTER

    def _fail(self, cause: Cause) -> None:
        self.failure = cause
        self._unheard.clear()
        self._early.clear()
        self._repeat_at = self._alive_at = None

    def _message(self, number: int, body: Body) -> Message:
        return Message(self.call, self.own, self.side, self.life, number, body)
