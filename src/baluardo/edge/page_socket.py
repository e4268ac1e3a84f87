"""The Unix socket at which a proxy of the same machine reaches the pages."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from baluardo.errors import StageError
from baluardo.foreign_input import printable

FOR_THE_GROUP: Final = 0o660
"""The proxy's user is put into the edge's group."""
_BACKLOG: Final = 128


@contextmanager
def bind_page_socket(path: Path) -> Iterator[socket.socket]:
    """Listen at a path while inside; what an edge that was killed has left there is replaced.

    StageError if it cannot be listened at, or another program does.
    """
    shown = printable(str(path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as bound:
        try:
            if path.is_socket():
                _check_left(path, shown)
                path.unlink()
            bound.bind(str(path))
            path.chmod(FOR_THE_GROUP)
            bound.listen(_BACKLOG)
        except OSError as problem:
            reason = problem.strerror or problem
            raise StageError(f"The socket {shown} cannot be opened: {reason}.") from None
        bound.setblocking(False)
        try:
            yield bound
        finally:
            path.unlink(missing_ok=True)


def _check_left(path: Path, shown: str) -> None:
    """Refuse a socket at which somebody answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        try:
            knock.connect(str(path))
        except ConnectionRefusedError:
            return
    raise StageError(
        f"The socket {shown} is taken by another program; choose one with socket in edge.toml."
    )
