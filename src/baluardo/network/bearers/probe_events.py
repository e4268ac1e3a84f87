"""What the core of probes takes and gives: interests, timings, what leaves, what was learnt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from baluardo.errors import InvalidInputError


class Interest(Enum):
    """How much a peer matters now. Peers that were not met are not probed at all."""

    TRAFFIC = auto()
    IDLE = auto()
    """Probed now and then: of an idle pair one end does it."""
    PASSIVE = auto()
    """Answered only, until it says that it has traffic for us."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds between probes, and when silence becomes suspicious. Our choice, see above."""

    active_s: float = 0.05
    warm_s: float = 0.25
    idle_s: float = 40.0
    retry_s: float = 2.0
    """Idle: until an unanswered probe is repeated."""
    suspicion_s: float = 0.07
    urgent_s: float = 0.015
    urgency_s: float = 0.35
    """How long urgent probing lasts."""

    def __post_init__(self) -> None:
        """Refuse intervals that are not positive, and idle ones that cost more than granted."""
        for name in ("active_s", "warm_s", "retry_s", "suspicion_s", "urgent_s", "urgency_s"):
            if not 0.005 <= getattr(self, name) <= 60.0:
                raise InvalidInputError(f"{name} {getattr(self, name)}: 0.005 to 60 seconds.")
        if not 20.0 <= self.idle_s <= 600.0:
            raise InvalidInputError(f"idle_s {self.idle_s}: 20 to 600 seconds.")


@dataclass(frozen=True, slots=True)
class OutgoingProbe:
    """Octets to seal for a peer, and to send by one of our bearers to one of the peer's."""

    peer: str
    bearer: str
    peer_bearer: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """A round trip was measured."""

    peer: str
    bearer: str
    peer_bearer: int
    rtt_s: float
    at: float


@dataclass(frozen=True, slots=True)
class BestTold:
    """A peer receives best at another of its bearers now: data goes there from now on."""

    peer: str
    peer_bearer: int


@dataclass(frozen=True, slots=True)
class Seen:
    """The address from which a peer saw our probe come: what the way out looks like from there."""

    peer: str
    bearer: str
    address: str
    port: int
    at: float


ProbeEvent = Answered | BestTold | Seen
