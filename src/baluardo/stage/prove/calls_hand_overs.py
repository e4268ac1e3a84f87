"""Hand-overs of a satellite, replayed over a dish's path far more often than they come, and heard.

The disturbance is the twin's: the tail of a slot and the head of one that changes the satellite.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final, NamedTuple

from baluardo.scenario.nation import Nation, Site
from baluardo.stage.network.addresses import Plan
from baluardo.stage.network.sky import SkyFeed
from baluardo.stage.prove.calls_ear import BLOCK_MS, TONE_LEVEL, TONE_SHARE
from baluardo.stage.prove.calls_quality import Leg, told_legs
from baluardo.stage.prove.proving_sky import ProvingSky
from baluardo.stage.prove.result import Finding
from baluardo.terms import Direction, Path, PathSegment, slot_at, slot_start
from baluardo.twin.paths.model import PathModel
from baluardo.twin.sky.catalogue import Catalogue

EVERY_SECONDS: Final = 3.0
GAP_LIMIT_MS: Final = 20.0
RECOVERY_LIMIT_MS: Final = 300.0
HAND_OVER_SECONDS: Final = 120.0
LEAST_HEARD: Final = 0.95
"""Of the time: who is silent for lack of blocks was not heard."""
STEADY_MS: Final = 200.0
"""Of the tone without a break: then the sound has recovered."""
HALF: Final = 0.5
"""Of the tone's level, at least: what fades while it is made up counts as a gap."""


class SlotSky(ProvingSky):
    """A sky whose slots begin when those of the machine's clock do, as edges foretell them."""

    def __init__(self, nation: Nation, catalogue: Catalogue) -> None:
        """Begin within the first slot, as far as the present one has gone."""
        super().__init__(nation, catalogue)
        now = time.time()
        self._offset += now - slot_start(slot_at(now))


class HeardOut(NamedTuple):
    """How a tone was heard that never stopped."""

    seconds: float
    longest_gap_ms: float
    """Without the tone at half its level, at least."""
    longest_recovery_ms: float
    """From the first block without it until it was steady again."""
    gaps: int

    @property
    def is_whole(self) -> bool:
        """Whether it was heard all the time."""
        return self.seconds >= LEAST_HEARD * HAND_OVER_SECONDS

    def told(self) -> str:
        """Return it as a finding says it."""
        return (
            f"{self.longest_gap_ms:.0f} ms, recovered after {self.longest_recovery_ms:.0f} ms at "
            f"most; {self.gaps} gaps in {self.seconds:.0f} s"
        )


@contextlib.asynccontextmanager
async def hand_overs(feed: SkyFeed, plan: Plan, site: Site) -> AsyncIterator[None]:
    """Hand a site's dish over every few seconds while inside."""
    dish = plan.sky(site)
    await feed.alter(dish, lambda path: with_hand_overs(path, EVERY_SECONDS, PathModel()))
    try:
        yield
    finally:
        await feed.alter(dish, None)


def judge_hand_overs(
    heard: Sequence[Sequence[HeardOut]],
    legs: Sequence[Sequence[Leg]],
    *,
    two_bearers: bool,
) -> list[Finding]:
    """Judge what both ends of a flash, a routine and a control call heard meanwhile.

    Where both copies of the flash call share one bearer they are to help; no gap is promised.
    """
    flash, routine, control = (_worst(each) for each in heard)
    told = [told_legs(each) for each in legs]
    sent = "on two bearers" if two_bearers else "twice on one bearer"
    fine = flash.longest_gap_ms <= GAP_LIMIT_MS if two_bearers else flash.gaps < control.gaps
    return [
        Finding(
            f"a hand-over every {EVERY_SECONDS:g} s, flash {sent}: longest gap",
            f"{flash.told()}; {told[0]}",
            f"{GAP_LIMIT_MS:g} ms" if two_bearers else "fewer gaps than the control",
            fine and flash.is_whole,
        ),
        Finding(
            "likewise, routine on one bearer: recovery",
            f"{routine.told()}; {told[1]}",
            f"{RECOVERY_LIMIT_MS:g} ms",
            routine.longest_recovery_ms <= RECOVERY_LIMIT_MS and routine.is_whole,
        ),
        Finding(
            "likewise, without copies and target (control)",
            f"{control.told()}; {told[2]}",
            "told",
            control.gaps > 0,
        ),
    ]


def _worst(ends: Sequence[HeardOut]) -> HeardOut:
    """Return the worst of both ends; the gaps of both together."""
    return HeardOut(
        min(each.seconds for each in ends),
        max(each.longest_gap_ms for each in ends),
        max(each.longest_recovery_ms for each in ends),
        sum(each.gaps for each in ends),
    )


def with_hand_overs(path: Path, every_s: float, model: PathModel) -> Path:
    """Return a path that is disturbed every so many seconds, as by a hand-over."""
    count = math.ceil((path.end - path.start) / every_s)
    edges = [path.start + number * every_s for number in range(count + 1)]
    marks = {each.start for each in path.segments} | {path.end}
    marks |= {edge + shift for edge in edges for shift in (-model.tail_s, 0.0, model.head_s)}
    inside = sorted(mark for mark in marks if path.start <= mark <= path.end)

    def piece(start: float, end: float) -> PathSegment:
        middle, segment = (start + end) / 2.0, path.at(start)
        since = min((middle - edge for edge in edges), key=abs)
        head, tail = 0.0 <= since < model.head_s, -model.tail_s <= since < 0.0
        loss = model.handover_loss if head else model.edge_loss if tail else 0.0

        def disturbed(direction: Direction, late: float) -> Direction:
            changed = head and direction.loss < model.handover_loss  # else it was one already
            return replace(
                direction,
                delay_s=direction.delay_after(start - segment.start) + (late if changed else 0.0),
                jitter_s=max(direction.jitter_s, model.edge_jitter_s if head or tail else 0.0),
                loss=max(direction.loss, loss),
            )

        up, down = disturbed(segment.up, model.handover_delay_s), disturbed(segment.down, 0.0)
        return PathSegment(start, end, up, down)

    return Path(tuple(piece(start, end) for start, end in pairwise(inside)))


def listened(blocks: Sequence[Sequence[float]]) -> HeardOut:
    """Return how 10 ms blocks (ms, level, share of the tone) sounded, of a tone all the time."""
    good = [level >= HALF * TONE_LEVEL and share >= TONE_SHARE for _, level, share in blocks]
    steady = round(STEADY_MS / BLOCK_MS)
    gaps, longest, recovery, began, run, kept = 0, 0, 0, -1, 0, 0
    for place, fine in enumerate(good):
        if fine:
            run, kept = 0, kept + 1
            if began >= 0 and kept == steady:
                recovery, began = max(recovery, place + 1 - steady - began), -1
            continue
        gaps += run == 0
        run, kept = run + 1, 0
        longest = max(longest, run)
        began = place if began < 0 else began
    if began >= 0:
        recovery = max(recovery, len(good) - began)
    return HeardOut(
        len(good) * BLOCK_MS / 1e3, float(longest * BLOCK_MS), float(recovery * BLOCK_MS), gaps
    )
