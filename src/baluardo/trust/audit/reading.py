"""Reading a log's directory, or a copy of it: no lock is needed, what is read never changes.

A reader keeps to the size of one checkpoint. What it returns is as good as the directory, unless it
knows the root: proofs are for others to verify, and `verification` recomputes everything.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from baluardo.errors import InvalidInputError, LogError, SourceError
from baluardo.foreign_input import read_file
from baluardo.trust.audit.disk import Disk, shown
from baluardo.trust.audit.merkle import (
    HASH_OCTETS,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_inclusion,
)
from baluardo.trust.audit.note import MOST_NOTE_OCTETS
from baluardo.trust.audit.tiles import (
    ENTRIES,
    MOST_BUNDLE_OCTETS,
    TILE_WIDTH,
    Tile,
    TileHashes,
    entries_of,
    hashes_of,
    tile_at,
)

CHECKPOINT: Final = "checkpoint"


def is_there(path: Path) -> bool:
    """Tell whether this process could read a file; one that it may not read is none to it."""
    return os.access(path, os.R_OK)


def read_checkpoint(directory: Path, disk: Disk | None = None) -> bytes:
    """Return the octets of a log's newest checkpoint, not verified; LogError if there is none.

    When this returns they are on the disk for good. A witness that cosigned a checkpoint which a
    loss of power then took back would have found a fork where there is none.
    """
    octets = _read(directory / CHECKPOINT, MOST_NOTE_OCTETS)
    with contextlib.suppress(OSError):  # a medium that nobody writes to needs it not
        (disk or Disk()).sync_directory(directory)
    return octets


class LogReader:
    """The first `size` entries of the log in a directory, as its files tell them."""

    def __init__(self, directory: Path, size: int, trusted_root: bytes | None = None) -> None:
        """Read a log that has so many entries, as a checkpoint says. Threads may share it.

        With the root of a checkpoint that is trusted, `entry` and `entries` refuse what does not
        lead to it.
        """
        self.directory = directory
        self.size = size
        self._root = trusted_root
        self._hashes = TileHashes(size, self.fetch)
        self._bundle: tuple[Tile, list[bytes]] | None = None
        self._turn = threading.Lock()

    def fetch(self, tile: Tile) -> bytes:
        """Return the octets of a tile or bundle; LogError if it is missing.

        A partial one may have gone since it was completed: then it is cut out of the full one.
        """
        most = MOST_BUNDLE_OCTETS if tile.level == ENTRIES else TILE_WIDTH * HASH_OCTETS
        path = self.directory / tile.path
        try:
            return _read(path, most)
        except LogError:
            if tile.width == TILE_WIDTH or is_there(path):
                raise
            full = self.directory / tile.full.path
            if not is_there(full):
                raise
            octets = _read(full, most)
        if tile.level != ENTRIES:
            return b"".join(hashes_of(octets, tile.full)[: tile.width])
        end = 0
        for entry in entries_of(octets, tile.full)[: tile.width]:
            end += 2 + len(entry)
        return octets[:end]

    def entry(self, index: int) -> bytes:
        """Return one entry; InvalidInputError if there is none of that number."""
        if not 0 <= index < self.size:
            raise InvalidInputError(f"There is no entry {index}; the log has {self.size}.")
        with self._turn:
            return self._entries(index // TILE_WIDTH)[index % TILE_WIDTH]

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the entries from `start` to before `stop` (default: all)."""
        for index in range(start, self.size if stop is None else stop):
            yield self.entry(index)

    def bundle(self, number: int) -> list[bytes]:
        """Return the entries of one bundle: 256 of them but for the last."""
        tile = tile_at(ENTRIES, number, self.size)
        return entries_of(self.fetch(tile), tile)

    def tile(self, level: int, number: int) -> list[bytes]:
        """Return the hashes of one tile."""
        tile = tile_at(level, number, self.size)
        return hashes_of(self.fetch(tile), tile)

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` entries (default: all), as the tiles tell it."""
        wanted = self.size if size is None else size
        if not 0 <= wanted <= self.size:
            raise InvalidInputError(f"The log has {self.size} entries, not {wanted}.")
        with self._turn:
            return Frontier.read(wanted, self._hashes).root()

    def inclusion_proof(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return what shows an entry in the log of `size` entries (default: all)."""
        wanted = self.size if size is None else size
        if wanted > self.size:
            raise InvalidInputError(f"The log has {self.size} entries, not {wanted}.")
        with self._turn:
            return inclusion_proof(index, wanted, self._hashes)

    def consistency_proof(self, old: int, new: int | None = None) -> tuple[bytes, ...]:
        """Return what shows that the log of `new` entries (default: all) begins with the old."""
        wanted = self.size if new is None else new
        if wanted > self.size:
            raise InvalidInputError(f"The log has {self.size} entries, not {wanted}.")
        with self._turn:
            return consistency_proof(old, wanted, self._hashes)

    def _entries(self, number: int) -> list[bytes]:
        tile = tile_at(ENTRIES, number, self.size)
        if self._bundle is None or self._bundle[0] != tile:
            entries = self.bundle(number)
            if self._root is not None:
                self._check(number, entries, self._root)
            self._bundle = (tile, entries)
        return self._bundle[1]

    def _check(self, number: int, entries: list[bytes], root: bytes) -> None:
        """Return if a bundle leads to the root.

        Bundles are subtrees: in the tree whose leaves are their roots, the path to one is that to
        its first entry without the part inside the bundle.
        """
        first, bundles = number * TILE_WIDTH, (self.size + TILE_WIDTH - 1) // TILE_WIDTH
        inside = (len(entries) - 1).bit_length()
        path = inclusion_proof(first, self.size, self._hashes)[inside:]
        try:
            verify_inclusion(
                root_of([leaf_hash(entry) for entry in entries]), number, bundles, path, root
            )
        except LogError:
            raise LogError(
                f"Entries {first} to {first + len(entries) - 1} of the log in "
                f"{shown(self.directory)} are not those that it took: files were altered. Which, "
                "tells: baluardo audit verify."
            ) from None


def _read(path: Path, most_octets: int) -> bytes:
    try:
        octets = read_file(path, most_octets, "The log's file")
    except SourceError as problem:
        raise LogError(str(problem)) from None
    if len(octets) > most_octets:
        raise LogError(f"The log's file {shown(path)} is larger than {most_octets:,} octets.")
    return octets
