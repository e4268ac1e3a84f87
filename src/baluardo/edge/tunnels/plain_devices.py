"""The site's plain devices in a run: let in while the policy names the site, shut out otherwise.

What devices there are stands on the disk, written by commands beside this program; it is looked at
every second. Whatever is wrong with devices is told, and disturbs no tunnel.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Mapping, Sequence
from typing import Final

from baluardo.edge.configuration import NAMESPACE, EdgeConfiguration
from baluardo.edge.exported_devices import ExportedDevice, ExportedDevices
from baluardo.edge.state import EdgeState
from baluardo.edge.tunnels.addresses import own_interfaces
from baluardo.edge.tunnels.run import Run
from baluardo.errors import BaluardoError, HelperLostError
from baluardo.foreign_input import printable
from baluardo.network.links.answers import PeerView
from baluardo.network.links.device_requests import (
    MOST_DEVICE_NETWORKS,
    Devices,
    DeviceSetting,
    NoDevices,
)
from baluardo.network.tunnel.addresses import community_network
from baluardo.network.tunnel.keys import open_devices_key
from baluardo.protocol.network_policy import Network
from baluardo.trust.wireguard_keys import WireGuardKey

AGAIN_SECONDS: Final = 10.0
"""Until what was refused is asked for again."""
NOT_FORWARDED: Final = (
    "Plain devices reach this machine alone, as the namespace of the hosts passes no packets on. "
    "It is not the edge's own: an administrator decides (there, sysctl -w "
    "net.ipv6.conf.all.forwarding=1, and net.ipv4.ip_forward=1 for IPv4)."
)
TOO_MANY: Final = (
    f"Plain devices may send to the first {MOST_DEVICE_NETWORKS} networks alone: sites announce "
    "more than the root helper takes."
)

logger = logging.getLogger("baluardo.edge")


class PlainDevices:
    """The devices of one site, through all its runs; every method is called on the event loop."""

    def __init__(self, state: EdgeState, configuration: EdgeConfiguration) -> None:
        """Read nothing yet."""
        self._state, self._configuration = state, configuration
        self._kept = ExportedDevices(state.directory)
        self._stamp: tuple[int, int, int] | None = None
        self._key: WireGuardKey | None = None
        self._asked: Devices | NoDevices = NoDevices()
        """What the helper has done last; a new one has done nothing."""
        self._again_at = 0.0
        self._lock = asyncio.Lock()
        self._cutting: set[asyncio.Task[None]] = set()
        self.devices: tuple[ExportedDevice, ...] = ()
        """All that were exported."""
        self.seen: Mapping[str, PeerView] = {}
        """What WireGuard tells, by public key; empty where none is let in."""
        self.problem = ""
        """Why devices are not let in, or not everywhere; empty if they are."""

    @property
    def is_permitted(self) -> bool:
        """Whether the policy in force lets the site have devices."""
        return self._state.identity.path in self._state.network.plain_export

    def begin(self) -> None:
        """A run begins, or ends: the helper has let nobody in, or has shut everybody out.

        Who was being cut off goes with the connection to the helper, which nobody may use any more.
        """
        for each in self._cutting:
            each.cancel()
        self._asked, self.seen, self._again_at = NoDevices(), {}, 0.0

    def judge(self, run: Run) -> None:
        """Shut devices out at once where the policy permits none any more. Never waits."""
        if not self.is_permitted and isinstance(self._asked, Devices):
            task = asyncio.get_running_loop().create_task(self._cut(run))
            self._cutting.add(task)
            task.add_done_callback(self._cutting.discard)

    async def look(self, run: Run) -> None:
        """Let in who is to be in, and see who is; HelperLostError if the helper is gone."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if now < self._again_at:
                return
            try:
                await self._settle(run)
            except HelperLostError:
                raise
            except (BaluardoError, OSError) as problem:
                self._again_at = now + AGAIN_SECONDS
                self._tell(_sentence(problem))
                with contextlib.suppress(BaluardoError):
                    await self._ask(run, NoDevices())

    async def _cut(self, run: Run) -> None:
        async with self._lock:
            try:
                await self._ask(run, NoDevices())
            except BaluardoError as problem:  # the loop finds it lost, or asks again
                logger.warning("Plain devices: %s", problem)

    async def _settle(self, run: Run) -> None:
        await asyncio.to_thread(self._read)
        devices, strayed = self._at_home()
        wanted = self._wanted(run, devices)
        if wanted != self._asked:
            await self._ask(run, wanted)
        if isinstance(wanted, NoDevices):
            self._tell(strayed if self.is_permitted else "")
            return
        try:
            view = await run.lanes.view_devices()
        except HelperLostError:
            raise
        except BaluardoError:  # their WireGuard was killed: once more, and then it is told
            await self._ask(run, wanted)
            view = await run.lanes.view_devices()
        self.seen = {each.public_key: each for each in view.devices}
        ours = self._configuration.network.hosts == NAMESPACE
        crowded = TOO_MANY if len(self._networks(run)) > MOST_DEVICE_NETWORKS else ""
        self._tell(strayed or (crowded if ours or view.forwards else NOT_FORWARDED))

    async def _ask(self, run: Run, wanted: Devices | NoDevices) -> None:
        if isinstance(wanted, NoDevices):
            self.seen = {}
        await run.lanes.set_devices(wanted)
        self._asked = wanted

    def _read(self) -> None:
        """Read the disk where it has changed; in a thread."""
        stamp = self._kept.stamp()
        if stamp == self._stamp:
            return
        self._stamp, self.devices = None, ()  # until it was read
        self.devices = self._kept.read()
        if self.devices and self._key is None:
            self._key = open_devices_key(self._kept.directory)
        self._stamp = stamp

    def _at_home(self) -> tuple[list[DeviceSetting], str]:
        """Return who may be let in, and a sentence about addresses that no device may have here.

        Whoever writes the list, or an edge.toml that has IPv4 no more, gives a device no address
        of another site's, nor the edge's own.
        """
        own = own_interfaces(self._state.identity, ipv4=self._configuration.network.ipv4)
        found: list[DeviceSetting] = []
        strayed: list[str] = []
        for each in self.devices:
            homes = [
                address
                for address in each.addresses
                if any(address in home.network and address != home.ip for home in own)
            ]
            strayed += [f"{a} of {each.name}" for a in each.addresses if a not in homes]
            if homes:
                addresses = tuple(f"{address}/{address.max_prefixlen}" for address in homes)
                found.append(DeviceSetting(each.public_key, each.preshared_key, addresses))
        if not strayed:
            return found, ""
        return found, (
            f"{strayed[0]} is no address of a device's in this site's networks, and is not let in "
            f"({len(strayed)} of the list). Export such a device anew."
        )

    def _wanted(self, run: Run, devices: Sequence[DeviceSetting]) -> Devices | NoDevices:
        if not devices or self._key is None or not self.is_permitted:
            return NoDevices()
        return Devices(
            self._key.private,
            self._configuration.network.devices_port,
            tuple(map(str, self._networks(run)))[:MOST_DEVICE_NETWORKS],
            tuple(devices),
        )

    def _networks(self, run: Run) -> Sequence[Network]:
        """Return all that devices may send to: what has no route within goes nowhere."""
        identity = self._state.identity
        own = own_interfaces(identity, ipv4=self._configuration.network.ipv4)
        found: set[Network] = {each.network for each in own}
        found.add(community_network(identity.community))
        found.update(self._state.network.allowed_networks(identity.path))
        for member in run.members.values():  # 10.x.y.0/24 of others is in no device's file
            found.update(member.neighbour.networks)
        fours = [each for each in found if isinstance(each, ipaddress.IPv4Network)]
        sixes = [each for each in found if isinstance(each, ipaddress.IPv6Network)]
        return [*ipaddress.collapse_addresses(sixes), *ipaddress.collapse_addresses(fours)]

    def _tell(self, problem: str) -> None:
        if problem and problem != self.problem:
            logger.warning("Plain devices: %s", problem)
        self.problem = problem


def _sentence(problem: BaluardoError | OSError) -> str:
    if isinstance(problem, BaluardoError):
        return str(problem)
    where = f", {printable(str(problem.filename))}" if problem.filename else ""
    return (
        f"The files of devices cannot be used ({problem.strerror or problem}{where}). No device is "
        "let in."
    )
