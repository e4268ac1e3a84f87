"""The relay of one edge as its calls use it: ports from two stocks, and sessions between them."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from baluardo.calls.media_places import Claim, RelayPlace
from baluardo.calls.relay.addresses import Network
from baluardo.calls.relay.engine import MediaRelay
from baluardo.edge.calls.far_ports import FarPorts
from baluardo.edge.calls.kept_room import kept_sessions, left_alone, may_take
from baluardo.edge.calls.near_ports import NearPorts
from baluardo.edge.calls.unforeseen import Unforeseen
from baluardo.edge.calls.waiting_sessions import WaitingSessions
from baluardo.errors import BaluardoError, InvalidInputError
from baluardo.network.tunnel.addresses import edge_address
from baluardo.trust.channel.rationed_log import RationedLog
from baluardo.trust.identity import Identity
from baluardo.trust.randomness import random_octets

SEED_OCTETS: Final = 16
LOOK_SECONDS: Final = 5.0
"""Between two looks whether browsers may be somewhere else now, by the policy."""
AGAIN_SECONDS: Final = 1.0
"""Until a relay that could not be made is made again."""
LINES_A_MINUTE: Final = 10

logger = logging.getLogger("baluardo.edge.calls")


class RelayPlaces:
    """`MediaPlaces` of one edge, while `running`; before and after there is room for nobody."""

    def __init__(
        self,
        own: Identity,
        near: NearPorts,
        far: FarPorts,
        networks: Callable[[], Sequence[Network]],
        *,
        sessions: int,
        real_time: bool = False,
    ) -> None:
        """Prepare; `networks` says where browsers may be, as often as it is asked."""
        self._own, self._near, self._far = own, near, far
        self._networks = networks
        self._sessions, self._real_time = sessions, real_time
        self._made: MediaRelay | None = None
        """Also while it is compiled."""
        self._relay: MediaRelay | None = None
        self._sites: dict[str, str] = {}
        """By session that is open, the other site that dialled."""
        self._waiting = WaitingSessions(str(edge_address(own)), far)
        far.promised.on_bound = self._hand_over_bound
        self._log = RationedLog(logger, LINES_A_MINUTE)
        self._unforeseen = Unforeseen("The relay of calls")

    @property
    def relay(self) -> MediaRelay | None:
        """What relays now; None while it is not ready."""
        return self._relay

    @property
    def is_ready(self) -> bool:
        """Whether it runs, and ports for a call stand ready."""
        return self._relay is not None and self._near.are_ready and self._far.are_ready

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Relay while inside; it is ready a moment later."""
        work = (self._far.keep(), self._near.keep(), self._keep())
        tasks = [asyncio.create_task(each) for each in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._discard()
            self._waiting.clear()
            self._log.settle()

    # What calls ask for

    def open(self, session: str, claim: Claim) -> tuple[RelayPlace, RelayPlace] | None:
        """Open a session; None if there is no room, or a port cannot be had now."""
        taken: list[socket.socket] = []
        try:
            places = self._open(session, claim, taken)
        except (BaluardoError, OSError) as problem:
            self._warn(f"A call has no place in the relay. {problem}")
            places = None
        if places is None:
            for each in taken:
                each.close()
        elif claim.site:
            self._sites[session] = claim.site
        return places

    def expect(self, session: str, browser: str, other: str) -> None:
        """Say which ICE fragments the browser's requests name."""
        if session in self._waiting:
            self._waiting.expect(session, browser, other)
        else:
            self._do(lambda relay: relay.expect(session, browser, other))

    def set_other(self, session: str, place: RelayPlace) -> None:
        """Say where the far port of the other side's session is."""
        if session in self._waiting:
            self._waiting.set_other(session, place)
            self._do(lambda relay: self._waiting.hand_over(session, relay))
        else:
            other = self._far.way_to(self._waiting.reached_at(place))
            self._do(lambda relay: relay.set_other(session, other.address, other.port))

    def close(self, session: str) -> None:
        """Close both ports."""
        self._sites.pop(session, None)
        if not self._waiting.close(session):
            self._do(lambda relay: relay.remove(session))

    def may_relay(self, site: str, address: str) -> bool:
        """Say whether it is the address that this site's edge has within the tunnels."""
        try:
            other = Identity.of_path(self._own.community, site)
        except InvalidInputError:
            return False
        return other != self._own and not other.device and address == str(edge_address(other))

    # How

    def _open(
        self, session: str, claim: Claim, taken: list[socket.socket]
    ) -> tuple[RelayPlace, RelayPlace] | None:
        """Open one; what `taken` holds is the relay's only if places are returned."""
        if self._relay is None or not self._has_room(self._relay, claim):
            return None
        is_down, precedence = self._far.is_down, claim.precedence
        for ports in (self._near,) if is_down else (self._near, self._far):
            port = ports.take(claim)
            if port is None:
                return None
            taken.append(port)
        if is_down:
            return self._waiting.open(session, precedence, taken[0])
        near, far = taken
        places = RelayPlace(*near.getsockname()[:2]), self._far.told_as(far)
        shift_ms = self._far.shift_ms(precedence)
        self._relay.add(session, near, far, precedence=precedence, shift_ms=shift_ms)
        return places

    def _has_room(self, relay: MediaRelay, claim: Claim) -> bool:
        left = self._sessions - len(relay.sessions) - len(self._waiting)
        free = left - left_alone(claim.rank, kept_sessions(self._sessions))
        held = sum(each == claim.site for each in self._sites.values())
        return may_take(claim, held, free)

    def _hand_over_bound(self, number: int) -> None:
        session = self._waiting.named(number)
        if session is not None:
            self._do(lambda relay: self._waiting.hand_over(session, relay))

    def _do(self, act: Callable[[MediaRelay], object]) -> None:
        """Ask the relay for something; calls hear nothing of what it refuses."""
        if self._relay is None:
            return  # it has closed every session
        try:
            act(self._relay)
        except (BaluardoError, OSError) as problem:
            self._warn(f"The relay of calls refuses. {problem}")

    async def _keep(self) -> None:
        """Have a relay, and make it again if that failed, until cancelled."""
        while True:
            with self._unforeseen:
                await self._discard()
                await self._serve()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _serve(self) -> None:
        networks = tuple(self._networks())
        relay = self._made = MediaRelay(
            random_octets(SEED_OCTETS), networks, sessions=self._sessions
        )
        # The first time on a machine it is compiled, which pages are not to wait for.
        await asyncio.to_thread(relay.start, real_time=self._real_time)
        self._relay = relay
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with self._unforeseen:  # calls go on where browsers were allowed before
                if (now := tuple(self._networks())) != networks:
                    relay.allow(now)
                    networks = now

    async def _discard(self) -> None:
        """Close the relay that was made, and with it every session."""
        made, self._made, self._relay = self._made, None, None
        self._sites.clear()
        if made is not None:
            await asyncio.to_thread(made.close)

    def _warn(self, sentence: str) -> None:
        self._log.warning(asyncio.get_running_loop().time(), sentence)
