"""Calls that were not made, in a bounded list: a repeated word gets the same answer.

A refused call has no machine of its own and nothing is repeated for it: who dialled repeats.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from baluardo.calls.bodies import UNNUMBERED, Acknowledgement, End, Side, Unknown
from baluardo.calls.messages import Message

MOST_REFUSED: Final = 20_000


@dataclass(frozen=True, slots=True)
class _Refused:
    side: Side
    life: int
    """Of who dialled."""
    end: End


class Refusals:
    """What was refused to whom, of one edge."""

    def __init__(self, site: str, life: int) -> None:
        """Begin without any; `site` and `life` are the edge's own."""
        self._site, self._life = site, life
        self._refused: OrderedDict[tuple[str, str], _Refused] = OrderedDict()
        """By call and leg."""

    def remember(self, message: Message, end: End) -> None:
        """Refuse what a message asks for."""
        self._refused[message.call, message.leg] = _Refused(message.side, message.life, end)
        while len(self._refused) > MOST_REFUSED:
            self._refused.popitem(last=False)

    def knows(self, message: Message) -> bool:
        """Whether this call was refused to this leg."""
        return (message.call, message.leg) in self._refused

    def answers(self, message: Message) -> list[Message]:
        """Return what is to be said to a leg about a call that does not exist here."""
        if isinstance(message.body, UNNUMBERED):
            return []
        refused = self._refused.get((message.call, message.leg))
        if refused is None or (refused.side, refused.life) != (message.side, message.life):
            return [self._message(message, 0, Unknown())]
        heard = Acknowledgement(message.number, message.life)
        return [self._message(message, 0, heard), self._message(message, 1, refused.end)]

    def _message(
        self, message: Message, number: int, body: Acknowledgement | End | Unknown
    ) -> Message:
        return Message(message.call, self._site, message.side.other, self._life, number, body)
