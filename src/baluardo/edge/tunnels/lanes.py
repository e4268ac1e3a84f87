"""WireGuard's interfaces of a site through the root helper, off the event loop.

A lane that was lost (its program was killed) is made anew by the helper, empty; whoever asks next
is told, and configures everything again.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from baluardo.network.bearers.pacing import LANE_MTU
from baluardo.network.links.answers import LaneView
from baluardo.network.links.client import Links, OpenedLinks
from baluardo.network.links.device_answers import DevicesView
from baluardo.network.links.device_requests import Devices, NoDevices
from baluardo.network.links.esp.configuration import INNER_MTU
from baluardo.network.links.inner_answers import InnerView
from baluardo.network.links.inner_requests import InnerPeer, InnerSite
from baluardo.network.links.requests import PeerSetting
from baluardo.trust.secret import Secret

MTU: Final = LANE_MTU
"""Of packets of hosts: WireGuard (80), our header (8) and a rare tunnel around fit into 1,500."""
WAKE_SECONDS: Final = 1

T = TypeVar("T")
C = TypeVar("C", socket.socket, OpenedLinks)


class SiteLanes:
    """One connection to the helper, used by one thread; every method raises what `Links` raises."""

    def __init__(self, helper: Path) -> None:
        """Prepare; `open` connects."""
        self._path = helper
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="links")
        self._links: Links | None = None

    async def open(
        self, hosts: int | str | None, lanes: int, inner: InnerSite | None = None
    ) -> OpenedLinks:
        """Connect and open the site's links; with `inner` there are two layers, and one lane."""
        mtu = MTU if inner is None else INNER_MTU

        def opening() -> OpenedLinks:
            self._links = Links.connect(self._path)
            return self._links.open(hosts=hosts, lanes=lanes, mtu=mtu, inner=inner)

        return await self._holding(opening)

    async def begin(self, lane: int, private_key: Secret) -> None:
        """Give a lane its key, and no peer."""
        await self._with(lambda links: links.wireguard(lane, private_key=private_key, only=True))

    async def address(self, addresses: Sequence[str], routes: Sequence[str]) -> None:
        """Give the hosts' device its addresses and routes."""
        await self._with(lambda links: links.address(addresses, routes))

    async def hosts_socket(self, version: int, *, datagrams: bool) -> socket.socket:
        """Return a new socket of the hosts' namespace, neither bound nor connected."""
        return await self._holding(
            lambda: self._opened().hosts_socket(version, datagrams=datagrams)
        )

    async def socket(self, lane: int, index: int) -> socket.socket:
        """Return what WireGuard takes for a peer."""
        return await self._holding(lambda: self._opened().peer(lane, index))

    async def add_peer(
        self, lane: int, key: str, index: int, first: Secret, networks: Sequence[str]
    ) -> None:
        """Add a peer that nobody can talk to yet: its preshared key `first` is random."""
        setting = PeerSetting(key, index, first, tuple(networks), 0)
        await self._with(lambda links: links.wireguard(lane, peers=[setting]))

    async def set_networks(self, lane: int, key: str, networks: Sequence[str]) -> None:
        """Say what a peer may send from and be sent to."""
        setting = PeerSetting(key, networks=tuple(networks))
        await self._with(lambda links: links.wireguard(lane, peers=[setting]))

    async def install(self, lane: int, key: str, preshared_key: Secret) -> None:
        """Put an exchanged key into a peer's slot."""
        setting = PeerSetting(key, preshared_key=preshared_key)
        await self._with(lambda links: links.wireguard(lane, peers=[setting]))

    async def remove_peer(self, lane: int, key: str) -> None:
        """Take a peer away; its session ends at once."""
        setting = PeerSetting(key, removed=True)
        await self._with(lambda links: links.wireguard(lane, peers=[setting]))

    async def wake(self, lane: int, key: str) -> None:
        """Cause a keepalive, and with it a handshake where there is no session."""
        for seconds in (WAKE_SECONDS, 0):
            setting = PeerSetting(key, keepalive_s=seconds)
            await self._with(lambda links, s=setting: links.wireguard(lane, peers=[s]))  # type: ignore[misc]

    async def show(self, lane: int) -> LaneView:
        """Return what WireGuard tells of a lane's peers."""
        return await self._with(lambda links: links.show(lane))

    async def inner_peer(self, peer: InnerPeer) -> None:
        """Give the second layer the keys of a peer's new epoch."""
        await self._with(lambda links: links.inner_peer(peer))

    async def remove_inner_peer(self, name: str) -> None:
        """End what the second layer has with a peer."""
        await self._with(lambda links: links.remove_inner_peer(name))

    async def tend_inner(self) -> InnerView:
        """Have done what is due in the second layer, and return what is so now."""
        return await self._with(Links.tend_inner)

    async def set_devices(self, devices: Devices | NoDevices) -> None:
        """Let these plain devices in and no others, until this connection ends."""
        await self._with(lambda links: links.set_devices(devices))

    async def view_devices(self) -> DevicesView:
        """Return what WireGuard tells of plain devices."""
        return await self._with(Links.view_devices)

    async def close(self) -> None:
        """Leave; the interfaces stay, plain devices are shut out."""
        links, self._links = self._links, None
        if links is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, links.close)
        self._thread.shutdown(wait=False)

    async def _with(self, act: Callable[[Links], T]) -> T:
        return await self._do(lambda: act(self._opened()))

    def _opened(self) -> Links:
        if self._links is None:
            raise RuntimeError("open first")
        return self._links

    async def _holding(self, act: Callable[[], C]) -> C:
        """Return what was opened; it is closed where nobody waits for it any more."""
        opening = self._thread.submit(act)
        try:
            return await asyncio.wrap_future(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_opened)
            raise

    async def _do(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)


def _close_opened(opening: Future[C]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
