"""Files that survive a pulled plug, and that one process alone writes.

A file is written whole and forced to the disk, or not at all: beside its place under another name,
brought to the disk, and only then given its name; the directory is brought to the disk too, so that
a power cut cannot take the name back.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import tempfile
from pathlib import Path
from typing import Final

from baluardo.errors import TargetError
from baluardo.foreign_input import printable

OWNER_ALONE: Final = 0o600
FOR_ALL: Final = 0o644

_NO_LINKS: Final = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
"""What file systems without hard links (FAT on a memory stick, some shares) answer."""


def write_durably(
    path: Path, octets: bytes, *, mode: int = OWNER_ALONE, replace: bool = True
) -> None:
    """Write a file; when this returns, its octets and its name are on the disk.

    What stood there is untouched until the new file is whole. TargetError if it cannot be written,
    or if something is there and `replace` is false.
    """
    try:
        part = _write_part(path, octets, mode)
        try:
            if replace:
                part.replace(path)
            else:
                _name_if_free(part, path)
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
        sync_directory(path.parent)
    except FileExistsError:
        raise TargetError(
            f"{printable(str(path))} is already there and was left as it is. Name another file, "
            "or say that it is to be replaced."
        ) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "it cannot be the name of a file"
        raise TargetError(f"{printable(str(path))} cannot be written: {reason}.") from None


def make_directory(directory: Path) -> None:
    """Make a directory and those above it; one that is there is fine. TargetError if it cannot."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise TargetError(f"{directory} cannot be made: {problem.strerror or problem}.") from None


class CannotLockError(OSError):
    """A file system takes no locks."""


class Hold:
    """Keeps every other process from what a lock file stands for, until it is released."""

    def __init__(self, lock: Path, mode: int) -> None:
        """Take hold, making the file if need be.

        BlockingIOError if somebody else has, CannotLockError if nobody could, OSError for the file.
        """
        self._process = os.getpid()
        self._descriptor: int | None = None
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(lock, flags, mode)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if isinstance(error, BlockingIOError):
                raise
            raise CannotLockError(error.errno, error.strerror) from None
        self._descriptor = descriptor

    @property
    def held(self) -> bool:
        """Whether this process has hold: not once released, and never in a forked child."""
        return self._descriptor is not None and self._process == os.getpid()

    def release(self) -> None:
        """Let the next process take hold; more than once is fine."""
        descriptor, ours = self._descriptor, self.held
        self._descriptor = None
        if descriptor is not None:
            with contextlib.suppress(OSError):
                if ours:  # children that inherited the descriptor would keep the lock otherwise
                    fcntl.flock(descriptor, fcntl.LOCK_UN)
                os.close(descriptor)


def hold_alone(lock: Path, busy: str) -> Hold:
    """Take hold of a file for its owner alone; TargetError, `busy` if another program has it."""
    try:
        return Hold(lock, OWNER_ALONE)
    except (BlockingIOError, CannotLockError):
        raise TargetError(busy) from None
    except OSError as problem:
        raise TargetError(
            f"{printable(str(lock.parent))} cannot be used: {problem.strerror or problem}."
        ) from None


def sync_directory(directory: Path) -> None:
    """Force the names in a directory to the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_part(path: Path, octets: bytes, mode: int) -> Path:
    descriptor, name = tempfile.mkstemp(
        prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent
    )
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(octets)
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108  # as mkstemp gave it
        raise
    return Path(name)


def _name_if_free(part: Path, path: Path) -> None:
    """Give a whole file its name; FileExistsError if the name is taken."""
    try:
        os.link(part, path, follow_symlinks=False)
    except OSError as problem:
        if problem.errno not in _NO_LINKS:
            raise
        # An empty file takes the name first: of two writers only one gets past this.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ALONE))
        part.replace(path)
