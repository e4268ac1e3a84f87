"""A NATS server with JetStream of the test's own, on a free port of 127.0.0.1."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

import pytest

START_SECONDS = 60.0


def nats_program() -> str:
    """Return the server's program; skip the test where it is not installed."""
    found = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
    if found is None:
        pytest.skip("NATS is not installed (package nats-server)")
    return found


class NatsServer:
    """One server; its streams stay on the disk when it is killed and started again."""

    def __init__(self) -> None:
        """Choose a port; `with` starts the server and takes all of it away at the end."""
        self._program = nats_program()
        self._process: subprocess.Popen[bytes] | None = None
        self.directory = Path(tempfile.mkdtemp(prefix="nats-"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = int(free.getsockname()[1])

    @property
    def url(self) -> str:
        """Where it is."""
        return f"nats://127.0.0.1:{self._port}"

    def __enter__(self) -> NatsServer:
        """Start it."""
        try:
            self.start_again()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it, and leave nothing."""
        self.kill9()
        shutil.rmtree(self.directory, ignore_errors=True)

    def kill9(self) -> None:
        """Kill it, as a pulled plug would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def start_again(self) -> None:
        """Start it on the same port and the same data, and wait until it takes clients."""
        log = self.directory / "server.log"
        arguments = ["-a", "127.0.0.1", "-p", str(self._port), "-js", "-l", str(log)]
        self._process = subprocess.Popen(
            [self._program, *arguments, "-sd", str(self.directory / "streams")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        give_up = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), 5.0).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > give_up:
                    said = log.read_text(errors="replace")[-2_000:] if log.exists() else ""
                    raise AssertionError(f"NATS did not start:\n{said}") from None
                time.sleep(0.05)
            else:
                return
