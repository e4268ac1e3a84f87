"""Signalling with other sites through the tunnels, from edge to edge: outside nobody sees a call.

Both ends stand in the hosts' namespace, at the address that each edge has within its site's
network; the root helper makes the sockets there. While there is no network there are no other
sites, and what is to be said is said again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from baluardo.edge.calls.hosts_sockets import bound_hosts_socket, hosts_socket
from baluardo.edge.calls.neighbours import NeighbourCallbacks, Neighbours
from baluardo.edge.calls.service import CallService
from baluardo.edge.tunnels.run import Run
from baluardo.edge.tunnels.service import TunnelService
from baluardo.errors import BaluardoError, CertificateError
from baluardo.network.tunnel.addresses import edge_address
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.stream import Channel
from baluardo.trust.identity import Identity

PORT: Final = 8_473
"""TCP, of every edge's address within its tunnels; our choice."""
LOOK_SECONDS: Final = 1.0

logger = logging.getLogger("baluardo.edge.calls")


class ThroughTunnels:
    """Joins the telephone of an edge with those of its neighbours, for as long as `running`."""

    def __init__(
        self,
        calls: CallService,
        tunnels: TunnelService,
        endpoint: Endpoint,
        watch: Callable[[Channel], None],
    ) -> None:
        """`watch` is shown every channel, to have it judged with all others of this edge."""
        self._calls, self._tunnels, self._endpoint = calls, tunnels, endpoint
        self._callbacks = callbacks_of(calls, watch)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the neighbours while inside."""
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _keep(self) -> None:
        said = ""
        while True:
            run = self._tunnels.run
            if run is not None:
                try:
                    await self._serve(run)
                    said = ""
                except (BaluardoError, OSError) as problem:
                    if str(problem) != said:  # the site's address may come a moment later
                        said = str(problem)
                        logger.info("Calls with other sites wait: %s", problem)
                except Exception:
                    logger.exception("The way of calls to other sites failed; it is made anew.")
            await asyncio.sleep(LOOK_SECONDS)

    async def _serve(self, run: Run) -> None:
        """Hold channels with whoever has a tunnel, until another network takes this one's place."""
        own = self._tunnels.identity

        def expected(identity: Identity) -> None:
            if identity not in run.members:
                raise CertificateError(f"{identity} has no tunnel with {own}: no calls either.")

        def place_of(identity: Identity) -> tuple[str, int] | None:
            member = run.members.get(identity)
            is_met = member is not None and member.is_open
            return (str(edge_address(identity)), PORT) if is_met else None

        async with contextlib.AsyncExitStack() as stack:
            neighbours = Neighbours(
                self._endpoint,
                own,
                self._callbacks,
                place_of,
                expected,
                connect=lambda host, port: _connected(run, host, port),
                listen=lambda host, port: bound_hosts_socket(run, host, port, datagrams=False),
            )
            stack.push_async_callback(neighbours.close)
            await neighbours.serve(str(edge_address(own)), PORT)
            stack.callback(self._forget)
            self._calls.neighbours = neighbours
            while self._tunnels.run is run:
                neighbours.reach({each.path for each in run.members})
                await asyncio.sleep(LOOK_SECONDS)

    def _forget(self) -> None:
        self._calls.neighbours = None


def callbacks_of(calls: CallService, watch: Callable[[Channel], None]) -> NeighbourCallbacks:
    """Return what a telephone wants to hear of its neighbours, however these are reached."""
    return NeighbourCallbacks(
        calls.take_message,
        calls.take_attendance,
        calls.take_left,
        calls.opened,
        calls.roster,
        watch,
    )


async def _connected(run: Run, host: str, port: int) -> socket.socket:
    """Return a socket of the hosts' namespace that is connected; OSError if nobody listens."""
    opened = await hosts_socket(run, datagrams=False)
    try:
        await asyncio.get_running_loop().sock_connect(opened, (host, port))
    except BaseException:
        opened.close()
        raise
    return opened
