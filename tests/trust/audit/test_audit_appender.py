"""Group commit: everybody's entry is in the log, with few commits, or everybody is told why not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from baluardo.errors import InvalidInputError, LogError
from baluardo.trust.audit import appender as appending
from baluardo.trust.audit.appender import Appender
from baluardo.trust.audit.disk import Disk
from baluardo.trust.audit.openings import Openings
from baluardo.trust.audit.record import make_record
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.audit.verification import verify_log
from baluardo.trust.primitives.signing import SigningKey

ORIGIN = "marina.example/log"


class Gate(Disk):
    """A disk that waits at every checkpoint until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.broken = False

    def replace(self, source: Path, target: Path) -> None:
        self.reached.release()
        assert self.go.acquire(timeout=30)
        if self.broken:
            raise OSError(5, "Input/output error")
        super().replace(source, target)


def gated(directory: Path, key: SigningKey) -> tuple[AuditLog, Gate]:
    AuditLog.create(directory, ORIGIN, key, 1.0).close()
    gate = Gate()
    return AuditLog.open(directory, key, gate), gate


def test_tasks_share_commits_and_each_gets_its_index(tmp_path: Path, log_key: SigningKey) -> None:
    log = AuditLog.create(tmp_path, ORIGIN, log_key, 1.0)

    async def everybody(appender: Appender) -> Sequence[int]:
        return await asyncio.gather(*(appender.append(f"{i}".encode()) for i in range(2_000)))

    with Appender(log, lambda: 5.0) as appender:
        indexes = asyncio.run(everybody(appender))
        assert sorted(indexes) == list(range(2_000))
        assert all(log.entry(index) == f"{i}".encode() for i, index in enumerate(indexes))
        assert appender.groups < 1_000
    assert verify_log(tmp_path, log.verifier_key, [], [], 0, 5.0).size == 2_000


def test_threads_share_commits(tmp_path: Path, log_key: SigningKey) -> None:
    log = AuditLog.create(tmp_path, ORIGIN, log_key, 1.0)
    with Appender(log, lambda: 5.0) as appender, ThreadPoolExecutor(8) as pool:
        futures = list(pool.map(lambda i: appender.submit(f"{i}".encode()), range(500)))
        assert sorted(f.result(timeout=30) for f in futures) == list(range(500))


def test_what_comes_during_a_commit_is_the_next_group(tmp_path: Path, log_key: SigningKey) -> None:
    log, gate = gated(tmp_path, log_key)
    with Appender(log, lambda: 5.0) as appender:
        first = appender.submit(b"first")
        assert gate.reached.acquire(timeout=30)
        others = [appender.submit(f"{i}".encode()) for i in range(10)]
        assert not first.done()
        gate.go.release(2)
        assert [f.result(timeout=30) for f in (first, *others)] == list(range(11))
        assert appender.groups == 2


def test_when_the_disk_fails_all_that_wait_are_told(tmp_path: Path, log_key: SigningKey) -> None:
    log, gate = gated(tmp_path, log_key)
    with Appender(log, lambda: 5.0) as appender:
        first = appender.submit(b"first")
        assert gate.reached.acquire(timeout=30)
        second = appender.submit(b"second")
        gate.broken = True
        gate.go.release()
        with pytest.raises(LogError, match="Input/output error"):
            first.result(timeout=30)
        with pytest.raises(LogError, match="opened again"):
            second.result(timeout=30)
    with AuditLog.open(tmp_path, log_key) as log:  # it was signed whole: it is taken up
        assert list(log.entries()) == [b"first"]


def test_closing_writes_what_waits_and_takes_no_more(tmp_path: Path, log_key: SigningKey) -> None:
    log, gate = gated(tmp_path, log_key)
    appender = Appender(log, lambda: 5.0)
    waiting = [appender.submit(f"{i}".encode()) for i in range(3)]
    gate.go.release(3)
    appender.close()
    assert [f.result(timeout=0) for f in waiting] == [0, 1, 2]
    with pytest.raises(LogError, match="closed; the entry was not taken"):
        appender.submit(b"late")
    appender.close()
    AuditLog.open(tmp_path, log_key).close()


def test_when_too_many_wait_appending_is_refused(
    tmp_path: Path, log_key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "MOST_WAITING", 3)
    log, gate = gated(tmp_path, log_key)
    with Appender(log, lambda: 5.0) as appender:
        appender.submit(b"first")
        assert gate.reached.acquire(timeout=30)
        for _ in range(3):
            appender.submit(b"waits")
        with pytest.raises(LogError, match="must not be done"):
            appender.submit(b"too many")
        gate.go.release(9)


