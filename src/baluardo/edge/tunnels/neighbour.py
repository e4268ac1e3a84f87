"""What is remembered of one neighbour and its bearers, and what is known of each of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Final

from baluardo.edge.tunnels.probe_keys import ProbeKeys
from baluardo.network.bearers.bearer import Kind, Standing
from baluardo.network.bearers.choice import Choice
from baluardo.network.bearers.counts import Endpoint
from baluardo.network.bearers.telemetry import Telemetry
from baluardo.terms import Bilingual

PAIR_SECONDS: Final = 2.0
"""How long the address counts from which one of ours was heard: under traffic all that is in use is
heard several times a second, and an address that has changed is the one last heard by any."""


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
    keys: ProbeKeys = field(default_factory=ProbeKeys)
    sources: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Where each of its bearers was last heard from, by a probe that was genuine."""
    pair_sources: dict[tuple[int, int], tuple[tuple[str, int], float]] = field(default_factory=dict)
    """The same by each bearer of ours, and when: a router may show each another address."""
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
    aim: tuple[str, int] | None = None
    """Where data goes: an address from which genuine probes have come."""

    def hear(self, own: int, other: int, source: tuple[str, int], now: float) -> None:
        """Note from where one of its bearers has sent a genuine probe to one of ours."""
        self.sources[other] = source
        self.pair_sources[own, other] = source, now

    def place(self, own: int, other: int, now: float) -> tuple[str, int] | None:
        """Return where one of ours reaches one of its bearers; None: no genuine probe has said."""
        source, heard_at = self.pair_sources.get((own, other), (None, -inf))
        return source if now - heard_at < PAIR_SECONDS else self.sources.get(other)

    def endpoint(self, other: int) -> tuple[str, int]:
        """Return where its card says that one of its bearers is."""
        return self.endpoints[other if other < len(self.endpoints) else 0]

    def move(self, endpoints: tuple[tuple[str, int], ...]) -> None:
        """Forget where it was: its card names other places."""
        self.endpoints = endpoints
        self.sources.clear()
        self.pair_sources.clear()

    @property
    def is_keyed(self) -> bool:
        """Whether there are keys to seal probes with."""
        return self.keys.is_there
