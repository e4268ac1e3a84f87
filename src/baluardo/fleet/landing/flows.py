"""Flows of platforms, and the rules that their classification lays on where they may land.

What leaves the platform is *ours*; where it lands is *contract* and, in the field, *observed*. In
the twin the rule is kept by every path that is planned.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from baluardo.errors import InvalidInputError
from baluardo.fleet.platform import Platform
from baluardo.foreign_input import quoted
from baluardo.terms import Precedence
from baluardo.twin.sky.landing import LandingRule


@dataclass(frozen=True, slots=True)
class Classification:
    """A marking of traffic and the landing rule that goes with it."""

    name: str
    rule: LandingRule


UNMARKED = Classification("unmarked", LandingRule())
"""Of traffic that carries no marking: its platform's own rule alone counts."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Traffic of one kind from a platform: to the ground, or by lasers alone to another one."""

    name: str
    platform: str
    to: str | None = None
    """Another platform's name; None for the ground. Between platforms nothing ever lands."""
    classification: Classification = field(default=UNMARKED)
    precedence: Precedence = Precedence.ROUTINE
    rate_bps: float = 64e3
    """What it needs, up."""

    def __post_init__(self) -> None:
        """Refuse a flow to the platform itself, and a rate that nothing needs."""
        if not 0.0 < self.rate_bps <= 1e12:
            raise InvalidInputError(
                f"Flow {quoted(self.name)}: rate_bps {self.rate_bps} is not above 0 and to 1e12."
            )
        if self.to == self.platform:
            raise InvalidInputError(f"Flow {quoted(self.name)} goes from a platform to itself.")


def rule_of(flow: Flow, platform: Platform) -> LandingRule:
    """Return the rule of a flow: nothing that the platform or the marking forbids is allowed.

    InvalidInputError where the two contradict each other about lasers.
    """
    return platform.rule.tightened(flow.classification.rule)
