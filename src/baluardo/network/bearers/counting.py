"""Counts as people and the console read them, out of the loop's arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from baluardo.network.bearers.counts import (
    Cause,
    ClassCounts,
    Counts,
    PeerCounts,
    Tally,
    WayCounts,
)
from baluardo.network.bearers.engine_state import (
    BEARER_RECEIVED,
    BEARER_SENT,
    CLASS_RECEIVED,
    CLASS_SENT,
    DUPLICATED,
    LANE_RECEIVED,
    LANE_SENT,
    RECEIVED,
    SENT,
    UNCLASSED,
    State,
)
from baluardo.network.bearers.pacing import DROPPED_FULL, DROPPED_LATE
from baluardo.terms import Precedence


def counts_of(
    state: State, peers: Sequence[int], bearers: Sequence[int], broken: Sequence[str]
) -> Counts:
    """Return what stands in the arrays now; the loop may be adding to them meanwhile."""
    classes = tuple(_class(state, each) for each in Precedence)
    dropped = {
        cause: int(state.dropped[UNCLASSED, cause]) + sum(each.dropped[cause] for each in classes)
        for cause in Cause
    }
    return Counts(
        classes=classes,
        peers={
            each: PeerCounts(
                sent=_tally(state.peer_tallies[each, SENT]),
                received=_tally(state.peer_tallies[each, RECEIVED]),
                last_arrival_ns={b: int(state.last_arrival[each, b]) for b in bearers},
                refused=int(state.peer_refused[each]),
            )
            for each in peers
        },
        lanes=tuple(
            WayCounts(
                _tally(state.tallies[LANE_SENT, lane]), _tally(state.tallies[LANE_RECEIVED, lane])
            )
            for lane in range(state.lane_fd.size)
        ),
        bearers={
            b: WayCounts(
                _tally(state.tallies[BEARER_SENT, b]), _tally(state.tallies[BEARER_RECEIVED, b])
            )
            for b in bearers
        },
        dropped=dropped,
        duplicated=int(state.numbers[DUPLICATED]),
        broken=tuple(broken),
    )


def _tally(row: Any) -> Tally:
    return Tally(int(row[0]), int(row[1]))


def _class(state: State, precedence: Precedence) -> ClassCounts:
    dropped = {cause: int(state.dropped[precedence, cause]) for cause in Cause}
    dropped[Cause.TOO_LATE] += int(state.pacer.dropped[precedence, DROPPED_LATE])
    dropped[Cause.QUEUE_FULL] += int(state.pacer.dropped[precedence, DROPPED_FULL])
    left, delays, longest = (int(each) for each in state.pacer.left[precedence])
    return ClassCounts(
        precedence=precedence,
        sent=_tally(state.tallies[CLASS_SENT, precedence]),
        received=_tally(state.tallies[CLASS_RECEIVED, precedence]),
        waiting_packets=int(state.pacer.waiting[precedence, 0]),
        waiting_octets=int(state.pacer.waiting[precedence, 1]),
        mean_delay_ms=delays / left / 1e6 if left else 0.0,
        longest_delay_ms=longest / 1e6,
        dropped=dropped,
    )
