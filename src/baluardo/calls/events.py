"""What the calls of an edge tell of themselves, for pages and for the record."""

from __future__ import annotations

from dataclasses import dataclass

from baluardo.calls.admission import Decision
from baluardo.calls.bodies import Side
from baluardo.calls.causes import Cause


@dataclass(frozen=True, slots=True)
class Connected:
    """A device has answered."""

    call: str
    side: Side
    """Of our edge."""
    device: str
    """Of the callee."""
    at: float
    """POSIX seconds."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A call is over."""

    call: str
    side: Side
    cause: Cause
    device: str
    """Of the callee; empty if nobody answered."""
    at: float
    """POSIX seconds."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Admission has let a call in, refused it or taken its room away."""

    decision: Decision


Event = Connected | Ended | Decided
