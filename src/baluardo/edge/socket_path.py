"""The path of a Unix socket, as a configuration may name it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted

LONGEST_SOCKET: Final = 107
"""Octets of a Unix socket's path: `sun_path` less its final zero (unix(7))."""


def check_socket_path(field: str, path: Path) -> None:
    """Refuse what is no path of a Unix socket; InvalidInputError names the field."""
    text = str(path)
    octets = len(text.encode(errors="surrogateescape"))
    if not path.is_absolute() or not text.isprintable() or octets > LONGEST_SOCKET:
        raise InvalidInputError(
            f"{field} {quoted(text)}: the path of a Unix socket, from /, of at most "
            f"{LONGEST_SOCKET} octets."
        )
