"""The files of an authority, searched for what must not be in them, and for what must be."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from baluardo.stage.prove.result import Finding


def files_with(directory: Path, words: Sequence[bytes]) -> int:
    """Return how many files below a directory hold one of some words; each is taken as it is."""
    return sum(any(word in octets for word in words) for octets in _contents(directory))


def _contents(directory: Path) -> Iterator[bytes]:
    for each in directory.rglob("*"):
        with contextlib.suppress(OSError):  # a database's own files come and go
            if each.is_file():
                yield each.read_bytes()


def judge_stored(what: str, directory: Path, secret: Sequence[bytes], known: str) -> list[Finding]:
    """Judge whether files hold something secret, beside a word that the same search must find.

    `what` names the secret; `known` is a name that an authority is there to keep.
    """
    held, control = files_with(directory, secret), files_with(directory, [known.encode()])
    return [
        Finding(f"files of the authority that hold {what}", f"{held}", "0", held == 0),
        Finding(
            f"those that hold a name it has to know (control: {known})",
            f"{control}",
            "above 0",
            control > 0,
        ),
    ]
