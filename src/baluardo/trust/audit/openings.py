"""Openings of commitments, kept beside the log and not in it, so that they can be erased.

One file for each, named after the digest that the log holds. Erasing writes zeros over it and
removes it; whether a disk really gives up the old octets is the disk's affair (docs/limits.md).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Container, Iterable, Iterator
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
        new: list[Path] = []
        try:
            for disclosure in disclosures:
                path = self._path(disclosure.digest)
                if not path.exists():
                    new.append(path)
                batch.write(path, disclosure.text.encode())
            batch.sync()
        except OSError as error:
            for path in new:  # no entry will name them, so nobody could erase them later
                with contextlib.suppress(OSError):
                    self._wipe(path)
            raise LogError(
                f"The openings in {shown(self.directory)} cannot be written: {error.strerror}. "
                "Nothing was put into the log."
            ) from None

    def find(self, digest: str) -> Disclosure | None:
        """Return the opening of a digest; None if it was erased, or is not kept here.

        LogError if it is there and is not what the log committed to.
        """
        octets = self._octets(digest)
        if octets is None or _erased(octets):
            return None
        path = self._path(digest)
        try:
            disclosure = Disclosure.of_text(octets.decode())
        except UnicodeDecodeError:
            raise LogError(f"The opening {shown(path)} cannot be read: it was altered.") from None
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
        for digest in record.digests:
            octets = self._octets(digest)
            if octets is not None and _erased(octets):  # begun, and stopped: its name is gone
                self._erase(digest)
                erased = True
        for disclosure in self.of(record):
            if disclosure.name == name:
                self._erase(disclosure.digest)
                erased = True
        if not erased:
            raise LogError(
                f"No detail {quoted(name)} of this entry is kept in {shown(self.directory)}; "
                "nothing was erased."
            )

    def retain(self, digests: Container[str]) -> int:
        """Erase every opening of another digest, and return how many there were.

        With all digests that the log holds: what is left of entries that never came into it. For
        whoever has the log open for writing, while nothing is being appended.
        """
        try:
            names = [path.name for path in self.directory.iterdir()]
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise LogError(f"{shown(self.directory)} cannot be read: {error.strerror}.") from None
        strange = [name for name in names if _DIGEST.match(name) and name not in digests]
        for name in strange:
            self._erase(name)
        return len(strange)

    def _octets(self, digest: str) -> bytes | None:
        """Return what is in the file of a digest; None if there is none."""
        if not _DIGEST.match(digest):
            return None
        path = self._path(digest)
        try:
            path.lstat()
            return read_file(path, MOST_DISCLOSURE, "The opening")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise LogError(f"The opening {shown(path)} cannot be read: {error.strerror}.") from None
        except SourceError as problem:
            raise LogError(str(problem)) from None

    def _erase(self, digest: str) -> None:
        path = self._path(digest)
        try:
            self._wipe(path)
        except OSError as error:
            raise LogError(
                f"The opening {shown(path)} may not be erased: {error.strerror}. Try again."
            ) from None

    def _wipe(self, path: Path) -> None:
        self._disk.overwrite(path, bytes(path.lstat().st_size))
        self._disk.remove(path)
        self._disk.sync_directory(path.parent)

    def _path(self, digest: str) -> Path:
        if len(digest) != DIGEST_CHARACTERS:
            raise LogError("An opening is named after a digest.")
        return self.directory / digest


def _erased(octets: bytes) -> bool:
    """Tell whether erasing was begun: no opening has zeros in it, or is empty."""
    return not octets or b"\x00" in octets
