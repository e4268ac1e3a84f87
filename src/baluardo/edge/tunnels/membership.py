"""Brings a run and the directory together: who comes, who changes, who goes.

Who goes is shut out first, before anything is asked of the helper. A neighbour that cannot be met
is told of, and disturbs no other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from random import Random
from typing import Final

from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.directory import Neighbour
from baluardo.edge.state import EdgeState
from baluardo.edge.tunnels.addresses import (
    networks_of,
    outer_networks_of,
    own_interfaces,
    routes_of,
)
from baluardo.edge.tunnels.run import Member, Run
from baluardo.errors import BaluardoError, HelperLostError, LaneRemadeError
from baluardo.network.bearers.counts import Endpoint, PeerTags
from baluardo.protocol.network_policy import NetworkPolicy
from baluardo.trust.identity import Identity
from baluardo.trust.wireguard_keys import random_preshared_key

FULL_SPREAD: Final = 0.2
"""Seconds for each neighbour, over which full handshakes are spread after a policy has changed."""

logger = logging.getLogger("baluardo.edge")


class Membership:
    """The neighbours of one run."""

    def __init__(
        self, state: EdgeState, configuration: EdgeConfiguration, run: Run, lanes: int
    ) -> None:
        """Begin with nobody; `lanes` is how many we have."""
        self._state, self._configuration, self._run, self._lanes = state, configuration, run, lanes
        self._policy: NetworkPolicy = state.network
        self._random = Random()  # noqa: S311 - it spreads, it hides nothing

    def shut_out(self) -> None:
        """Let nothing pass any more to and from whoever is a neighbour no longer. Never waits."""
        wanted = {each.identity for each in self._state.neighbours()}
        for identity, member in self._run.members.items():
            if identity not in wanted:
                member.has_key = member.is_open = False
                self._run.engine.open_gate(member.index, False)

    async def settle(self) -> None:
        """Bring members and directory together; HelperLostError, LaneRemadeError from the helper.

        Whoever else cannot be met, or changed, is left out with an alarm; it is tried again with
        the next news.
        """
        run = self._run
        self.shut_out()
        wanted = {each.identity: each for each in self._state.neighbours()}
        for identity, member in tuple(run.members.items()):
            held = member.neighbour.card.lanes
            if identity not in wanted or wanted[identity].card.lanes != held:
                await self._part(identity, member)
        await self._withdraw(wanted)
        for identity, neighbour in wanted.items():
            await self._try(identity, neighbour)
        run.rounds.set_peers([each.neighbour.card for each in run.members.values()])
        await self._address()
        if self._state.network != self._policy:
            self._policy = self._state.network
            self._renew_all()

    async def _try(self, identity: Identity, neighbour: Neighbour) -> None:
        run, known = self._run, self._run.members.get(identity)
        try:
            if known is None:
                await self._meet(identity, neighbour)
            elif known.neighbour != neighbour:
                await self._update(known, neighbour)
        except (HelperLostError, LaneRemadeError):
            raise
        except BaluardoError as problem:
            logger.warning("There is no tunnel with %s: %s", identity, problem)
            member = run.members.get(identity)
            if member is not None:
                await self._part(identity, member)
            run.alarms[identity] = f"There is no tunnel with {identity}: {problem}"
        else:
            if known is None:
                run.alarms.pop(identity, None)

    async def _withdraw(self, wanted: Mapping[Identity, Neighbour]) -> None:
        """Take networks that move to somebody else from who had them, before they are given."""
        run = self._run
        for identity, member in run.members.items():
            kept = set(networks_of(wanted[identity]))
            before = networks_of(member.neighbour)
            if not kept.issuperset(before):
                run.engine.set_networks(member.index, [each for each in before if each in kept])

    async def _meet(self, identity: Identity, neighbour: Neighbour) -> None:
        run = self._run
        taken = {each.index for each in run.members.values()}
        index = next(number for number in range(1, len(taken) + 2) if number not in taken)
        shared = min(self._lanes, len(neighbour.card.lanes))
        networks = self._allowed(neighbour)
        none: list[Endpoint | None] = [None] * self._lanes
        missing = [None] * (self._lanes - shared)
        sockets = []
        try:
            for lane in range(shared):
                key = neighbour.card.lanes[lane]
                await run.lanes.add_peer(lane, key, index, random_preshared_key(), networks)
                sockets.append(await run.lanes.socket(lane, index))
            run.engine.set_peer(index, PeerTags(0, ()), [*sockets, *missing], none)
        except BaseException:
            for each in sockets:
                each.close()
            raise
        run.members[identity] = Member(index, neighbour, shared)
        run.engine.set_networks(index, networks_of(neighbour))
        run.bearers.meet(identity.path, index, _endpoints(neighbour))

    async def _update(self, member: Member, neighbour: Neighbour) -> None:
        run = self._run
        before, member.neighbour = member.neighbour, neighbour
        if networks_of(before) != networks_of(neighbour):
            networks = self._allowed(neighbour)
            if run.second is not None:
                run.rounds.full_round(neighbour.identity)  # the second layer begins anew with them
            for lane in range(member.lanes):
                await run.lanes.set_networks(lane, neighbour.card.lanes[lane], networks)
            run.engine.set_networks(member.index, networks_of(neighbour))
        run.bearers.meet(neighbour.identity.path, member.index, _endpoints(neighbour))

    async def _part(self, identity: Identity, member: Member) -> None:
        run = self._run
        run.engine.open_gate(member.index, False)
        del run.members[identity]
        run.alarms.pop(identity, None)
        run.bearers.part(identity.path)
        run.engine.remove_peer(member.index)
        for lane in range(member.lanes):
            await run.lanes.remove_peer(lane, member.neighbour.card.lanes[lane])
        if run.second is not None:
            await run.second.part(identity)

    async def _address(self) -> None:
        """Lead the networks of all neighbours; one whose do not fit any more is told of."""
        own = own_interfaces(self._state.identity, ipv4=self._configuration.network.ipv4)
        members = self._run.members
        routes, left_out = routes_of([each.neighbour for each in members.values()])
        for identity, member in members.items():
            member.has_routes = identity not in left_out
        await self._run.lanes.address([str(each) for each in own], routes)

    def _renew_all(self) -> None:
        """Begin a full round with everybody, not with all at the same moment."""
        loop, rounds = asyncio.get_running_loop(), self._run.rounds
        span = FULL_SPREAD * len(self._run.members)
        for identity in self._run.members:
            loop.call_later(self._random.uniform(0.0, span), rounds.full_round, identity)

    def _allowed(self, neighbour: Neighbour) -> list[str]:
        """Return what WireGuard takes from a neighbour: hosts' packets, or those of ESP alone."""
        outer = networks_of if self._run.second is None else outer_networks_of
        return [str(each) for each in outer(neighbour)]


def _endpoints(neighbour: Neighbour) -> tuple[tuple[str, int], ...]:
    return tuple((each.address, each.port) for each in neighbour.card.endpoints)
