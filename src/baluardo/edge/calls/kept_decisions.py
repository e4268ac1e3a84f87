"""The last decisions of admission, for who asks why a call was refused or had to yield.

Nobody's dialling pushes out what was decided on others: of one caller few are kept, and of refusals
that anybody can cause at will, also under names of others, no more than a part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from baluardo.calls.admission import Decision
from baluardo.edge.calls.decision_log import BY_ANYBODY

MOST_DECISIONS: Final = 200
MOST_OF_PERSON: Final = 20
"""On calls of one person who dials."""
MOST_BY_ANYBODY: Final = 50
"""Refusals of those causes."""


class KeptDecisions:
    """Of one edge, in memory."""

    def __init__(self) -> None:
        """Begin without any."""
        self._kept: list[Decision] = []

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What is kept, oldest first."""
        return tuple(self._kept)

    def keep(self, decision: Decision) -> None:
        """Take note of one; those on calls that yield to it are told apart."""
        self._kept.append(decision)
        person = decision.request.person
        if decision.cause in BY_ANYBODY:
            self._cut(MOST_BY_ANYBODY, lambda each: each.cause in BY_ANYBODY)
        self._cut(MOST_OF_PERSON, lambda each: each.request.person == person)
        del self._kept[:-MOST_DECISIONS]

    def _cut(self, most: int, is_such: Callable[[Decision], bool]) -> None:
        """Let go of the oldest of some, if they are more; only one has come."""
        found = [at for at, each in enumerate(self._kept) if is_such(each)]
        if len(found) > most:
            del self._kept[found[0]]
