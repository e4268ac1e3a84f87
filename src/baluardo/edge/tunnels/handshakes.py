"""What WireGuard and the second layer show of a run's neighbours, told to those who go by it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from baluardo.edge.tunnels.run import Run
from baluardo.edge.tunnels.second_layer import SecondLayer
from baluardo.trust.identity import Identity


async def look(run: Run, lanes: int) -> None:
    """Tell rounds of handshakes, and of who has traffic that waits; errors as of the helper.

    `lanes` is how many we have. The second layer does what is due.
    """
    by_key = {
        (lane, member.neighbour.card.lanes[lane]): identity
        for identity, member in run.members.items()
        for lane in range(member.lanes)
    }
    now = asyncio.get_running_loop().time()
    for lane in range(lanes):
        view = await run.lanes.show(lane)
        for peer in view.peers:
            identity = by_key.get((lane, peer.public_key))
            if identity is not None:
                run.rounds.observe(identity, lane, peer.handshake, peer.received, peer.sent, now)
    for identity in _waiting(run):
        run.rounds.wanted(identity)
    if run.second is not None:
        await _tend(run, run.second, now)


async def _tend(run: Run, second: SecondLayer, now: float) -> None:
    """Have the second layer do what is due, and open gates to whom it stands with."""
    await second.tend()
    for identity in run.members:
        run.judge_gate(identity)
    keyed = [identity for identity, member in run.members.items() if member.has_key]
    for identity in second.without(keyed, now):
        run.rounds.full_round(identity)


def _waiting(run: Run) -> Sequence[Identity]:
    """Return who has traffic that waits at a shut gate."""
    waiting, counts = [], run.engine.counts().peers
    for identity, member in run.members.items():
        refused = counts[member.index].refused
        if refused > member.refused and not member.has_key:
            waiting.append(identity)
        member.refused = refused
    return waiting