def test_what_waits_is_bounded_in_octets_too(
    tmp_path: Path, log_key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "MOST_WAITING_OCTETS", 70_000)
    log, gate = gated(tmp_path / "log", log_key)
    detail = make_record(1.0, "x", "a", {}, {"name": "x" * 20_000}).disclosures
    with Appender(log, lambda: 5.0, Openings(tmp_path / "openings")) as appender:
        appender.submit(b"first")
        assert gate.reached.acquire(timeout=30)
        waiting = [appender.submit(bytes(40_000))]
        with pytest.raises(LogError, match="must not be done"):
            appender.submit(bytes(40_000))
        waiting.append(appender.submit(b"x", detail))
        with pytest.raises(LogError, match="must not be done"):
            appender.submit(b"x", detail)
        gate.go.release(9)
        assert [future.result(timeout=30) for future in waiting] == [1, 2]
        assert appender.submit(bytes(40_000)).result(timeout=30) == 3


def test_groups_are_bounded_in_entries_and_octets(
    tmp_path: Path, log_key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "LARGEST_GROUP", 4)
    monkeypatch.setattr(appending, "LARGEST_GROUP_OCTETS", 1_000)
    log, gate = gated(tmp_path, log_key)
    with Appender(log, lambda: 5.0) as appender:
        appender.submit(b"first")
        assert gate.reached.acquire(timeout=30)
        futures = [appender.submit(b"x") for _ in range(5)]  # 4 and 1 with the next
        futures += [appender.submit(bytes(900)) for _ in range(2)]  # 1 + 1, then 1
        gate.go.release(9)
        assert [f.result(timeout=30) for f in futures] == list(range(1, 8))
        assert appender.groups == 4


def test_what_is_taken_back_in_time_is_not_appended(tmp_path: Path, log_key: SigningKey) -> None:
    log, gate = gated(tmp_path, log_key)
    with Appender(log, lambda: 5.0) as appender:
        first = appender.submit(b"first")
        assert gate.reached.acquire(timeout=30)
        assert not first.cancel()
        second, third = appender.submit(b"second"), appender.submit(b"third")
        assert second.cancel()
        gate.go.release(9)
        assert (first.result(timeout=30), third.result(timeout=30)) == (0, 1)
        fourth = appender.submit(b"fourth")
        assert fourth.cancel() or fourth.result(timeout=30) == 2
    with AuditLog.open(tmp_path, log_key) as log:
        assert list(log.entries())[:2] == [b"first", b"third"]


def test_openings_are_kept_before_the_entry_is_in(tmp_path: Path, log_key: SigningKey) -> None:
    log, gate = gated(tmp_path / "log", log_key)
    openings = Openings(tmp_path / "openings")
    new = make_record(1.0, "x", "spiffe://marina.example/authority/a", {}, {"name": "Anna"})
    with Appender(log, lambda: 5.0, openings) as appender:
        done = appender.submit(new.entry(), new.disclosures)
        assert gate.reached.acquire(timeout=30)
        assert [d.value for d in openings.of(new.record)] == ["Anna"]
        gate.go.release()
        assert done.result(timeout=30) == 0


def test_what_cannot_be_an_entry_is_refused_alone(tmp_path: Path, log_key: SigningKey) -> None:
    log = AuditLog.create(tmp_path, ORIGIN, log_key, 1.0)
    new = make_record(1.0, "x", "spiffe://marina.example/authority/a", {}, {"name": "Anna"})
    with Appender(log, lambda: 5.0) as appender:
        with pytest.raises(InvalidInputError, match="65535"):
            appender.submit(bytes(65_536))
        with pytest.raises(InvalidInputError, match="no place for openings"):
            appender.submit(new.entry(), new.disclosures)
        assert appender.submit(b"fine").result(timeout=30) == 0


def test_a_cancelled_task_stops_nobody_else(tmp_path: Path, log_key: SigningKey) -> None:
    log, gate = gated(tmp_path, log_key)

    async def work(appender: Appender) -> int:
        gone = asyncio.ensure_future(appender.append(b"gone"))
        stays = asyncio.ensure_future(appender.append(b"stays"))
        await asyncio.sleep(0)
        gone.cancel()
        gate.go.release(9)
        index = await stays
        assert gone.cancelled() or gone.done()
        return index

    with Appender(log, lambda: 5.0) as appender:
        assert asyncio.run(work(appender)) == 1
        assert log.entry(1) == b"stays"
