"""A real `baluardo up` in a process of its own, for tests of what it serves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 240.0
"""A first start compiles; later ones take two seconds, and much more on a busy machine."""

STOP_SECONDS = 60.0
"""Only so that a console that never stops does not stop the tests; a second is usual."""


@dataclass
class RunningConsole:
    """A console that has said where it answers."""

    process: subprocess.Popen[str]
    url: str
    talk: Path
    """File that takes its stderr: a pipe that nobody reads would stop it one day."""

    @property
    def frames_url(self) -> str:
        """Address of the stream of frames."""
        return f"{self.url.replace('http', 'ws', 1)}api/sky/frames"

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Send a signal; return the exit status and what was said on stderr."""
        self.process.send_signal(number)
        self.process.communicate(timeout=STOP_SECONDS)
        return self.process.returncode, self.talk.read_text()


def environment(state: Path) -> dict[str, str]:
    """Return an environment whose state and cache folders are the test's own."""
    return {**os.environ, "XDG_STATE_HOME": str(state), "XDG_CACHE_HOME": str(state / "cache")}


def start(state: Path, *arguments: str, demonstration: bool = False) -> RunningConsole:
    """Start `baluardo up` and wait for its address; AssertionError with its words if it ends.

    The sky alone by default: a whole nation takes its time, and most tests look at none.
    """
    alone = () if demonstration else ("--sky-only",)
    talk = Path(tempfile.mkstemp(dir=state, suffix=".stderr")[1])
    with talk.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "baluardo", "up", *alone, *arguments],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=environment(state),
        )
    assert process.stdout is not None
    watchdog = threading.Timer(START_SECONDS, process.kill)
    watchdog.start()
    url = process.stdout.readline().strip()
    watchdog.cancel()
    if not url:
        process.communicate(timeout=STOP_SECONDS)
        raise AssertionError(f"baluardo up ended with {process.returncode}: {talk.read_text()}")
    return RunningConsole(process, url, talk)


@contextmanager
def running(state: Path, *arguments: str, demonstration: bool = False) -> Iterator[RunningConsole]:
    """Run a console on a free port while inside."""
    console = start(state, "--port", "0", *arguments, demonstration=demonstration)
    try:
        yield console
    finally:
        if console.process.poll() is None:
            console.process.kill()
        console.process.communicate(timeout=STOP_SECONDS)
