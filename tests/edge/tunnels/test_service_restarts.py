"""A running edge whose WireGuard or root helper is killed: its tunnels come back by themselves."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_edges import Pair, running_pair, until

from baluardo.stage.network.staged import why_no_tunnels
from network.links.two_sites import children
from network.places import needs_namespaces

pytestmark = [
    needs_namespaces,
    pytest.mark.skipif(bool(why_no_tunnels()), reason=f"needs tunnels: {why_no_tunnels()}"),
]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with running_pair(tmp_path_factory.mktemp("restarts")) as pair:
        until(lambda: pair.rome.answers(pair.milan))
        yield pair


def connections() -> int:
    """Threads that speak to a helper: each closes its connection when it ends."""
    return sum(each.name.startswith("links") for each in threading.enumerate())


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.skipif(not shutil.which("wireguard-go"), reason="needs wireguard-go")
def test_tunnels_come_back_after_wireguard_was_killed(pair: Pair) -> None:
    """At the end that waits for the other to offer keys: the slower one."""
    edge = pair.rome
    run, held, speaking = edge.service.run, descriptors(), connections()
    for process_id in children(edge.helper.process, "wireguard-go"):
        os.kill(process_id, signal.SIGKILL)
    until(lambda: edge.service.run not in (None, run))
    until(lambda: pair.rome.answers(pair.milan))
    assert edge.tunnel()["open"]
    assert connections() == speaking
    until(lambda: descriptors() <= held + 8)


def test_tunnels_come_back_after_the_helper_was_killed(pair: Pair) -> None:
    edge = pair.milan
    run, held, speaking = edge.service.run, descriptors(), connections()
    orphans = children(edge.helper.process, "wireguard-go")
    edge.lose_helper()
    until(lambda: edge.service.run not in (None, run))
    until(lambda: pair.rome.answers(pair.milan) and pair.milan.answers(pair.rome))
    assert edge.service.problem == ""
    assert connections() == speaking
    until(lambda: descriptors() <= held + 8)
    for process_id in orphans:
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{process_id}/cmdline").read_bytes()
            assert b"wireguard-go" not in command, "what the helper started ends with it"
