"""An authority's folder in which every command is a process of its own, as people type them."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import httpx

from baluardo.protocol.invitation import PREFIX

PATIENCE = 60.0
"""Seconds after which something is taken to hang."""
BALUARDO = [sys.executable, "-m", "baluardo"]
SEALED = ("--passphrase-file", "pass")


class Done(NamedTuple):
    """What a command has answered."""

    status: int
    stdout: str
    stderr: str


class Runs:
    """A command that goes on, its output in files."""

    def __init__(self, country: Country, name: str, words: tuple[str, ...]) -> None:
        self.stdout, self.stderr = (country.path / f"{name}.{end}" for end in ("out", "err"))
        with self.stdout.open("w") as out, self.stderr.open("w") as err:
            self.process = subprocess.Popen(
                [*BALUARDO, *words], cwd=country.path, stdout=out, stderr=err, env=country.env
            )

    def says(self, what: str, count: int = 1) -> str:
        """Wait until stderr has `what` so often; return all of it."""
        waited_for(lambda: self.heard().count(what) >= count or self.process.poll() is not None)
        heard = self.heard()
        assert heard.count(what) >= count, heard
        return heard

    def heard(self) -> str:
        """Return what it has said so far."""
        return self.stderr.read_text()

    def announced(self) -> str:
        """Wait for its first line of data and return it."""
        waited_for(lambda: "\n" in self.stdout.read_text() or self.process.poll() is not None)
        text = self.stdout.read_text()
        assert text, self.heard()
        return text.splitlines()[0]

    def ended(self) -> int:
        """Wait for its end and return its status."""
        return self.process.wait(PATIENCE)

    def stop(self) -> int:
        """Ask it to stop, as a service manager does, and return its status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.ended()


@dataclass
class Country:
    """The folder in which the commands run, and all that they have said."""

    path: Path
    web_port: int
    channel_port: int
    said: list[str] = field(default_factory=list)
    runs: list[Runs] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)

    def run(self, *words: str, stdin: str = "") -> Done:
        """Run a command to its end."""
        done = subprocess.run(
            [*BALUARDO, *words],
            cwd=self.path,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env=self.env,
        )
        self.said.append(done.stderr)
        assert "Traceback" not in done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def does(self, *words: str, stdin: str = "") -> Done:
        """Run a command that has to succeed."""
        done = self.run(*words, stdin=stdin)
        assert done.status == 0, done.stderr
        return done

    def refuses(self, *words: str, stdin: str = "") -> str:
        """Run a command that has to fail; return its one sentence."""
        done = self.run(*words, stdin=stdin)
        assert (done.status, done.stdout) == (1, ""), done
        (sentence,) = done.stderr.splitlines()
        assert sentence.startswith("baluardo: ")
        return sentence.removeprefix("baluardo: ")

    def starts(self, name: str, *words: str) -> Runs:
        """Start a command that goes on; `name` is that of its output's files."""
        started = Runs(self, name, words)
        self.runs.append(started)
        return started

    @contextmanager
    def serving(self, name: str, directory: str) -> Iterator[Runs]:
        """Serve a directory; its log is JSON."""
        runs = self.starts(name, "authority", "serve", directory, *SEALED, "--log-json")
        try:
            url = f"http://authority.baluardo.localhost:{self.web_port}/"
            assert runs.announced() == url
            yield runs
        finally:
            assert runs.stop() == 0

    def invitation(self, name: str) -> str:
        """Return the text on a paper of the ceremony."""
        lines = (self.path / "papers" / f"invitation-{name}.txt").read_text().splitlines()
        (text,) = (line for line in lines if line.startswith(PREFIX))
        return text

    def ask(
        self, port: int, host: str, method: str, path: str, body: object = None
    ) -> httpx.Response:
        """Ask a page's interface as a browser on this machine does."""
        origin = f"http://{host}:{port}"
        return httpx.request(
            method,
            f"http://127.0.0.1:{port}/api/authority{path}",
            headers={"host": f"{host}:{port}", "origin": origin},
            json=body,
            trust_env=False,
            timeout=PATIENCE,
        )


def waited_for(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, "It did not come about."
        time.sleep(0.02)


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens at, each another one."""
    found = [socket.socket() for _ in range(count)]
    try:
        for each in found:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in found]
    finally:
        for each in found:
            each.close()
