"""The second layer of one run: ESP within WireGuard, where the policy asks for two layers.

The root helper has the processes; here neighbours get their keys, every second what is due is done,
and it is known to whom a packet may be given: to those with whom the layer stands at our end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from baluardo.edge.directory import Neighbour
from baluardo.edge.tunnels.addresses import inner_name, networks_of
from baluardo.edge.tunnels.lanes import SiteLanes
from baluardo.errors import BaluardoError
from baluardo.network.links.esp.layer import EspStatus
from baluardo.network.links.inner_requests import InnerPeer, InnerSite
from baluardo.network.tunnel.addresses import esp_address
from baluardo.trust.identity import Identity
from baluardo.trust.secret import Secret

PATIENCE_SECONDS: Final = 20.0
"""A layer that does not come up for so long, while WireGuard does, gets new keys."""

logger = logging.getLogger("baluardo.edge")


class SecondLayer:
    """What stands with each neighbour; every method is called on the event loop."""

    def __init__(self, lanes: SiteLanes, site: InnerSite) -> None:
        """Begin with nobody; the helper has opened the links with this site's end."""
        self.site = site
        """Our own end, as the helper was told."""
        self.problem = ""
        """What concerns all neighbours; empty while there is nothing."""
        self._lanes = lanes
        self._standing: dict[str, EspStatus] = {}
        self._alarms: dict[str, str] = {}
        self._asked: dict[Identity, float] = {}
        """Since when somebody's layer is waited for."""
        self._tasks: set[asyncio.Task[None]] = set()

    def stands(self, peer: Identity) -> bool:
        """Tell whether what goes to a neighbour goes through the layer."""
        status = self.status(peer)
        return status is not None and status.established

    def status(self, peer: Identity) -> EspStatus | None:
        """Return where a neighbour's layer stands; None before it was given keys."""
        return self._standing.get(inner_name(peer))

    def problem_with(self, peer: Identity) -> str:
        """Return why nothing passes to a neighbour; empty if something does."""
        if self.stands(peer):
            return ""
        return self._alarms.get(inner_name(peer), "") or self.problem

    @property
    def alarms(self) -> tuple[str, ...]:
        """Sentences for everybody at the site."""
        return tuple(each for each in (self.problem, *self._alarms.values()) if each)

    def agree(
        self, neighbour: Neighbour, epoch: int, authentication: Secret, post_quantum: Secret
    ) -> None:
        """Have a neighbour's new keys taken into use, in the background."""
        peer = InnerPeer(
            inner_name(neighbour.identity),
            str(esp_address(neighbour.identity)),
            tuple(str(each) for each in networks_of(neighbour)),
            epoch,
            authentication,
            post_quantum,
        )
        task = asyncio.get_running_loop().create_task(self._agreed(peer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _agreed(self, peer: InnerPeer) -> None:
        try:
            await self._lanes.inner_peer(peer)
        except BaluardoError as problem:
            self._alarms[peer.name] = (
                f"The inner layer to {peer.name} did not take the new keys: {problem}"
            )
            logger.warning("%s", self._alarms[peer.name])

    async def part(self, peer: Identity) -> None:
        """Let go of a neighbour; what it was given is forgotten."""
        name = inner_name(peer)
        self._standing.pop(name, None)
        self._alarms.pop(name, None)
        self._asked.pop(peer, None)
        await self._lanes.remove_inner_peer(name)
        self._alarms.pop(name, None)  # keys that were under way may have been refused meanwhile

    async def tend(self) -> None:
        """Do what is due, and learn what is so; errors as of the helper."""
        view = await self._lanes.tend_inner()
        self._standing = dict(view.peers)
        for event in view.events:
            if event.alarm:
                logger.warning("%s", event.text)
            else:
                logger.info("%s", event.text)
            if not event.peer:
                self.problem = event.text
            elif event.alarm:
                self._alarms[event.peer] = event.text
        up = [name for name, status in self._standing.items() if status.established]
        for name in up:
            self._alarms.pop(name, None)
        if len(up) == len(self._standing):
            self.problem = ""

    def without(self, peers: Iterable[Identity], now: float) -> list[Identity]:
        """Return who of these neighbours has waited for the layer so long that new keys are due."""
        waiting = [each for each in peers if not self.stands(each)]
        self._asked = {each: self._asked.get(each, now) for each in waiting}
        due = [each for each in waiting if now - self._asked[each] >= PATIENCE_SECONDS]
        self._asked |= dict.fromkeys(due, now)
        for each in due:
            self._alarms.setdefault(
                inner_name(each),
                f"The inner layer to {inner_name(each)} does not come up. Nothing passes, in clear "
                "or otherwise; new keys are being agreed on.",
            )
        return due
