"""Where an update's file comes from: a path, or an address on the web.

Nothing that comes is believed: the file is signed, whoever hands it on. So plain http will do, and
a certificate that this machine does not know. What is not wanted is not fetched any further than
its signatures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import httpx

from baluardo.edge.updates.manifest import LARGEST_UPDATE
from baluardo.edge.updates.package import HEAD, Header, read_header
from baluardo.errors import SourceError, TargetError
from baluardo.foreign_input import printable
from baluardo.trust.commands.bundle import LARGEST_BUNDLE

CONNECT_SECONDS: Final = 15.0
ANSWER_SECONDS: Final = 60.0
"""For each part of the answer: a satellite's bearer may be slow. Our choice."""
LARGEST_FILE: Final = HEAD + LARGEST_BUNDLE + LARGEST_UPDATE

Wanted = Callable[[Header], bool]
"""Tells by the signatures whether the rest is to be fetched."""


@contextmanager
def fetched(source: str, folder: Path, wanted: Wanted) -> Iterator[Path | None]:
    """Give the file that a source has while inside, None if it is not wanted.

    `folder` takes what comes from the web for as long. SourceError if the source does not answer as
    it must; errors of `read_header` for what is no update, and those of `wanted`.
    """
    if source.startswith("/"):
        path = Path(source)
        try:
            with path.open("rb") as file:
                header = read_header(file.read)
        except OSError as problem:
            reason = problem.strerror or problem
            raise SourceError(f"The update {printable(source)} cannot be read: {reason}.") from None
        yield path if wanted(header) else None
        return
    part = folder / ".fetched"
    try:
        yield part if _download(source, part, wanted) else None
    finally:
        part.unlink(missing_ok=True)


def _download(url: str, part: Path, wanted: Wanted) -> bool:
    timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
    shown = printable(url)
    try:
        with (
            httpx.Client(timeout=timeout, verify=False, trust_env=False) as client,  # noqa: S501
            client.stream("GET", url, headers={"accept-encoding": "identity"}) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise SourceError(f"{shown} answers with status {answer.status_code}.")
            parts = _Parts(answer.iter_raw())
            header = read_header(parts.read)
            if not wanted(header):
                return False
            with part.open("w+b") as file:
                parts.write(file, shown)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as problem:
        why = printable(str(problem) or type(problem).__name__)
        raise SourceError(f"{shown} cannot be reached: {why}.") from None
    except OSError as problem:
        reason = problem.strerror or problem
        raise TargetError(f"{printable(str(part))} cannot be written: {reason}.") from None
    return True


class _Parts:
    """What comes in pieces of any size, read in sizes of ours; all of it is kept for writing."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._come = bytearray()
        self._read = 0

    def read(self, octets: int) -> bytes:
        """Return so many octets; fewer at the end alone."""
        while len(self._come) < self._read + octets:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._come += piece
        found = bytes(self._come[self._read : self._read + octets])
        self._read += len(found)
        return found

    def write(self, file: BinaryIO, shown: str) -> None:
        """Write what has come, and all that comes."""
        file.write(self._come)
        for piece in self._pieces:
            file.write(piece)
            if file.tell() > LARGEST_FILE:
                raise SourceError(f"{shown} answers with more octets than any update has.")
