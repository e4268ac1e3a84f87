"""A PostgreSQL server of the test's own: unprivileged, on a Unix socket, fsync on."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

import psycopg
import pytest

START_SECONDS = 60.0
OWNER = "baluardo"
UNPRIVILEGED = ("postgres", "nobody")
"""Whom the server runs as where the tests are root's: PostgreSQL refuses root."""


def postgres_programs() -> Path:
    """Return the directory of initdb and postgres; skip the test where there is none."""
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    beside = [Path(found).parent for found in (shutil.which("initdb"),) if found]
    places = [*sorted(versions, key=lambda each: int(each.parent.name), reverse=True), *beside]
    for place in places:
        if (place / "initdb").is_file() and (place / "postgres").is_file():
            return place
    pytest.skip("PostgreSQL is not installed (package postgresql)")


class PostgresServer:
    """One server on a Unix socket, with as many databases as are asked for."""

    def __init__(self) -> None:
        """Make the cluster; `with` starts the server and takes all of it away at the end."""
        self._programs = postgres_programs()
        self._user = _unprivileged()
        self._databases = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.directory = Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path has 107 octets
        if self._user is not None:
            os.chown(self.directory, self._user.pw_uid, self._user.pw_gid)
        self._data = self.directory / "data"

    def __enter__(self) -> PostgresServer:
        """Start it."""
        try:
            make = ["-D", str(self._data), "-U", OWNER, "--auth=trust", "-E", "UTF8", "--locale=C"]
            self._wait(self._run("initdb", *make))
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
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # fast shutdown: clients are sent away
            try:
                self._process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill9()
            self._process = None
        shutil.rmtree(self.directory, ignore_errors=True)

    def fresh_database(self) -> str:
        """Make an empty database and return its URL."""
        self._databases += 1
        return self.make(f"fresh{self._databases}")

    def copy_database(self, url: str) -> str:
        """Make another database with the same rows, as of now, and return its URL."""
        self._databases += 1
        template = url.rpartition("?")[0].rpartition("/")[2]
        return self.make(f"copy{self._databases}", template)

    def make(self, database: str, template: str = "template1") -> str:
        """Make a database of a name, empty or a copy of another, and return its URL."""
        self._execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected to it."""
        self._execute(f'DROP DATABASE "{database}" WITH (FORCE)')

    def url(self, database: str) -> str:
        """Return the URL of a database here."""
        return f"postgresql://{OWNER}@/{database}?host={self.directory}"

    def kill9(self) -> None:
        """Kill the server and what it started, as a pulled plug would."""
        process, self._process = self._process, None
        if process is None:
            return
        children = _children(process.pid)
        process.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        process.wait()

    def start_again(self) -> None:
        """Start it on the same data, and wait until it takes clients."""
        give_up = time.monotonic() + START_SECONDS
        options = ["-D", str(self._data), "-k", str(self.directory), "-c", "listen_addresses="]
        while True:
            if self._process is None:
                self._process = self._run("postgres", *options, "-c", "fsync=on")
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
                return
            if self._process.poll() is not None:  # a process of before still held the memory
                self._process = None
            if time.monotonic() > give_up:
                raise AssertionError(f"PostgreSQL did not start:\n{self._said()}")
            time.sleep(0.05)

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        user = self._user
        with (self.directory / "server.log").open("ab") as log:
            return subprocess.Popen(
                [str(self._programs / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                user=None if user is None else user.pw_uid,
                group=None if user is None else user.pw_gid,
                extra_groups=None if user is None else [],
            )

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        if process.wait(START_SECONDS) != 0:
            raise AssertionError(f"initdb failed:\n{self._said()}")

    def _said(self) -> str:
        return (self.directory / "server.log").read_text(errors="replace")[-2_000:]

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


def _unprivileged() -> pwd.struct_passwd | None:
    """Return whom to be instead of root; None where the tests are an ordinary user's."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    pytest.skip("there is no user without rights to run PostgreSQL as")


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:  # they go by themselves when the server is gone
        return []
