"""A country to walk through: a ceremony held, an authority that serves, edges, all as programs.

Nothing is reached but by what a person reaches: the printed papers, the command line, the pages.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMUNITY = "prova.example"
OFFICERS = {
    "anna.rossi": "Anna Rossi",
    "bruno.verdi": "Bruno Verdi",
    "chiara.neri": "Chiara Neri",
}
PATIENCE = 60.0
"""Seconds: only so that what never comes does not stop the tests."""


def command(*arguments: str | Path) -> list[str]:
    """Return the command line of this project's program."""
    return [sys.executable, "-m", "baluardo", *map(str, arguments)]


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def until(true: Callable[[], Any]) -> Any:
    """Wait until something is true, and return it; AssertionError if it never is."""
    give_up = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < give_up, "this never came"
        time.sleep(0.05)
    return found


@dataclass
class Running:
    """A program of ours; its words go into files, so that it never waits for a reader."""

    process: subprocess.Popen[bytes]
    place: Path

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self.place.with_suffix(".out").read_text()

    @property
    def talk(self) -> str:
        """What it has said on stderr so far."""
        return self.place.with_suffix(".err").read_text()

    def line(self) -> str:
        """Wait for its first printed line; AssertionError with its words if it ends before."""

        def first() -> str:
            assert self.process.poll() is None or self.said, self.talk
            return self.said.partition("\n")[0] if "\n" in self.said else ""

        return str(until(first))

    def ended(self) -> int:
        """Wait for its end; return its exit status."""
        return self.process.wait(PATIENCE)

    def stop(self) -> None:
        """End it if it runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(PATIENCE)


@dataclass
class Country:
    """A state on this machine: its directories, its ports, the programs that run."""

    place: Path
    web: int = field(default_factory=free_port)
    channel: int = field(default_factory=free_port)
    fingerprint: str = ""
    """Of the root, in groups, as the ceremony has told it to those who were there."""
    programs: dict[str, Running] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        """The authority's directory."""
        return self.place / "authority"

    @property
    def url(self) -> str:
        """Where the authority's pages are, with a slash at the end."""
        return f"http://authority.baluardo.localhost:{self.web}/"

    def hold_ceremony(self) -> None:
        """Found the state: the papers lie in `papers` afterwards."""
        officers = [part for each in OFFICERS.items() for part in ("--officer", "=".join(each))]
        ports = ["--web-port", str(self.web), "--channel-port", str(self.channel)]
        said = self.told(
            *("authority", "init", self.directory, "--community", COMMUNITY, *officers, *ports),
            *("--shares", self.place / "papers", "--custodians", "3", "--threshold", "2"),
            "--unprotected",
        )
        self.fingerprint = said.strip().split("  ")[-1]

    def told(self, *arguments: str | Path) -> str:
        """Run a command to its end; return what it has printed."""
        done = subprocess.run(
            command(*arguments), capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, name: str, *arguments: str | Path) -> Running:
        """Start a program that runs until it is stopped, or to its own end."""
        place = self.place / name
        stdout, stderr = place.with_suffix(".out"), place.with_suffix(".err")
        with stdout.open("wb") as out, stderr.open("wb") as err:
            environment = {**os.environ, "XDG_STATE_HOME": str(self.place / "state")}
            process = subprocess.Popen(command(*arguments), stdout=out, stderr=err, env=environment)
        running = Running(process, place)
        self.programs[name] = running
        return running

    def serve(self) -> None:
        """Let the authority serve, and wait until it does."""
        running = self.start("serve", "authority", "serve", self.directory, "--unprotected")
        assert running.line() == self.url

    def stop_serving(self) -> None:
        """Let the authority end in order."""
        self.programs["serve"].stop()

    def invitation(self, name: str) -> str:
        """Return the link on an officer's paper."""
        paper = (self.place / "papers" / f"invitation-{name}.txt").read_text()
        return next(line for line in paper.splitlines() if line.startswith("http"))

    def emergency_code(self, number: int = 1) -> str:
        """Return the code on a sealed sheet."""
        return (self.place / "papers" / f"emergency-{number}.txt").read_text().split("\n")[-2]

    def enrol_edge(self, name: str, token: str) -> Running:
        """Start an edge's enrolment with an invitation; it waits where an officer has to look."""
        paper = self.place / f"{name}-invitation.txt"
        paper.write_text(token)
        return self.start(
            *(f"{name}-enrol", "edge", "enrol", self.place / name),
            *("--invitation", paper, "--unprotected"),
        )

    def run_edge(self, name: str) -> Running:
        """Run an edge; return when it serves its pages."""
        running = self.start(
            *(f"{name}-run", "edge", "run", self.place / name, "--port", "0", "--unprotected")
        )
        assert running.line().startswith(f"http://{name}.")
        return running

    def edge_status(self, name: str) -> dict[str, Any]:
        """Return what an edge judges by, as its disk tells."""
        told: dict[str, Any] = json.loads(self.told("edge", "status", self.place / name, "--json"))
        return told

    def copy(self, name: str) -> Path:
        """Copy the authority's directory, which must not be served meanwhile."""
        return Path(shutil.copytree(self.directory, self.place / name))

    def close(self) -> None:
        """Stop all programs."""
        stopping = [threading.Thread(target=each.stop) for each in self.programs.values()]
        for each in stopping:
            each.start()
        for each in stopping:
            each.join()


@contextmanager
def country_at(place: Path) -> Iterator[Country]:
    """Found a country and let its authority serve while inside."""
    country = Country(place)
    country.hold_ceremony()
    try:
        country.serve()
        yield country
    finally:
        country.close()
