"""The few things the log does to a file system, in one place: tests stop it after each of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from baluardo.durable_files import CannotLockError, Hold
from baluardo.errors import LogError
from baluardo.foreign_input import printable

PUBLIC: Final = 0o644
PRIVATE: Final = 0o600
LOCK: Final = "lock"


class Disk:
    """Writes that can be forced down. Every method raises OSError as the system does."""

    def __init__(self, mode: int = PUBLIC) -> None:
        """Write files of one mode, PUBLIC or PRIVATE, and directories to match."""
        self._mode = mode

    def make_directory(self, path: Path) -> None:
        """Make one directory; one that is there already is fine."""
        path.mkdir(mode=0o700 if self._mode == PRIVATE else 0o755, exist_ok=True)

    def write(self, path: Path, octets: bytes) -> None:
        """Write a file, whatever stood there, and force its octets down."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, self._mode)
        try:
            self._fill(descriptor, octets)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Put a file in another's place, in one step."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """Remove a file; one that is gone already is fine."""
        path.unlink(missing_ok=True)

    def remove_directory(self, path: Path) -> None:
        """Remove an empty directory."""
        path.rmdir()

    def overwrite(self, path: Path, octets: bytes) -> None:
        """Put octets in the place of as many that a file has, and force them down.

        The file is never shorter in between: where they are the same, they are always there.
        """
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            self._fill(descriptor, octets)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def sync_directory(self, path: Path) -> None:
        """Force the names in a directory down."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @staticmethod
    def _fill(descriptor: int, octets: bytes) -> None:
        rest = memoryview(octets)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


class Batch:
    """New files below a directory that are forced down together, with every name on their way.

    A directory found in place may be a dead process's and not be on the disk yet: the first time
    one is used here, its name is forced down as well.
    """

    def __init__(self, root: Path, disk: Disk) -> None:
        """Write below `root`, which is there."""
        self._disk = disk
        self._known = {root}
        self._unsynced: set[Path] = set()

    def write(self, path: Path, octets: bytes) -> None:
        """Write a new file, making the directories it needs."""
        self._prepare(path.parent)
        self._disk.write(path, octets)
        self._unsynced.add(path.parent)

    def sync(self) -> None:
        """Force the names of everything written since the last time down."""
        for directory in sorted(self._unsynced, reverse=True):
            self._disk.sync_directory(directory)
        self._unsynced.clear()

    def remove(self, directory: Path) -> None:
        """Remove a directory of files that nobody needs any more, if it is there."""
        try:
            files = list(directory.iterdir())
        except FileNotFoundError:
            return
        for file in files:
            self._disk.remove(file)
        self._disk.remove_directory(directory)
        self._known.discard(directory)

    def _prepare(self, directory: Path) -> None:
        if directory in self._known:
            return
        self._prepare(directory.parent)
        self._disk.make_directory(directory)
        self._unsynced.add(directory.parent)
        self._known.add(directory)


def take_hold(directory: Path, what: str) -> Hold:
    """Keep any other process from writing in a directory, until it is released.

    LogError, with `what` as its subject, if somebody else does, or the directory takes no lock.
    """
    try:
        return Hold(directory / LOCK, PUBLIC)
    except BlockingIOError:
        raise LogError(
            f"{what} is being written by another process; only one may. Stop that one first."
        ) from None
    except CannotLockError as error:
        raise LogError(f"{what} cannot be locked: {error.strerror}.") from None
    except OSError as error:
        raise LogError(f"{what} cannot be opened for writing: {error.strerror}.") from None


def shown(path: Path) -> str:
    """Return a path fit for a sentence."""
    return printable(str(path))
