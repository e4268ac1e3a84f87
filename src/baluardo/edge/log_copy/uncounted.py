"""What was fetched of a log and is not counted yet: complete bundles and tiles of one attempt.

They stand where they will be counted, so that an attempt that is cut off, by a lossy way or by a
new start, is gone on with where it ended. Nothing of them is believed: if they do not lead to what
was signed they are removed, and everything is fetched anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from baluardo.errors import LogError
from baluardo.trust.audit.disk import Batch, Disk
from baluardo.trust.audit.reading import LogReader
from baluardo.trust.audit.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    entries_of,
    tile_at,
)

MOST_OCTETS: Final = 4 << 30
"""Of one attempt: twice the entries of the largest log that is copied. Our choice."""
_LEVELS: Final = range(ENTRIES, 8)

Fetch = Callable[[Tile], bytes]
"""Returns a tile or bundle as the authority has it; LogError if it cannot be had."""


class RefusedEntriesError(LogError):
    """What the authority gave is no part of what its log has signed."""


class Uncounted:
    """The files of one attempt to follow a log from `start` to `size` entries."""

    def __init__(self, directory: Path, disk: Disk, start: int, size: int) -> None:
        """Write below `directory`, which is there; OSError as the disk has it, from all methods."""
        self._directory, self._disk = directory, disk
        self._start, self.size = start, size
        self._reader = LogReader(directory, size)
        self._batch = Batch(directory, disk)
        self._octets = 0
        self._found: set[Path] = set()
        """Bundles that were here already."""

    @property
    def found_any(self) -> bool:
        """Whether anything was here from an attempt before."""
        return bool(self._found)

    def entries(self, have: int, fetch: Fetch) -> list[bytes]:
        """Return those that follow `have` of them, as far as one bundle goes.

        RefusedEntriesError for a bundle that is none, or for more than fits; LogError of `fetch`.
        """
        tile = tile_at(ENTRIES, have // TILE_WIDTH, self.size)
        # What is counted of a bundle is not compared with it: then it is fetched.
        entries = None if have % TILE_WIDTH else self._kept(tile)
        if entries is None:
            octets = fetch(tile)
            self._octets += len(octets)
            if self._octets > MOST_OCTETS:
                self.remove()
                raise RefusedEntriesError(
                    f"The authority's entries {self._start} to {self.size - 1} are more than "
                    f"{MOST_OCTETS:,} octets. Nothing was taken."
                )
            try:
                entries = entries_of(octets, tile)
            except LogError as problem:
                raise RefusedEntriesError(f"{problem} Nothing was taken.") from None
        return entries[have % TILE_WIDTH :]

    def write(self, tile: Tile, octets: bytes) -> None:
        """Keep a tile or bundle, forced down."""
        path = self._directory / tile.path
        if path not in self._found:
            self._batch.write(path, octets)

    def sync(self) -> None:
        """Force every name down, also of what was here already."""
        named = {each for path in self._found for each in path.relative_to(self._directory).parents}
        for directory in sorted(named, reverse=True):
            self._disk.sync_directory(self._directory / directory)
        self._batch.sync()

    def remove(self) -> None:
        """Remove every complete file beyond what is counted."""
        for level in _LEVELS:
            height = TILE_HEIGHT * max(level, 0)
            first, last = ((each >> height) // TILE_WIDTH for each in (self._start, self.size))
            for index in range(first, last + 1):
                self._disk.remove(self._directory / Tile(level, index).path)

    def remove_partial(self) -> None:
        """Remove the partial forms of tiles that are complete now."""
        for level in _LEVELS:
            height = TILE_HEIGHT * max(level, 0)
            first, last = ((each >> height) // TILE_WIDTH for each in (self._start, self.size))
            for index in range(first, last):
                self._batch.remove(self._directory / f"{Tile(level, index).path}.p")

    def _kept(self, tile: Tile) -> list[bytes] | None:
        """Return a complete bundle that an attempt before has left; None if there is none."""
        path = self._directory / tile.path
        if tile.width != TILE_WIDTH or not path.is_file():
            return None
        try:
            entries = entries_of(self._reader.fetch(tile), tile)
        except LogError:  # a crash has torn it
            return None
        _force_down(path)
        self._found.add(path)
        return entries


class Refusals:
    """How long not to ask again for what was refused; in memory."""

    FIRST_SECONDS: Final = 60.0
    LONGEST_SECONDS: Final = 6 * 3600.0
    LONGEST_OTHER_SECONDS: Final = 600.0
    """For another root than the last that was refused: somebody may have mended the authority."""

    def __init__(self) -> None:
        """Begin without any."""
        self._count = 0
        self._root = b""
        self._at = 0.0

    def check(self, root: bytes, now: float) -> None:
        """Return if this root may be asked for; LogError says how long it may not."""
        if not self._count:
            return
        longest = self.LONGEST_SECONDS if root == self._root else self.LONGEST_OTHER_SECONDS
        pause = min(self.FIRST_SECONDS * 2 ** min(self._count - 1, 30), longest)
        if 0 < self._at + pause - now <= pause:
            raise LogError(
                f"What the authority gave for its log was refused {self._count} times: it is asked "
                f"for entries again after {pause:.0f} s."
            )

    def add(self, root: bytes, now: float) -> None:
        """Take note that what was given for a root was refused."""
        self._count, self._root, self._at = self._count + 1, root, now

    def clear(self) -> None:
        """Take note that something was taken."""
        self._count = 0


def _force_down(path: Path) -> None:
    """Force the octets of a file down that perhaps a dead process has written."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
