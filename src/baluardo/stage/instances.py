"""Which consoles run on this machine for this user, told by locks that die with their process.

Each running instance holds one file `console-<process>.json` in the run directory under an advisory
lock (flock). The kernel gives the lock back however the process ends, so a file that can be locked
was left behind by a crash: no guessing by process numbers that somebody else may have by now.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from baluardo.errors import StageError

_FILE = re.compile(r"console-\d{1,10}\.json")
_TRIES, _PAUSE_S = 40, 0.025
_LEFTOVER = re.compile(r"console-\d{1,10}\.json|\.?[\w-]+\.tmp")


@dataclass(frozen=True, slots=True)
class Instance:
    """A running console: its process and the address at which it answers."""

    pid: int
    address: str


class RunDirectory:
    """The folder (mode 0700) that holds one locked file for each running instance."""

    def __init__(self, path: Path) -> None:
        """Make the folder; StageError if it cannot be made, or is not this user's own."""
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = path.stat().st_uid
        except OSError as error:
            raise StageError(
                f"The run directory {path} cannot be made: {error.strerror}."
            ) from None
        if owner != os.geteuid():
            raise StageError(f"The run directory {path} belongs to another user; remove it.")

    def clean(self) -> int:
        """Remove what crashed instances left behind; return how many files that were."""
        removed = 0
        for path in sorted(self.path.iterdir()):
            if _LEFTOVER.fullmatch(path.name) and path.is_file() and not path.is_symlink():
                removed += self._remove_if_free(path)
        return removed

    def _remove_if_free(self, path: Path) -> int:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return 0
        try:
            if not _lock(descriptor):
                return 0
            # Removed while locked, so nobody can take hold of it in between.
            path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)
        return 1

    def running(self) -> tuple[Instance, ...]:
        """Return the instances that run now."""
        return tuple(self._running())

    def _running(self) -> Iterator[Instance]:
        for path in sorted(self.path.iterdir()):
            if not _FILE.fullmatch(path.name):
                continue
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError), path.open() as file:
                if _is_locked(file.fileno()):
                    told = json.load(file)
                    yield Instance(int(told["pid"]), str(told["address"]))

    @contextlib.contextmanager
    def entered(self, address: str) -> Iterator[None]:
        """Be listed as running at an address while inside."""
        path = self.path / f"console-{os.getpid()}.json"
        descriptor = _take(path)
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, json.dumps({"pid": os.getpid(), "address": address}).encode())
            yield
        finally:
            path.unlink(missing_ok=True)
            os.close(descriptor)


def _take(path: Path) -> int:
    """Open and lock a file that still stands in its folder; StageError if that never succeeds.

    Another process may look at it (a shared lock for a moment) or clean it away between our open
    and our lock; then it is tried again.
    """
    for _ in range(_TRIES):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(FileNotFoundError):
            if _lock(descriptor) and os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        os.close(descriptor)
        time.sleep(_PAUSE_S)
    raise StageError(f"Another process holds {path}; remove the file.")


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_locked(descriptor: int) -> bool:
    """Tell whether somebody else holds the lock (a shared one, tried for a moment, is refused)."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False
