"""What is remembered of one neighbour and its bearers, and what is known of each of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from baluardo.network.bearers.bearer import Kind, Standing
from baluardo.network.bearers.choice import Choice
from baluardo.network.bearers.counts import Endpoint
from baluardo.network.bearers.telemetry import Telemetry
from baluardo.terms import Bilingual
from baluardo.trust.probe_seal import ProbeSeal


@dataclass(frozen=True, slots=True)
class BearerKnown:
    """What is known of a bearer whoever is at the other end."""

    name: str
    kind: Kind
    telemetry: Telemetry | None = None
    carrier: bool | None = None
    barred: Bilingual | None = None

    def news(self) -> tuple[object, ...]:
        """Return what may change its standing without a probe."""
        return self.name, self.carrier, self.barred, self.telemetry and self.telemetry.outage


@dataclass(slots=True)
class Neighbour:
    """One other site, as far as bearers to it go."""

    index: int
    endpoints: tuple[tuple[str, int], ...]
    choice: Choice
    seals: list[tuple[int, ProbeSeal]] = field(default_factory=list)
    """Tags that are accepted, the newest first, each with what opens its probes."""
    sent_tag: int = 0
    sealing: ProbeSeal | None = None
    sources: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Where each of its bearers was last heard from, by a probe that was genuine."""
    standings: dict[str, Standing] = field(default_factory=dict)
    moved: int = 0
    received: int = 0
    arrivals: dict[int, int] = field(default_factory=dict)
    """When something that bears its tag last came by each bearer, as the engine tells it."""
    moved_at: float = -inf
    judged_at: float = -inf
    awake_until: float = -inf
    """When it may be left alone, as far as it has no traffic."""
    lanes: tuple[Endpoint | None, ...] = ()
