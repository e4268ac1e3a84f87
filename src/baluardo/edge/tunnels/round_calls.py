"""What key rounds call at an edge: keys into WireGuard, into probes and into the second layer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from baluardo.edge.tunnels.run import Member, Run
from baluardo.errors import BaluardoError, LaneRemadeError
from baluardo.network.tunnel.callbacks import Callbacks
from baluardo.trust.channel.stream import Channel
from baluardo.trust.identity import Identity
from baluardo.trust.secret import Secret

logger = logging.getLogger("baluardo.edge")


class RoundCalls:
    """Carries out what rounds ask for in the run that there is; without one nothing happens."""

    def __init__(self, present: Callable[[], Run | None], watch: Callable[[Channel], None]) -> None:
        """`present` returns the run, `watch` has every channel judged again after a revocation."""
        self._present, self._watch = present, watch
        self._waking: set[asyncio.Task[None]] = set()

    def callbacks(self) -> Callbacks:
        """Return them as rounds take them."""
        return Callbacks(
            install=self._install,
            probe_keys=self._probe_keys,
            alarm=self._alarm,
            watch=self._watch,
            wake=self._wake,
            gate=self._gate,
            inner_keys=self._inner_keys,
        )

    def _member(self, peer: Identity) -> tuple[Run, Member] | None:
        run = self._present()
        member = None if run is None else run.members.get(peer)
        return None if run is None or member is None else (run, member)

    async def _install(self, peer: Identity, lane: int, psk: Secret, epoch: int) -> None:  # noqa: ARG002
        met = self._member(peer)
        if met is None:
            raise LaneRemadeError(f"There is no tunnel with {peer} at the moment.")
        run, member = met
        await run.lanes.install(lane, member.neighbour.card.lanes[lane], psk)

    def _probe_keys(
        self,
        peer: Identity,
        send_key: Secret,
        receive_key: Secret,
        send_tag: int,
        receive_tag: int,
    ) -> None:
        run = self._present()
        if run is not None:
            run.bearers.set_keys(peer.path, send_key, receive_key, send_tag, receive_tag)

    def _alarm(self, peer: Identity, sentence: str) -> None:
        run = self._present()
        if run is None:
            return
        if sentence:
            run.alarms[peer] = sentence
            logger.warning("%s", sentence)
        else:
            run.alarms.pop(peer, None)

    def _wake(self, peer: Identity, lane: int) -> None:
        met = self._member(peer)
        if met is not None:
            run, member = met
            key = member.neighbour.card.lanes[lane]
            task = asyncio.get_running_loop().create_task(_woken(run, lane, key))
            self._waking.add(task)
            task.add_done_callback(self._waking.discard)

    def _gate(self, peer: Identity, lane: int, is_open: bool) -> None:
        met = self._member(peer)
        if met is not None and lane == 0:
            run, member = met
            member.has_key = is_open
            run.judge_gate(peer)

    def _inner_keys(
        self,
        peer: Identity,
        epoch: int,
        authentication: Secret,
        post_quantum: Secret,
        _resumed: bool,
    ) -> None:
        """Every round's keys are taken: the layer's are then never older than WireGuard's."""
        met = self._member(peer)
        if met is not None:
            run, member = met
            if run.second is not None:
                run.second.agree(member.neighbour, epoch, authentication, post_quantum)


async def _woken(run: Run, lane: int, key: str) -> None:
    try:
        await run.lanes.wake(lane, key)
    except BaluardoError as problem:
        logger.info("A handshake could not be caused: %s", problem)
