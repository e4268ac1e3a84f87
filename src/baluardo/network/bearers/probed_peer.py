"""What the core of probes remembers of one other site."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from baluardo.network.bearers.lane_pairs import Ends, LanePairs
from baluardo.network.bearers.pairs import Pairs
from baluardo.network.bearers.probe_events import Interest
from baluardo.network.bearers.probe_payload import ProbePayload
from baluardo.network.bearers.probe_way import Way


@dataclass(slots=True)
class ProbedPeer:
    """One other site. Bearers are named by their places in the cards."""

    bearers: int
    ways: list[Way]
    most_lanes: int
    interest: Interest = Interest.IDLE
    flagged_until: float = -inf
    best: int | None = None
    second: int | None = None
    living: frozenset[int] = frozenset()
    """Ours that live and may be taken."""
    statement: int = 0
    told: int | None = None
    """Where it says that it receives best, once it was heard from there."""
    wished: int | None = None
    """The same, heard from there or not."""
    is_nowhere: bool = False
    """Whether it says that it receives nowhere now: its bearers are dead, or barred by policy."""
    told_second: int | None = None
    """Another one where it says that it receives."""
    tried: dict[tuple[int, int], float] = field(default_factory=dict)
    """When one of our bearers last probed one of the peer's that was never heard."""
    told_statement: int | None = None
    heard: dict[int, float] = field(default_factory=dict)
    """When each of the peer's bearers was last heard, by any of ours."""
    suspected_at: float | None = None
    pairs: Pairs = field(default_factory=Pairs)
    lanes: LanePairs = field(default_factory=LanePairs)

    def destination(self) -> int:
        """Return which of its bearers data goes to."""
        if self.told is not None:
            return self.told
        return max(self.heard, key=self.heard.__getitem__, default=0)

    def has_traffic(self, now: float) -> bool:
        """Whether either end has said so."""
        return self.interest is Interest.TRAFFIC or now < self.flagged_until

    def is_probed(self, now: float) -> bool:
        """Whether it is us who probe."""
        return self.interest is not Interest.PASSIVE or now < self.flagged_until

    def state(self, best: int | None, second: int | None, living: frozenset[int]) -> bool:
        """Take where we receive; return whether the best has changed, which is told at once."""
        changed, self.living = best != self.best, living
        if not changed and second == self.second:
            return False
        self.best, self.second = best, second
        self.statement = (self.statement + 1) & 0xFFFF_FFFF
        return changed

    def believe(self, said: ProbePayload) -> bool:
        """Take the newest statement: messages overtake each other, all the more on two ways.

        Return whether this was one.
        """
        known = self.told_statement
        if known is not None and not 0 < (said.statement - known) & 0xFFFF_FFFF < 1 << 31:
            return False
        self.told_statement = said.statement
        self.is_nowhere = said.best is None
        if said.best is not None and said.best < self.bearers:
            self.wished = said.best
        is_its = said.second is not None and said.second < self.bearers
        self.told_second = said.second if is_its else None
        return True

    def choose_lanes(self, now: float) -> None:
        """Decide by which pair each lane goes, and which pairs need probes for it."""
        own, best = self.best, None if self.is_nowhere else self.destination()
        ends = Ends(own, self.second, best, self.told_second, self.living)
        self.lanes.choose(ends, self.pairs, now)
        twice = self.most_lanes > 1 and self.has_traffic(now)
        self.pairs.want(self.lanes.to_probe(ends) if twice else (), now)
