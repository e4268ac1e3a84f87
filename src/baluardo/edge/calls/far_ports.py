"""Far ports of the relay: at the edge's own address within the tunnels, one after the other.

A site without tunnels has calls within the site alone: both their far ports are on this machine's
loopback. Where the network is down the port of a call is promised: it is one of the network if the
call goes to another site after all, and one of loopback if both its ends are here.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address
from typing import Final

from baluardo.calls.media_places import Claim, RelayPlace
from baluardo.calls.relay.sockets import open_port
from baluardo.edge.calls.hosts_sockets import bound_hosts_socket
from baluardo.edge.calls.port_pool import PortPool
from baluardo.edge.calls.promised_ports import PromisedPorts
from baluardo.edge.calls.unforeseen import Unforeseen
from baluardo.edge.tunnels.run import Run
from baluardo.edge.tunnels.service import TunnelService
from baluardo.errors import LinkError
from baluardo.network.tunnel.addresses import edge_address
from baluardo.terms import Precedence

LOOK_SECONDS: Final = 0.25
"""Between two looks whether the network was made anew."""
SHIFT_MS: Final = 40
"""From the first of two copies to the second, where one bearer carries both: two packets of audio.
Our choice."""


class FarPorts:
    """Bound sockets of the site's present network; those that were taken are not touched again."""

    def __init__(self, tunnels: TunnelService | None, near: str) -> None:
        """`near` is the address of near ports: loopback's of its family is there as well."""
        self._tunnels = tunnels
        self._loopback = "127.0.0.1" if ip_address(near).version == 4 else "::1"
        self._pool: tuple[Run, PortPool] | None = None
        self._unforeseen = Unforeseen("Ports for calls with other sites")
        self.promised = PromisedPorts()
        """Of calls that began while the network was down."""

    @property
    def are_ready(self) -> bool:
        """Whether any call could take one now."""
        if self._tunnels is None or self._tunnels.run is None:
            return True
        pool = self._present()
        return pool is not None and pool.has(Precedence.ROUTINE)

    @property
    def is_down(self) -> bool:
        """Whether there should be a network, and there is none, or none with ports yet."""
        return self._tunnels is not None and self._present() is None

    def take(self, claim: Claim) -> socket.socket | None:
        """Return a bound socket; None if none stands ready. LinkError if loopback has none."""
        if self._tunnels is None:
            return self.open_within()
        pool = self._present()
        return None if pool is None else pool.take(claim)

    def open_within(self) -> socket.socket:
        """Return a bound socket that only this machine reaches; LinkError if there is none."""
        return open_port(self._loopback)

    def told_as(self, port: socket.socket) -> RelayPlace:
        """Return where other sites are told that one of these ports is."""
        return RelayPlace(*port.getsockname()[:2])

    def way_to(self, other: RelayPlace) -> RelayPlace:
        """Return where is sent what is for a port of another relay: to itself, within tunnels."""
        return other

    def shift_ms(self, precedence: Precedence) -> int:
        """Return how much later the second copy of media goes, ms; 0: there is none.

        With two bearers the network sends what is so urgent by both.
        """
        run = None if self._tunnels is None else self._tunnels.run
        if self._tunnels is None or run is None or len(run.usable) > 1:
            return 0
        least = self._tunnels.configuration.network.duplicates_from
        return SHIFT_MS if least is not None and precedence >= least else 0

    async def keep(self) -> None:
        """Keep ports ready in whatever network there is, until cancelled."""
        while self._tunnels is not None:
            run = self._tunnels.run
            if run is not None:
                with self._unforeseen:
                    await self._keep_of(self._tunnels, run)
            await asyncio.sleep(LOOK_SECONDS)

    def _present(self) -> PortPool | None:
        """Return the pool of the network that there is now."""
        run = None if self._tunnels is None else self._tunnels.run
        if run is None or self._pool is None or self._pool[0] is not run:
            return None
        return self._pool[1]

    async def _keep_of(self, tunnels: TunnelService, run: Run) -> None:
        address = str(edge_address(tunnels.identity))

        async def bound(port: int = 0) -> socket.socket:
            if tunnels.run is not run:
                raise LinkError("That network was replaced.")
            return await bound_hosts_socket(run, address, port, datagrams=True)

        pool = PortPool("calls with other sites", bound)
        keeping = [asyncio.create_task(each) for each in (pool.keep(), self.promised.keep(bound))]
        self._pool = run, pool
        try:
            while tunnels.run is run:
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._pool = None
            for each in keeping:
                each.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
