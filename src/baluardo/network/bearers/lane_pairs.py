"""Which pair of ends each lane takes to one peer: two copies share no bearer where that can be.

Lane 0 goes by the bearer that was chosen to where the peer receives best. Lane 1 takes another of
ours to another of the peer's, so that whatever is cut or disturbed, at either end, leaves one copy.
Both ends know of that pair by probes (`pairs.py`); until it is proven second copies go as far apart
as is known: by another of ours to the same place, or by the same one to another place.

One lane moves at a time. As long as lane 0 goes by a pair that has not shown that it lives, which
is a round trip after either end has left a bearer, lane 1 stays where it is, if that lives. And no
two lanes take the same pair. Where the peer says that it receives nowhere, or nowhere else, nothing
goes there: its policy may bar a bearer that answers probes as well as any.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from baluardo.network.bearers.pairs import Pair, Pairs


class Ends(NamedTuple):
    """What both ends say now, each bearer by its place in its site's card."""

    active: int | None
    """Ours that traffic takes."""
    second: int | None
    """Another of ours that lives."""
    best: int | None
    """The peer's where it receives best; None: it wants nothing now, at none of them."""
    peer_second: int | None
    """Another of the peer's that lives, as it says."""
    living: Collection[int]
    """All of ours that live and may be taken."""


@dataclass(slots=True)
class LanePairs:
    """The lanes to one peer."""

    first: Pair | None = None
    second: Pair | None = None

    def choose(self, ends: Ends, pairs: Pairs, now: float) -> None:
        """Decide by what is known now."""
        if ends.active is None or ends.best is None:
            self.first = self.second = None
            return
        self.first = (ends.active, ends.best)
        wishes, kept = self._wishes(ends), self.second
        stays = (
            kept is not None
            and kept != self.first
            and kept[0] in ends.living
            and (kept[1] == ends.best or ends.peer_second is not None)
            and pairs.is_proven(kept, now)
        )
        if stays and not pairs.is_proven(self.first, now):
            return
        if kept is not None and stays and ends.peer_second is not None:
            wishes = sorted([*wishes, kept], key=lambda each: _meet(each, self.first))
        proven = next((each for each in wishes if pairs.is_proven(each, now)), None)
        # Where nothing is proven: by another of ours, as its own probes have chosen it.
        likely = None if ends.second is None else (ends.second, ends.best)
        self.second = proven or (kept if stays else likely if likely != self.first else None)

    def to_probe(self, ends: Ends) -> list[Pair]:
        """Return the pairs that need probes of their own: each of our bearers meets the best."""
        known = (*self._wishes(ends)[:1], self.second)
        return list(dict.fromkeys(each for each in known if each and each[1] != ends.best))

    def _wishes(self, ends: Ends) -> list[Pair]:
        """Return where lane 1 would go, what shares least with lane 0 first."""
        if self.first is None:
            return []
        active, best = self.first
        ours = [each for each in (ends.second, active) if each is not None]
        theirs = [each for each in (ends.peer_second, best) if each is not None]
        wishes = [(own, other) for own in ours for other in theirs]
        return [each for each in dict.fromkeys(wishes) if each != self.first]


def _meet(one: Pair, other: Pair | None) -> bool:
    """Whether two pairs share an end."""
    return other is not None and (one[0] == other[0] or one[1] == other[1])
