"""Which end of an idle pair of sites probes the other. Pure.

Of a pair one end is enough: the other hears it, and answers. Where neighbours are many even that is
too much, for pairs grow with the square of sites; a site then probes its anchor alone, the next
neighbour in the order of names, and as everybody does so, nobody is left out. 500 sites of two
bearers cost 500 x 2 x 230 x 8 / 40 = 46 kbit/s, of the 100 that issue 6 grants to everything.
"""

from __future__ import annotations

from typing import Final

MOST_PAIRED: Final = 32
"""Neighbours up to which every pair is probed: 33 sites of two bearers cost 52 kbit/s in all."""


class IdlePairs:
    """The neighbours of one site, by name."""

    def __init__(self, own: str) -> None:
        """Take what neighbours call us; nobody is met yet."""
        self._own = own
        self._met: set[str] = set()
        self._anchor = ""

    def meet(self, peer: str) -> None:
        """Count a neighbour in."""
        self._met.add(peer)
        self._choose()

    def part(self, peer: str) -> None:
        """Count a neighbour out; nothing happens if it was not met."""
        self._met.discard(peer)
        self._choose()

    def is_ours(self, peer: str) -> bool:
        """Whether it is us who probes this neighbour while nobody has traffic."""
        if peer == self._anchor:
            return True
        return len(self._met) <= MOST_PAIRED and self._own < peer

    def _choose(self) -> None:
        first = min(self._met, default="")
        self._anchor = min((peer for peer in self._met if peer > self._own), default=first)
