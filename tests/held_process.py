"""Holding a process still, for tests of one that hangs."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

SECONDS = 60.0
"""Guards against hanging, no more."""


def hold(process_id: int) -> None:
    """Stop a process, and wait until every thread of it stands still.

    One thread takes the signal, and the others go on until that one has run: on a busy machine long
    enough for an answer.
    """
    os.kill(process_id, signal.SIGSTOP)
    limit = time.monotonic() + SECONDS
    while not all(map(_stands_still, Path(f"/proc/{process_id}/task").iterdir())):
        assert time.monotonic() < limit, f"process {process_id} does not stop"
        time.sleep(0.01)


def _stands_still(thread: Path) -> bool:
    try:
        status = (thread / "stat").read_text()
    except OSError:
        return True  # it has just ended
    return status.rpartition(")")[2].split()[0] == "T"
