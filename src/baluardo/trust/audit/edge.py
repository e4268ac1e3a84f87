"""The growing right edge of a log: what is in its partial tiles and in its last bundle."""

from __future__ import annotations

from collections.abc import Sequence

from baluardo.errors import LogError
from baluardo.trust.audit.merkle import Frontier, complete_root, leaf_hash
from baluardo.trust.audit.reading import LogReader
from baluardo.trust.audit.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    bundle_of,
    levels,
)


class Edge:
    """All that appending needs to know about a log. Values: growing makes a new one."""

    __slots__ = ("bundle", "hashes", "size")

    def __init__(self, size: int, bundle: list[bytes], hashes: list[list[bytes]]) -> None:
        """Take the entries of the partial bundle, and the hashes of each level's partial tile."""
        self.size = size
        self.bundle = bundle
        self.hashes = hashes

    @classmethod
    def read(cls, reader: LogReader) -> Edge:
        """Read the edge of a log; LogError if a file is missing, or entries and hashes differ."""
        size = reader.size
        hashes = []
        for level in range(levels(size)):
            held = size >> (TILE_HEIGHT * level)
            hashes.append(reader.tile(level, held // TILE_WIDTH) if held % TILE_WIDTH else [])
        bundle = reader.bundle(size // TILE_WIDTH) if size % TILE_WIDTH else []
        if hashes and [leaf_hash(entry) for entry in bundle] != hashes[0]:
            raise LogError(f"The last entries of the log, up to {size - 1}, were altered.")
        return cls(size, bundle, hashes)

    def root(self) -> bytes:
        """Return the root over the whole log."""
        frontier = Frontier()
        for level in reversed(range(len(self.hashes))):
            for each in self.hashes[level]:
                frontier.append_subtree(TILE_HEIGHT * level, each)
        return frontier.root()

    def grown(self, entries: Sequence[bytes]) -> tuple[Edge, list[tuple[Tile, bytes]]]:
        """Return the edge after appending entries, and the files in which they are."""
        files = self._bundles(entries)
        hashes: list[list[bytes]] = []
        new = [leaf_hash(entry) for entry in entries]
        level = 0
        while new or level < len(self.hashes):
            row = (self.hashes[level] if level < len(self.hashes) else []) + new
            done = (self.size >> (TILE_HEIGHT * level)) // TILE_WIDTH
            completed = [row[i : i + TILE_WIDTH] for i in range(0, len(row), TILE_WIDTH)]
            rest = completed.pop() if len(row) % TILE_WIDTH else []
            for offset, tile in enumerate(completed):
                files.append((Tile(level, done + offset), b"".join(tile)))
            if rest and new:
                files.append((Tile(level, done + len(completed), len(rest)), b"".join(rest)))
            hashes.append(rest)
            new = [complete_root(tile) for tile in completed]
            level += 1
        held = self.bundle + list(entries)
        bundle = held[len(held) - len(held) % TILE_WIDTH :]
        return Edge(self.size + len(entries), bundle, hashes), files

    def _bundles(self, entries: Sequence[bytes]) -> list[tuple[Tile, bytes]]:
        held = self.bundle + list(entries)
        first = self.size // TILE_WIDTH
        parts = [held[i : i + TILE_WIDTH] for i in range(0, len(held), TILE_WIDTH)]
        return [
            (Tile(ENTRIES, first + offset, len(part)), bundle_of(part))
            for offset, part in enumerate(parts)
        ]
