"""Openings of commitments, kept beside the log and not in it, so that they can be erased.

One file for each, named after the digest that the log holds. Erasing writes zeros over it and
removes it; whether a disk really gives up the old octets is the disk's affair (docs/limits.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from baluardo.errors import LogError, SourceError
from baluardo.foreign_input import quoted, read_file
from baluardo.trust.audit.disk import PRIVATE, Batch, Disk, shown
from baluardo.trust.audit.record import DIGEST_CHARACTERS, MOST_DISCLOSURE, Disclosure, Record

_DIGEST = re.compile(r"[A-Za-z0-9_-]{43}\Z", re.ASCII)


class Openings:
    """The directory of openings of one log. It is private: nobody gets a copy of it."""

    def __init__(self, directory: Path, disk: Disk | None = None) -> None:
        """Use a directory; it is made when the first opening is kept."""
        self.directory = directory
        self._disk = disk or Disk(PRIVATE)

    def keep(self, disclosures: Iterable[Disclosure]) -> None:
        """Write openings; they are on the disk for good when this returns. LogError if not."""
        batch = Batch(self.directory.parent, self._disk)
        try:
            for disclosure in disclosures:
                batch.write(self._path(disclosure.digest), disclosure.text.encode())
            batch.sync()
        except OSError as error:
            raise LogError(
                f"The openings in {shown(self.directory)} cannot be written: {error.strerror}. "
                "Nothing was put into the log."
            ) from None

    def find(self, digest: str) -> Disclosure | None:
        """Return the opening of a digest; None if it was erased, or is not kept here.

        LogError if it is there and is not what the log committed to.
        """
        if not _DIGEST.match(digest):
            return None
        path = self._path(digest)
        if not path.exists():
            return None
        try:
            octets = read_file(path, MOST_DISCLOSURE, "The opening")
            if not octets.strip(b"\x00"):  # erased, and stopped before the file was removed
                return None
            disclosure = Disclosure.of_text(octets.decode())
        except (SourceError, UnicodeDecodeError) as problem:
            raise LogError(f"The opening {shown(path)} cannot be read: {problem}") from None
        if disclosure.digest != digest:
            raise LogError(f"The opening {shown(path)} was altered: the log says otherwise.")
        return disclosure

    def of(self, record: Record) -> Iterator[Disclosure]:
        """Yield the openings that are still kept of a record's commitments."""
        for digest in record.digests:
            found = self.find(digest)
            if found is not None:
                yield found

    def erase(self, record: Record, name: str) -> None:
        """Erase the opening of one detail of a record, for good; LogError if there is none."""
        erased = False
        for disclosure in self.of(record):
            if disclosure.name == name:
                self._erase(disclosure.digest)
                erased = True
        if not erased:
            raise LogError(
                f"No detail {quoted(name)} of this entry is kept in {shown(self.directory)}; "
                "nothing was erased."
            )

    def _erase(self, digest: str) -> None:
        path = self._path(digest)
        try:
            self._disk.overwrite(path)
            self._disk.remove(path)
            self._disk.sync_directory(path.parent)
        except OSError as error:
            raise LogError(
                f"The opening {shown(path)} may not be erased: {error.strerror}. Try again."
            ) from None

    def _path(self, digest: str) -> Path:
        if len(digest) != DIGEST_CHARACTERS:
            raise LogError("An opening is named after a digest.")
        return self.directory / digest
