"""The wire as the stage keeps it: told off the event loop, and told anew where it was killed."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from baluardo.errors import BaluardoError, WireLostError
from baluardo.network.wire.control import WireProcess
from baluardo.network.wire.tables import LinkSegment
from baluardo.stage.network.capture import Capture
from baluardo.stage.network.paths import Link, Route

MOST_REMEMBERED: Final = 1_000
"""Segments of a link: what it was told of the last minutes; of the densest trace, of a minute."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


class StagedWire:
    """Remembers all that the wire was told, so that another one can be told the same."""

    def __init__(self) -> None:
        """Begin without a process."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="wire")
        self._process: WireProcess | None = None
        self._tuns: dict[str, int] = {}
        self._sockets: dict[str, socket.socket] = {}
        self._links: dict[str, tuple[Link, int, int]] = {}
        self._routes: dict[tuple[str, str | None], Route] = {}
        self._offset = 0.0
        self._capture: Capture | None = None
        self.segments: dict[str, list[LinkSegment]] = {}
        """What each link was told of late, by its name: what a measurement is held against."""
        self.starts = 0

    @property
    def process_id(self) -> int:
        """Of the process that runs now; 0 for none."""
        return 0 if self._process is None else self._process.process_id

    @property
    def privileged(self) -> bool:
        """Whether its loop got real-time scheduling."""
        return self._process is not None and self._process.privileged

    async def start(
        self, tuns: Mapping[str, int], sockets: Mapping[str, socket.socket] | None = None
    ) -> None:
        """Start with ports by name: descriptors of TUN devices, and connected UDP sockets.

        LinkError if it does not come up.
        """
        self._tuns, self._sockets = dict(tuns), dict(sockets or {})
        await self._do(self._begin)

    async def add_link(self, link: Link, buffer_octets: int, seed: int) -> None:
        """Join two ports."""
        self._links[link.name] = link, buffer_octets, seed
        await self._tell(
            lambda wire: wire.add_link(
                link.name, link.start, link.end, (), buffer_octets=buffer_octets, seed=seed
            )
        )

    async def extend(self, link: Link, segments: Sequence[LinkSegment]) -> None:
        """Say what a link does; from the first segment's start on this replaces what was said."""
        first = segments[0].start
        known = [_until(each, first) for each in self.segments.get(link.name, ())]
        kept = [each for each in known if each.start < each.end]
        self.segments[link.name] = [*kept[-MOST_REMEMBERED:], *segments]
        await self._tell(lambda wire: wire.extend(link.name, segments))

    async def route(self, route: Route) -> None:
        """Lead packets."""
        self._routes[route.port, route.address] = route
        await self._tell(lambda wire: wire.route(route.port, route.address, route.link.name))

    async def set_offset(self, posix_offset_s: float) -> None:
        """Say what path time it is."""
        self._offset = posix_offset_s
        await self._tell(lambda wire: wire.set_offset(posix_offset_s))

    async def look(self) -> None:
        """Start another process if this one is gone; LinkError if it does not come up."""
        await self._do(self._look)

    async def capture(self, path: Path | None, ports: Sequence[str] = ()) -> int:
        """Write what passes ports into a file (pcapng); None ends it and returns how many."""
        return await self._do(lambda: self._running().capture(path, ports))

    async def keep_capture(self, capture: Capture) -> None:
        """Write what passes ports into a file until the wire is closed, whatever is killed."""
        self._capture = capture
        await self._tell(self._capture_on)

    async def told(self) -> dict[str, Any]:
        """Return what the wire has counted, as pages show it."""
        counts = await self._do(lambda: self._running().counts())
        return {
            "privileged": self.privileged,
            "capture": None if self._capture is None else self._capture.told(),
            "links": [
                {
                    "name": name,
                    "packets": each.packets_out,
                    "octets": each.octets_out,
                    "waiting": each.queued_packets,
                    "drops": {
                        cause.name.lower().replace("_", "-"): n for cause, n in each.drops.items()
                    },
                }
                for name, each in counts.links.items()
            ],
        }

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        capture, self._capture = self._capture, None
        if process is not None:
            if capture is not None:
                await self._do(lambda: _end_capture(capture, process))
            await self._do(process.close)
        self._thread.shutdown(wait=False)

    async def _tell(self, act: Callable[[WireProcess], object]) -> None:
        def telling() -> None:
            try:
                act(self._running())
            except WireLostError:
                self._revive()  # and what was to be told is among what is told now

        await self._do(telling)

    async def _do(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)

    # On the thread

    def _running(self) -> WireProcess:
        if self._process is None:
            raise WireLostError("The wire is not running.")
        return self._process

    def _begin(self) -> None:
        self._process = WireProcess.start(self._offset)
        self.starts += 1
        for name, descriptor in self._tuns.items():
            self._process.add_tun(name, descriptor, offload=False)
        for name, udp in self._sockets.items():
            self._process.add_socket(name, udp, None)

    def _look(self) -> None:
        try:
            wire = self._running()
            if not wire.is_running():
                raise WireLostError("The wire's process is gone.")
            if self._capture is not None and not self._capture.problem:
                _watched(self._capture, lambda capture: capture.note(*wire.captured()))
        except WireLostError:
            self._revive()

    def _revive(self) -> None:
        if self._process is not None:
            logger.warning("The wire's process was lost; another one is told everything anew.")
            self._process.close()
        self._begin()
        wire = self._running()
        for link, buffer_octets, seed in self._links.values():
            wire.add_link(
                link.name,
                link.start,
                link.end,
                self.segments.get(link.name, ()),
                buffer_octets=buffer_octets,
                seed=seed,
            )
        for route in self._routes.values():
            wire.route(route.port, route.address, route.link.name)
        self._capture_on(wire)

    def _capture_on(self, wire: WireProcess) -> None:
        if self._capture is not None and not self._capture.problem:
            _watched(
                self._capture,
                lambda capture: wire.capture_into(capture.descriptor, capture.ports),
            )


def _watched(capture: Capture, act: Callable[[Capture], None]) -> None:
    """Do something about a capture: what fails ends it alone, and not the wire."""
    try:
        act(capture)
    except WireLostError:
        raise
    except BaluardoError as problem:
        capture.note(capture.packets, f"The capture ended early: {problem}")


def _end_capture(capture: Capture, wire: WireProcess) -> None:
    if capture.problem:
        return
    try:
        capture.note(*wire.captured())
        if not capture.problem:
            capture.note(wire.capture(None))
    except WireLostError:
        capture.note(capture.packets, "The wire was killed before its capture was ended.")
    except BaluardoError as problem:
        capture.note(capture.packets, str(problem))


def _until(segment: LinkSegment, end: float) -> LinkSegment:
    return segment if segment.end <= end else segment._replace(end=end)
