"""What a packet's way should take, from the very segments that the wire was told. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from baluardo.network.wire.tables import LinkSegment
from baluardo.stage.network.paths import Link


@dataclass(frozen=True, slots=True)
class Way:
    """Links that a packet takes one after another."""

    links: tuple[Link, ...]

    def delay_s(self, told: Mapping[str, Sequence[LinkSegment]], sent: float) -> float | None:
        """Return how long a packet that was sent at a moment is under way, s; None if it is lost.

        `told`: segments by link, as the wire was told them; `sent`: POSIX seconds of the sky. One
        that finds nobody before it does not wait for the rate: the bucket of a link takes it whole.
        """
        now = sent
        for link in self.links:
            segment = _at(told.get(link.name, ()), now)
            if segment is None or segment.direction.rate_bps == 0.0:
                return None
            now += max(0.0, segment.direction.delay_after(now - segment.start))
        return now - sent


def round_trip_s(
    there: Way,
    back: Callable[[float], Way],
    told: Mapping[str, Sequence[LinkSegment]],
    sent: float,
) -> float | None:
    """Return the time there and back; `back` tells the way at the moment of turning."""
    out = there.delay_s(told, sent)
    if out is None:
        return None
    returning = back(sent + out).delay_s(told, sent + out)
    return None if returning is None else out + returning


def _at(segments: Sequence[LinkSegment], time: float) -> LinkSegment | None:
    place = bisect_right(segments, time, key=lambda each: each.start) - 1
    if place < 0 or time >= segments[place].end:
        return None
    return segments[place]
