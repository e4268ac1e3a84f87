"""Recomputing a log from its entries, bundle by bundle, beside what its tiles say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from enum import Enum
from typing import Final

from baluardo.errors import LogError
from baluardo.trust.audit.merkle import EMPTY_ROOT, Frontier, complete_root, leaf_hash
from baluardo.trust.audit.reading import LogReader, is_there
from baluardo.trust.audit.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, levels, tile_at

MOST_KEPT: Final = 64
"""Differences that are kept one by one."""


class Finding(Enum):
    """What can be wrong with a log."""

    MISSING_FILE = "missing file"
    ALTERED_ENTRY = "altered entry"
    ALTERED_TILE = "altered tile"
    REWRITTEN = "rewritten"
    TRUNCATED = "truncated"
    FORKED = "forked"
    BAD_SIGNATURE = "bad signature"
    WRONG_TIME = "wrong time"
    TOO_FEW_WITNESSES = "too few witnesses"


class Recomputed:
    """Roots as the entries and as the tiles lead to them, and where the two differ."""

    def __init__(self) -> None:
        """Start before the first entry."""
        self.roots: dict[int, tuple[bytes, bytes]] = {}
        """For the sizes asked for: the root over the entries, and that over the tiles' hashes."""
        self.root = EMPTY_ROOT
        """Over all entries."""
        self.told_root = EMPTY_ROOT
        """Over all hashes in the tiles of level 0."""
        self.differing: list[int] = []
        """Entries whose hash in the tile is another."""
        self.broken: list[tuple[Finding, str]] = []
        self.untold = 0

    def note(self, finding: Finding, sentence: str) -> None:
        """Keep a fault, if there are not too many already."""
        if len(self.broken) < MOST_KEPT:
            self.broken.append((finding, sentence))
        else:
            self.untold += 1

    def roots_at(self, size: int, root: bytes, *unknown: bytes) -> tuple[bytes, ...]:
        """Return the roots over the first `size` entries of a log whose checkpoint has this root.

        One, where entries or tiles lead to that checkpoint: what stands beside them may be there to
        mislead. Both, where neither does; `unknown` for a size that was not asked for.
        """
        if size not in self.roots:
            return unknown
        by_entries, by_tiles = self.roots[size]
        if self.root == root:
            return (by_entries,)
        return (by_tiles,) if self.told_root == root else (by_entries, by_tiles)

    def faults(self, root: bytes) -> Iterator[tuple[Finding, str, int | None]]:
        """Yield what is wrong with the files of a log whose checkpoint has this root."""
        for finding, sentence in self.broken:
            yield finding, sentence, None
        for index in self.differing:
            if self.root == root:
                path = tile_at(0, index // TILE_WIDTH, index + 1).full.path
                yield (
                    Finding.ALTERED_TILE,
                    f"The hash of entry {index} was altered in {path}; the entry is as signed.",
                    index,
                )
            elif self.told_root == root:
                yield (
                    Finding.ALTERED_ENTRY,
                    f"Entry {index} was altered: it is not what the log took.",
                    index,
                )
            else:
                yield (
                    Finding.ALTERED_ENTRY,
                    f"Entry {index} is not what its hash says, and more was altered as well.",
                    index,
                )


def recompute(
    reader: LogReader, sizes: Collection[int], progress: Callable[[int], object] | None = None
) -> Recomputed:
    """Read a whole log once; roots are kept for `sizes`. Memory does not grow with the log."""
    found = Recomputed()
    entries, told = Frontier(), Frontier()
    parents = _Parents(reader, found)
    for number in range((reader.size + TILE_WIDTH - 1) // TILE_WIDTH):
        if len(found.broken) >= MOST_KEPT:  # an owner may sign for more than there ever was
            found.note(Finding.MISSING_FILE, "The rest was not looked at.")
            return found
        hashes, tile = _bundle(reader, number, found)
        for size in sizes:
            if entries.size < size <= entries.size + len(hashes):
                found.roots[size] = (
                    _root_at(entries, hashes, size),
                    _root_at(told, tile, size),
                )
        if hashes != tile:
            _differences(number, hashes, tile, found)
        roots = [_add(entries, hashes), _add(told, tile)]
        if len(hashes) == TILE_WIDTH:
            parents.take(0, roots)
        if progress is not None:
            progress(len(hashes))
    found.root, found.told_root = entries.root(), told.root()
    if 0 in sizes:
        found.roots[0] = (EMPTY_ROOT, EMPTY_ROOT)
    return found


def _bundle(reader: LogReader, number: int, found: Recomputed) -> tuple[list[bytes], list[bytes]]:
    """Return the leaf hashes that the entries have and those that the tile says."""
    hashes: list[bytes] | None = None
    tile: list[bytes] | None = None
    try:
        hashes = [leaf_hash(entry) for entry in reader.bundle(number)]
    except LogError as problem:
        found.note(_kind(reader, ENTRIES, number, Finding.ALTERED_ENTRY), str(problem))
    try:
        tile = reader.tile(0, number)
    except LogError as problem:
        found.note(_kind(reader, 0, number, Finding.ALTERED_TILE), str(problem))
    width = tile_at(0, number, reader.size).width
    nothing = [bytes(32)] * width  # so that whatever follows cannot match by accident
    return hashes or tile or nothing, tile or hashes or nothing


def _kind(reader: LogReader, level: int, number: int, otherwise: Finding) -> Finding:
    path = reader.directory / tile_at(level, number, reader.size).path
    return otherwise if is_there(path) else Finding.MISSING_FILE


def _root_at(frontier: Frontier, hashes: list[bytes], size: int) -> bytes:
    edge = frontier.copy()
    for each in hashes[: size - frontier.size]:
        edge.append(each)
    return edge.root()


def _add(frontier: Frontier, hashes: list[bytes]) -> bytes:
    """Add a bundle's hashes; return their root if they are a full tile."""
    if len(hashes) == TILE_WIDTH:
        root = complete_root(hashes)
        frontier.append_subtree(TILE_HEIGHT, root)
        return root
    for each in hashes:
        frontier.append(each)
    return b""


def _differences(number: int, hashes: list[bytes], tile: list[bytes], found: Recomputed) -> None:
    for offset, (computed, said) in enumerate(zip(hashes, tile, strict=True)):
        if computed != said:
            if len(found.differing) < MOST_KEPT:
                found.differing.append(number * TILE_WIDTH + offset)
            else:
                found.untold += 1


class _Parents:
    """Compares the tiles above level 0 with the full tiles below them, as these are completed."""

    def __init__(self, reader: LogReader, found: Recomputed) -> None:
        self._reader = reader
        self._found = found
        self._rows: list[list[bytes]] = [[] for _ in range(levels(reader.size))]
        self._tiles: list[list[bytes] | None] = [None for _ in self._rows]
        self._counts = [0 for _ in self._rows]

    def take(self, level: int, roots: list[bytes]) -> None:
        """Take the root of a full tile: as the entries have it, and as the tile says."""
        above = level + 1
        row = self._rows[above]
        if not row:
            self._tiles[above] = self._read(above)
        said = self._tiles[above]
        at = len(row)
        if said is None or said[at] in roots:
            row.append(said[at] if said is not None else roots[0])
        else:
            path = tile_at(above, self._counts[above], self._reader.size).path
            self._found.note(
                Finding.ALTERED_TILE, f"Hash {at} in {path} is not that of the tile below it."
            )
            row.append(roots[0])
        if len(row) == TILE_WIDTH:
            self._rows[above] = []
            self._counts[above] += 1
            self.take(above, [complete_root(row)])

    def _read(self, level: int) -> list[bytes] | None:
        number = self._counts[level]
        try:
            return self._reader.tile(level, number)
        except LogError as problem:
            kind = _kind(self._reader, level, number, Finding.ALTERED_TILE)
            self._found.note(kind, str(problem))
            return None
