"""What a packet's way should take, from the very segments that the wire was told. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from baluardo.network.wire.tables import LinkSegment
from baluardo.stage.network.paths import Link

ORDER_SECONDS: Final = 1.0
"""How long before a packet others may have been sent that it may not overtake on a link."""


class Delay(NamedTuple):
    """What a packet should take, s: alone on its way, and behind others at every moment.

    They differ for a moment after a link's delay has fallen: departures stay in order.
    """

    least: float
    most: float

    def error_s(self, measured: float) -> float:
        """Return by how much a measured one is above or below, s."""
        return measured - min(max(measured, self.least), self.most)


@dataclass(frozen=True, slots=True)
class Way:
    """Links that a packet takes one after another."""

    links: tuple[Link, ...]

    def delay_s(self, told: Mapping[str, Sequence[LinkSegment]], sent: Delay) -> Delay | None:
        """Return how long a packet is under way that is sent between two moments; None if lost.

        `told`: segments by link, as the wire was told them; `sent`: POSIX seconds of the sky. One
        that finds nobody before it does not wait for the rate: the bucket of a link takes it whole.
        """
        first, last = sent
        for link in self.links:
            segments = told.get(link.name, ())
            early, late = _leaves(segments, first), _leaves(segments, last)
            if early is None or late is None:
                return None
            first, last = min(early, late), max(late, _behind(segments, last))
        return Delay(first - sent.least, last - sent.most)


def round_trip_s(
    there: Way,
    back: Callable[[float], Way],
    told: Mapping[str, Sequence[LinkSegment]],
    sent: float,
) -> Delay | None:
    """Return the time there and back; `back` tells the way at the moment of turning."""
    out = there.delay_s(told, Delay(sent, sent))
    if out is None:
        return None
    turned = Delay(sent + out.least, sent + out.most)
    returning = back(turned.least).delay_s(told, turned)
    if returning is None:
        return None
    return Delay(out.least + returning.least, out.most + returning.most)


def _leaves(segments: Sequence[LinkSegment], time: float) -> float | None:
    """Return when a packet leaves a link that comes at a moment, alone; None if it is lost."""
    place = bisect_right(segments, time, key=lambda each: each.start) - 1
    if place < 0 or time >= segments[place].end or segments[place].direction.rate_bps == 0.0:
        return None
    return time + _delay(segments[place], time)


def _behind(segments: Sequence[LinkSegment], time: float) -> float:
    """Return when the last of those leaves that may have come to a link shortly before."""
    place = bisect_right(segments, time, key=lambda each: each.start) - 1
    before = (s for s in segments[:place] if s.end > time - ORDER_SECONDS)
    passing = (s for s in before if s.direction.rate_bps > 0.0)
    return max((s.end + _delay(s, s.end) for s in passing), default=time)


def _delay(segment: LinkSegment, time: float) -> float:
    return max(0.0, segment.direction.delay_after(time - segment.start))
