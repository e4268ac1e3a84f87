"""The audit log: appends by many callers at once, each answered when its entry is on the disk.

A part of `trust.py`, which runs it. `appends_per_second` is what asyncio tasks got through
`Appender`, every one waiting for its own entry to be forced down before it appends the next;
`mean_group` is how many shared a commit and `fsyncs` how often the disk was asked to force
something down. `latency_ms` is the time one append took, from the call to the answer.
`verify_entries_per_second` is what recomputing the whole log afterwards did.

The control in the same run is the plain way: one file, one fsync for each entry, one caller, no
tree and no signature.

The directory decides the figures: take a real disk, not a file system in memory.
"""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from baluardo.trust.audit.appender import Appender
from baluardo.trust.audit.disk import Disk
from baluardo.trust.audit.record import make_record
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.audit.verification import verify_log
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import EU_HYBRID, AnyProfile

LEAST_APPENDS_PER_SECOND = 5_000.0
ENTRY_OCTETS = 400
WARM_UP_S = 0.5
ACTOR = "spiffe://italia.example/authority/service"


class CountingDisk(Disk):
    """The real disk, counting what it is asked to force down."""

    def __init__(self) -> None:
        """Start at none."""
        super().__init__()
        self.fsyncs = 0

    def write(self, path: Path, octets: bytes) -> None:
        """Write a file: one fsync."""
        self.fsyncs += 1
        super().write(path, octets)

    def sync_directory(self, path: Path) -> None:
        """Force names down: one fsync."""
        self.fsyncs += 1
        super().sync_directory(path)


def entry_of(octets: int) -> bytes:
    """Return an entry of about so many octets."""
    facts = {"serial": "0" * 40, "pad": ""}
    bare = len(make_record(1_763_765_640.123, "certificate.issued", ACTOR, facts).entry())
    facts["pad"] = "x" * max(0, octets - bare)
    return make_record(1_763_765_640.123, "certificate.issued", ACTOR, facts).entry()


async def drive(
    appender: Appender, entry: bytes, callers: int, seconds: float
) -> tuple[int, list[float]]:
    """Let callers append one after the other for a while; return how many, and how long each."""
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def caller() -> int:
        done = 0
        while (begin := time.perf_counter()) < end:
            await appender.append(entry)
            took.append((time.perf_counter() - begin) * 1e3)
            done += 1
        return done

    return sum(await asyncio.gather(*(caller() for _ in range(callers)))), took


def plain(directory: Path, entry: bytes, seconds: float) -> float:
    """Return entries a second with an fsync for each, into a plain file."""
    done = 0
    with (directory / "plain").open("ab", buffering=0) as file:
        begin = time.perf_counter()
        while (now := time.perf_counter()) < begin + seconds:
            file.write(entry)
            os.fsync(file.fileno())
            done += 1
    return done / (now - begin)


def timed(job: Callable[[], object]) -> float:
    """Return how long a job took, s."""
    begin = time.perf_counter()
    job()
    return time.perf_counter() - begin


def measure(
    directory: Path, seconds: float, callers: int, profile: AnyProfile = EU_HYBRID
) -> dict[str, object]:
    """Run the appends, the control and the verification in a directory."""
    key = SigningKey.generate(profile.log)
    entry = entry_of(ENTRY_OCTETS)
    disk = CountingDisk()
    log = AuditLog.create(directory / "log", "italia.example/log", key, time.time(), disk)
    with Appender(log, time.time) as appender:
        asyncio.run(drive(appender, entry, callers, WARM_UP_S))
        groups, fsyncs = appender.groups, disk.fsyncs
        cpu, begin = time.process_time(), time.perf_counter()
        count, took = asyncio.run(drive(appender, entry, callers, seconds))
        lasted = time.perf_counter() - begin
        cpu = time.process_time() - cpu
        groups, fsyncs = appender.groups - groups, disk.fsyncs - fsyncs
        size, vkey = log.size, log.verifier_key
    control = plain(directory, entry, min(seconds, 2.0))
    verify_s = timed(lambda: verify_log(directory / "log", vkey, [], [], 0, time.time()))
    took.sort()
    return {
        "appends_per_second": round(count / lasted),
        "control_per_second": round(control),
        "ratio": round(count / lasted / control, 1),
        "mean_group": round(count / groups, 1),
        "commits_per_second": round(groups / lasted),
        "fsyncs_per_second": round(fsyncs / lasted),
        "fsyncs_per_commit": round(fsyncs / groups, 1),
        "latency_ms": {
            "median": round(statistics.median(took), 2),
            "p99": round(took[int(len(took) * 0.99)], 2),
        },
        "cpu_us_per_append": round(cpu / count * 1e6, 1),
        "callers": callers,
        "entry_octets": len(entry),
        "profile": profile.name,
        "entries": size,
        "verify_entries_per_second": round(size / verify_s),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0, 1),
    }


def missed(figures: dict[str, object]) -> list[str]:
    """Return the limits that the figures miss."""
    appends = float(str(figures["appends_per_second"]))
    return [] if appends >= LEAST_APPENDS_PER_SECOND else ["appends_per_second"]
