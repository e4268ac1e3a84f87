"""Channels between this edge and others, for what calls say and for who sits where.

A channel is opened when there is something to say and none is open, and closed by who opened it
when nobody has said anything over it for a while. Both ends may open one: then there are two,
each end speaks over the newest that it has and listens to both. What others send is judged frame by
frame; who sends rubbish, or too much, is put out and barred for a while, and nobody else notices.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Collection
from random import Random
from typing import Final

from baluardo.edge.calls.frames import Attends, Left, write_frame
from baluardo.edge.calls.neighbour import Neighbour
from baluardo.edge.calls.neighbour_callbacks import Means, NeighbourCallbacks, Patience
from baluardo.edge.calls.outbox import device_of
from baluardo.errors import InvalidInputError
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.rationed_log import RationedLog
from baluardo.trust.channel.server import ChannelServer, Limits, serve
from baluardo.trust.channel.stream import Channel, Connect
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity

__all__ = ["NeighbourCallbacks", "Neighbours", "Patience"]

LIMITS: Final = Limits(channels=2_048, channels_of_one=8)
"""One each way, and those whose way was lost and that are not given up yet."""
LINES_A_MINUTE: Final = 30

Listen = Callable[[str, int], Awaitable[socket.socket]]
"""Returns a socket that is bound to an address, of another namespace, say; OSError if it cannot."""

logger = logging.getLogger("baluardo.edge.calls")


class Neighbours:
    """The channels of one edge with its neighbours; all of it runs in one event loop."""

    def __init__(
        self,
        endpoint: Endpoint,
        own: Identity,
        callbacks: NeighbourCallbacks,
        place_of: Callable[[Identity], tuple[str, int] | None],
        expected: Callable[[Identity], None],
        connect: Connect | None = None,
        listen: Listen | None = None,
        patience: Patience | None = None,
        random: Random | None = None,
    ) -> None:
        """Take who we are, whom to tell, where neighbours listen, and who is one.

        `expected` raises a TrustError for who is none. `connect` and `listen` make the sockets
        where these are not to be the system's own; `random` spreads the waiting.
        """
        self._own, self._endpoint, self._listen = own, endpoint, listen
        self._log = RationedLog(logger, LINES_A_MINUTE)
        self._means = Means(
            endpoint,
            callbacks,
            place_of,
            expected,
            connect,
            patience or Patience(),
            random or Random(),  # noqa: S311 - it spreads, it hides nothing
            self._log,
        )
        self._neighbours: dict[Identity, Neighbour] = {}
        self._servers: list[ChannelServer] = []

    async def serve(self, host: str, port: int) -> int:
        """Listen at an address (port 0: any) and return the port; OSError if it cannot."""
        bound = None if self._listen is None else await self._listen(host, port)
        server = await serve(
            self._endpoint, self._answer, host, port, LIMITS, expected=self._admit, bound=bound
        )
        self._servers.append(server)
        return server.port

    def reach(self, sites: Collection[str]) -> None:
        """Take all sites that are to know who sits here; those that are new are met at once.

        To be called when the directory changes: who is no neighbour any more, and not among them,
        is out when this returns. InvalidInputError for what is no site.
        """
        wished = {self._identity(each) for each in sites}
        for identity in wished | self._neighbours.keys():
            self._neighbour(identity).wish(is_wished=identity in wished)

    def say(self, site: str, message: bytes, speaker: str = "") -> None:
        """Say a call message to a site; it waits for a channel 10 s, one of 256 at most.

        That its `speaker`, a device, sits here is told before: nobody else may call from here.
        InvalidInputError for what is no site, or of no size that a message has.
        """
        self._neighbour(self._identity(site)).say(message, speaker)

    def tell_attendance(self, envelope: Envelope) -> None:
        """Tell who sits here, newly or anew; InvalidInputError if the envelope is too large."""
        frame = Attends(envelope)
        write_frame(frame)
        for each in self._neighbours.values():
            each.tell(device_of(envelope), frame)

    def tell_left(self, device: str) -> None:
        """Tell that a device sits here no more; InvalidInputError for what is no device."""
        for each in self._neighbours.values():
            each.tell(device, Left(device))

    def is_open(self, site: str) -> bool:
        """Whether there is a channel with a site; InvalidInputError for what is no site."""
        held = self._neighbours.get(self._identity(site))
        return held is not None and held.newest is not None

    def judge_again(self) -> None:
        """Judge all by the present lists and the directory: who fails is out when this returns."""
        for each in self._neighbours.values():
            each.judge_again()

    async def close(self) -> None:
        """Let everybody go; what was said before leaves where there is a channel."""
        await asyncio.gather(*(each.leave() for each in self._neighbours.values()))
        await asyncio.gather(*(each.close() for each in self._servers))
        self._servers.clear()
        self._log.settle()

    def _identity(self, path: str) -> Identity:
        identity = Identity.of_path(self._own.community, path)
        if identity == self._own:
            raise InvalidInputError(f"{path} is this edge itself, and no neighbour.")
        return identity

    def _neighbour(self, identity: Identity) -> Neighbour:
        held = self._neighbours.get(identity)
        if held is None:
            held = self._neighbours[identity] = Neighbour(identity, self._means)
        return held

    def _admit(self, identity: Identity) -> None:
        held = self._neighbours.get(identity)
        if held is None:
            self._means.expected(identity)
        else:
            held.check_admitted()

    async def _answer(self, channel: Channel) -> None:
        await self._neighbour(channel.peer.identity).answer(channel)
