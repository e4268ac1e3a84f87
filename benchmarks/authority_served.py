"""A whole authority on this machine for a benchmark: its ceremony, and the process that serves it.

A part of `authority.py`. What is served is `baluardo authority serve` itself, on loopback, over
SQLite in the directory given.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from baluardo.authority.founding import Founding, Officer, found
from baluardo.authority.opening import open_authority
from baluardo.authority.settings import Settings
from baluardo.protocol.policy import Policy
from baluardo.trust.custody.keyfile import Unlock, Unprotected
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.issuing.ceremony import Custodians
from baluardo.trust.issuing.journal import ACTOR
from baluardo.trust.issuing.layout import KeyAccess
from baluardo.trust.suites import EU_HYBRID

COMMUNITY = "italia.example"
OFFICERS = ("anna.rossi", "bruno.neri")
ACCESS = KeyAccess(Unprotected(), Unlock())
AUTHORITY = Identity(COMMUNITY, Kind.AUTHORITY, ACTOR)
HOST = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 30.0


def hold_ceremony(directory: Path) -> None:
    """Make an authority under whose policy no request waits for an officer."""
    policy = Policy.first(COMMUNITY, OFFICERS)
    founding = Founding(
        COMMUNITY,
        EU_HYBRID,
        [Officer(name, name) for name in OFFICERS],
        Custodians(3, 2),
        Settings(web_port=_free_port(), channel_port=_free_port()),
    )
    found(directory, founding, ACCESS, lambda _root, _shares: None, time.time())
    first = replace(policy, approval=dict.fromkeys(Kind, False))
    open_authority(directory, ACCESS, first=first).store.close()


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as bound:
        return int(bound.getsockname()[1])


@dataclass(frozen=True)
class Served:
    """A process that serves an authority."""

    pid: int
    web_port: int
    channel_port: int

    def memory_mb(self) -> tuple[float, float]:
        """Return what the process has in memory now, and the most it has ever had."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        found = {key: rest for key, _, rest in (line.partition(":") for line in lines)}
        now, most = (int(found[name].split()[0]) / 1024.0 for name in ("VmRSS", "VmHWM"))
        return round(now, 1), round(most, 1)

    def cpu_s(self) -> float:
        """Return the processor time that the process has used."""
        text = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(directory: Path) -> Iterator[Served]:
    """Serve an authority while inside; RuntimeError with its log's end if it does not start."""
    settings = Settings.read(directory)
    told = directory.with_suffix(".log")
    command = [sys.executable, "-m", "baluardo", "authority", "serve", str(directory)]
    with told.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [*command, "--unprotected"], stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        if process.stdout is None or not process.stdout.readline().startswith("http://"):
            raise RuntimeError(f"The authority did not start: {told.read_text()[-2_000:]}")
        yield Served(process.pid, settings.web_port, settings.channel_port)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def address_of(place: int) -> str:
    """Return the loopback address of one client: each has its own, as doors ration by address."""
    return f"127.{1 + (place >> 16)}.{(place >> 8) & 255}.{place & 255}"
