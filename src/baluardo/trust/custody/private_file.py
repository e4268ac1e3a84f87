"""Files that nobody but their owner may read: refused where others may."""

from __future__ import annotations

from pathlib import Path

from baluardo.errors import CustodyError, SourceError
from baluardo.foreign_input import printable


def check_private(path: Path, what: str) -> None:
    """Return if only its owner may read or write a file; CustodyError says what to do if not."""
    shown = f"{what} {printable(str(path))}"
    try:
        mode = path.stat().st_mode
    except OSError as problem:
        raise SourceError(f"{shown} cannot be read: {problem.strerror}.") from None
    if mode & 0o077:
        raise CustodyError(
            f"{shown} may be read by others. If somebody else can come there, its secret is known "
            "by now; if not, do `chmod 600` and try again."
        )
