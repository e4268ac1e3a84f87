"""What neighbours need of the edge: whom to tell, how others are reached, and who is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from baluardo.edge.calls.line import SETTLED_SECONDS
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.rationed_log import RationedLog
from baluardo.trust.channel.stream import Channel, Connect
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity


def _unwatched(_: Channel) -> None:
    """Judge a channel by `Neighbours.judge_again` alone."""


@dataclass(frozen=True, slots=True)
class NeighbourCallbacks:
    """What neighbours say, each with the path of the site that said it: `ship/bergamini`.

    InvalidInputError from one of the first three puts the neighbour out; any other BaluardoError is
    logged, and what was said is passed over.
    """

    take_message: Callable[[str, bytes], None]
    """The octets of a call message."""
    take_attendance: Callable[[str, Envelope], None]
    """Somebody sits there, says the envelope; nobody has verified it."""
    take_left: Callable[[str, str], None]
    """A device sits there no more."""
    opened: Callable[[str], None]
    """There is a channel; what was said on one before it may be lost."""
    roster: Callable[[], list[Envelope]]
    """Returns the attendance of every device that sits here."""
    watch: Callable[[Channel], None] = _unwatched
    """Is shown every channel, to have it judged with all others of this edge."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds; our choice."""

    idle: float = SETTLED_SECONDS + 5.0
    """Without a frame either way, a channel is closed by who opened it: what keeps it alive would
    keep the tunnel under traffic. Not before all that was told has arrived for sure, or it would be
    opened to tell it again. Who has a call says something every 10 s."""
    barred: float = 30.0
    """Who was put out for what it sent comes in again after so long."""
    spread: float = 3.0
    """At most, before a neighbour is told who sits here: not all are met in one moment."""


@dataclass(frozen=True, slots=True)
class Means:
    """What every neighbour of one edge is met with."""

    endpoint: Endpoint
    callbacks: NeighbourCallbacks
    place_of: Callable[[Identity], tuple[str, int] | None]
    """Where a neighbour listens; None where nobody has told."""
    expected: Callable[[Identity], None]
    """Raises a TrustError for who is no neighbour."""
    connect: Connect | None
    patience: Patience
    random: Random
    log: RationedLog
