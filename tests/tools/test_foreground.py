"""Ctrl-C in a terminal stops the command alone, and make ends well."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

FOREGROUND = str(Path(__file__).resolve().parents[2] / "tools" / "foreground.py")
POLITE = """
import signal, sys
def stop(number, frame):
    print("stopped", number, flush=True)
    sys.exit(0)
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
while True:
    signal.pause()
"""


def read_until(terminal: int, words: bytes, seconds: float = 20.0) -> bytes:
    seen = b""
    end = time.monotonic() + seconds
    while words not in seen:
        readable, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        if not readable:
            pytest.fail(f"{words!r} did not come; seen so far: {seen!r}")
        seen += os.read(terminal, 4096)
    return seen


def test_interrupt_from_a_terminal_ends_make_well(tmp_path: Path) -> None:
    (tmp_path / "polite.py").write_text(POLITE, encoding="utf-8")
    (tmp_path / "Makefile").write_text(
        f"run:\n\t@exec {sys.executable} {FOREGROUND} {sys.executable} polite.py\n",
        encoding="utf-8",
    )
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.execvp("make", ["make", "run"])  # noqa: S606 - the program under test
    read_until(terminal, b"ready")
    os.write(terminal, b"\x03")
    said = read_until(terminal, b"stopped 2")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert b"***" not in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_without_a_terminal_the_group_is_stopped_once(number: signal.Signals) -> None:
    job = subprocess.Popen(
        [sys.executable, FOREGROUND, sys.executable, "-c", POLITE],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert job.stdout is not None
    assert job.stdout.readline() == "ready\n"
    os.killpg(job.pid, signal.SIGINT) if number == signal.SIGINT else job.terminate()
    assert job.stdout.read() == f"stopped {int(number)}\n"
    job.stdout.close()
    assert job.wait(timeout=20) == 0


def test_status_is_that_of_the_command() -> None:
    end = [sys.executable, FOREGROUND, sys.executable, "-c"]
    done = subprocess.run([*end, "raise SystemExit(3)"], check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 3
    killed = "import os; os.kill(os.getpid(), 9)"
    assert subprocess.run([*end, killed], check=False, stdin=subprocess.DEVNULL).returncode == 137
