"""Who may propose a command, who may approve it, and how many must."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.trust.identity import DAY

MOST_APPROVALS: Final = 16
LONGEST_LIFE: Final = 31 * DAY
"""Seconds. Our choice: a command is an act of the moment, not a standing order."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as the executor holds it; a proposal only names it."""

    name: str
    kinds: frozenset[str]
    """Kinds of command that it governs: a lenient rule must not release a grave command."""
    threshold: int
    """How many persons must approve, the proposer not among them."""
    roles: frozenset[str]
    """An approver has at least one of these."""
    proposer_roles: frozenset[str]
    """A proposer has at least one of these."""
    life: float
    """Seconds between a proposal's creation and its expiry, at most."""

    def __post_init__(self) -> None:
        """Refuse rules under which nobody, or anybody, could command."""
        check_name("rule", self.name)
        for kind in self.kinds:
            check_name("kind", kind)
        if not 1 <= self.threshold <= MOST_APPROVALS:
            raise InvalidInputError(
                f"Rule {self.name}: threshold {self.threshold}; 1 to {MOST_APPROVALS}."
            )
        if not (self.kinds and self.roles and self.proposer_roles):
            raise InvalidInputError(
                f"Rule {self.name}: name at least one kind of command, one role that approves and "
                "one that proposes."
            )
        if not (math.isfinite(self.life) and 0 < self.life <= LONGEST_LIFE):
            raise InvalidInputError(
                f"Rule {self.name}: life {self.life} s; more than 0, at most {LONGEST_LIFE:.0f}."
            )


def check_name(field: str, value: str) -> None:
    """Refuse what is no name of a rule or of a kind of command."""
    if not _NAME.match(value):
        raise InvalidInputError(
            f"{field} {quoted(value)}: 1 to 63 small letters, digits, '.', '-' and '_', the first "
            "a letter or a digit."
        )
