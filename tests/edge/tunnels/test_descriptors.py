"""What was opened is closed where nobody takes it: no descriptor outlives a failed start."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from baluardo.edge.tunnels.lanes import SiteLanes
from baluardo.network.bearers.engine import SiteEngine
from baluardo.network.links.namespaces import Namespace
from network.places import needs_namespaces


def descriptors() -> int:
    """How many this process has."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


class Slow:
    """A helper that answers when it is let; the real one would have to be slowed down."""

    def __init__(self) -> None:
        self.asked, self.let = threading.Event(), threading.Event()
        self.given: list[socket.socket] = []

    def peer(self, _lane: int, _index: int) -> socket.socket:
        """Give a socket, late."""
        self.asked.set()
        self.let.wait()
        self.given.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        return self.given[0]

    def close(self) -> None:
        """Nothing to leave."""


def test_a_socket_that_nobody_waits_for_any_more_is_closed(tmp_path: Path) -> None:
    slow = Slow()

    async def leave() -> None:
        lanes = SiteLanes(tmp_path / "helper")
        lanes._links = slow  # type: ignore[assignment]
        asking = asyncio.create_task(lanes.socket(0, 1))
        await asyncio.to_thread(slow.asked.wait)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        slow.let.set()
        await lanes.close()

    asyncio.run(leave())
    assert [each.fileno() for each in slow.given] == [-1]


@needs_namespaces
def test_an_engine_that_cannot_be_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with ExitStack() as stack:
        hosts = stack.enter_context(Namespace.create("hosts"))
        lane = hosts.inside(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0))
        stack.enter_context(lane).bind(("lo", 0))
        # It opens, but nobody can wait for it: what fails does so after all else was made.
        lan = os.open(tmp_path / "file", os.O_RDWR)
        stack.callback(os.close, lan)
        before = descriptors()
        for _ in range(3):
            with pytest.raises(OSError, match="not permitted"):
                SiteEngine(lan, [lane.fileno()], bytes(16))
        assert descriptors() == before
