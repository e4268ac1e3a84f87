"""Processes that are kept: started again when they end, ended with whoever keeps them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from baluardo.network.links.namespaces import Namespace
from baluardo.stage.network import process
from baluardo.stage.network.process import Kept
from network.places import needs_namespaces

pytestmark = needs_namespaces
GUARD_SECONDS = 60.0
SLEEP = ("sleep", "600")


@pytest.fixture(scope="module")
def namespace() -> Iterator[Namespace]:
    with Namespace.create("site") as made:
        yield made


def guarded(act: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(act, GUARD_SECONDS))


async def until(holds: Callable[[], object]) -> None:
    while not holds():
        await asyncio.sleep(0.02)


def alive(process_id: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_a_program_runs_within_its_namespace_and_ends_when_it_is_told(
    namespace: Namespace,
) -> None:
    async def test() -> None:
        kept = Kept("sleeper", namespace, SLEEP)
        kept.start()
        kept.start()  # once is enough
        await until(lambda: kept.process)
        assert kept.process is not None
        inside = namespace.inside(lambda: Path("/proc/thread-self/ns/net").readlink())
        await until(lambda: b"sleep" in _command(kept))  # it is setpriv first
        assert Path(f"/proc/{kept.process.pid}/ns/net").readlink() == inside
        assert kept.starts == 1
        ended = kept.process
        await kept.stop()
        assert ended.returncode == -signal.SIGTERM
        assert kept.process is None
        await kept.stop()

    guarded(test())


def test_a_killed_program_is_started_again_each_time_after_its_preparation(
    namespace: Namespace, tmp_path: Path
) -> None:
    prepared = []

    async def test() -> None:
        kept = Kept("sleeper", namespace, SLEEP, before=lambda: prepared.append(len(prepared)))
        kept.start()
        for number in range(1, 3):
            await until(lambda n=number: kept.starts == n and kept.process)  # type: ignore[misc]
            assert kept.process is not None
            os.kill(kept.process.pid, signal.SIGKILL)
            await until(lambda: kept.process is None)
        await until(lambda: kept.starts == 3)
        await kept.stop()

    guarded(test())
    assert prepared == [0, 1, 2]
    assert not list(tmp_path.iterdir())


def test_one_that_fails_over_and_over_is_started_less_and_less_often(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    real = asyncio.sleep

    async def noted(seconds: float) -> None:
        if seconds > 0.2:  # others are looks at a process
            waits.append(seconds)
            seconds = 0.0
        await real(seconds)

    async def test() -> None:
        monkeypatch.setattr(process.asyncio, "sleep", noted)
        kept = Kept("failing", namespace, ("false",))
        kept.start()
        while kept.starts < 8:
            await real(0.02)
        monkeypatch.undo()
        await kept.stop()

    guarded(test())
    assert waits[:7] == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0]


def test_a_program_that_cannot_be_started_is_tried_again(
    namespace: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without setpriv nothing can be started; once it is there all goes on."""

    async def test() -> None:
        monkeypatch.setattr(process, "DIES_WITH_PARENT", (str(tmp_path / "nothing"),))
        kept = Kept("sleeper", namespace, SLEEP)
        kept.start()
        await asyncio.sleep(0.3)
        assert kept.process is None
        monkeypatch.undo()
        await until(lambda: kept.process)
        await kept.stop()

    guarded(test())


def test_one_that_does_not_listen_is_made_to_end(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        monkeypatch.setattr(process, "TERM_SECONDS", 0.3)
        deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
        kept = Kept("deaf", namespace, (sys.executable, "-c", deaf))
        kept.start()
        await until(lambda: kept.process)
        ended = kept.process
        assert ended is not None
        await until(lambda: _ignores_term(ended.pid))
        await kept.stop()
        assert ended.returncode == -signal.SIGKILL

    guarded(test())


def test_stopping_in_the_midst_of_a_start_leaves_nobody(namespace: Namespace) -> None:
    async def test() -> None:
        for wait in (0.0, 0.001, 0.01, 0.03):
            kept = Kept("sleeper", namespace, ("sleep", "601"))
            kept.start()
            await asyncio.sleep(wait)
            await kept.stop()
        await until(lambda: not _running(b"sleep\0601\0"))

    guarded(test())


def test_children_die_with_a_parent_that_was_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
        parent.wait()
        end = time.monotonic() + GUARD_SECONDS
        while alive(child) and time.monotonic() < end:
            time.sleep(0.02)
        assert not alive(child)


def _command(kept: Kept) -> bytes:
    assert kept.process is not None
    return Path(f"/proc/{kept.process.pid}/cmdline").read_bytes().split(b"\0")[0]


def _ignores_term(process_id: int) -> bool:
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    ignored = next(each for each in lines if each.startswith("SigIgn:")).split()[1]
    return bool(int(ignored, 16) >> (signal.SIGTERM - 1) & 1)


def _running(command: bytes) -> bool:
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit():
            try:
                if (directory / "cmdline").read_bytes().endswith(command):
                    return alive(int(directory.name))
            except OSError:
                continue
    return False


PARENT = """
import asyncio
from baluardo.network.links.namespaces import Namespace
from baluardo.stage.network.process import Kept

async def main():
    kept = Kept("sleeper", Namespace.create("site"), ("sleep", "602"))
    kept.start()
    while kept.process is None:
        await asyncio.sleep(0.02)
    print(kept.process.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""
