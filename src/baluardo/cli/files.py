"""Files that a command writes: looked at before the work, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from baluardo.durable_files import write_durably
from baluardo.errors import TargetError


def check_target(path: Path) -> None:
    """Refuse a path that cannot be written, before hours of work are done for it."""
    target = _followed(path)
    try:
        directory, parent = target.is_dir(), target.parent.is_dir()
        allowed = os.access(target if _special(target) else target.parent, os.W_OK)
    except OSError as error:  # a folder above that may not be entered
        raise TargetError(f"{path} cannot be written: {error.strerror or error}.") from None
    if directory:
        raise TargetError(f"{path} is a directory; name a file in it.")
    if not parent:
        raise TargetError(f"{path} cannot be written: there is no directory {target.parent}.")
    if not allowed:
        raise TargetError(f"{path} cannot be written: permission denied.")


def write_whole(path: Path, octets: bytes) -> None:
    """Write a file so that nobody ever finds half of it; what stood there is replaced at the end.

    TargetError if it cannot be written; the old file, if any, is then untouched.
    """
    target = _followed(path)
    try:
        if _special(target):  # /dev/stdout and its like cannot be replaced
            target.write_bytes(octets)
        else:
            write_durably(target, octets, mode=0o666 & ~_umask())
    except OSError as error:
        raise TargetError(f"{path} cannot be written: {error.strerror or error}.") from None


def _followed(path: Path) -> Path:
    """Follow links, so that a link goes on pointing to the new file; TargetError if none can."""
    try:
        target = path.resolve()
        circle = target.is_symlink()
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise TargetError(f"{path!s} cannot be written: {why}.") from None
    if circle:  # from Python 3.13 on, such links resolve to themselves
        raise TargetError(f"{path!s} cannot be written: its links go round in a circle.")
    return target


def _special(target: Path) -> bool:
    return target.exists() and not target.is_file()


def _umask() -> int:
    """Return what the user keeps from others; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
