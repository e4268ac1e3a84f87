"""Where hashes and entries of a log lie: tiles and entry bundles of C2SP tlog-tiles.

A tile holds up to 256 consecutive hashes of one level: those of level 0 are leaf hashes, each hash
of level n + 1 is the root of a full tile of level n. A bundle holds the entries of a level 0 tile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError, LogError
from baluardo.trust.audit.merkle import HASH_OCTETS, MOST_LEAVES, complete_root

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
HIGHEST_LEVEL: Final = 63
"""Required by tlog-tiles; a log of fewer than 2^63 entries has levels 0 to 7."""
MOST_ENTRY_OCTETS: Final = 65_535
"""An entry's length is written in two octets."""
MOST_BUNDLE_OCTETS: Final = TILE_WIDTH * (2 + MOST_ENTRY_OCTETS)
ENTRIES: Final = -1
"""The "level" of entry bundles, below the tiles."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Coordinates of a tile, or of an entry bundle where the level is ENTRIES."""

    level: int
    index: int
    width: int = TILE_WIDTH
    """How many hashes or entries; below 256 the tile is partial."""

    def __post_init__(self) -> None:
        """Refuse what no log has."""
        if (
            not ENTRIES <= self.level <= HIGHEST_LEVEL
            or not 0 <= self.index <= MOST_LEAVES
            or not 1 <= self.width <= TILE_WIDTH
        ):
            raise InvalidInputError(
                f"There is no tile of level {self.level}, index {self.index}, width {self.width}."
            )

    @property
    def path(self) -> str:
        """The path below the log's directory: `tile/0/x001/234.p/56`."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        groups = [f"{self.index % 1000:03d}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        partial = f".p/{self.width}" if self.width < TILE_WIDTH else ""
        return f"tile/{level}/{'/'.join(groups)}{partial}"

    @property
    def full(self) -> Tile:
        """The same place once 256 are there."""
        return Tile(self.level, self.index)


def tile_at(level: int, index: int, size: int) -> Tile:
    """Return the tile of that level and index in a log of `size` entries, partial at its edge."""
    held = (size >> (TILE_HEIGHT * max(level, 0))) - index * TILE_WIDTH
    if held <= 0:
        raise LogError(f"A log of {size} entries has no tile {index} of level {level}.")
    return Tile(level, index, min(held, TILE_WIDTH))


def levels(size: int) -> int:
    """Return how many levels of tiles a log of `size` entries has."""
    count = 0
    while size >> (TILE_HEIGHT * count):
        count += 1
    return count


class TileHashes:
    """Reads the hashes of a log of one size out of its tiles (a `NodeReader`).

    `fetch` returns a tile's octets, LogError if it is not there; the last tiles are kept.
    """

    KEPT: Final = 64

    def __init__(self, size: int, fetch: Callable[[Tile], bytes]) -> None:
        """Read a log of `size` entries."""
        self.size = size
        self._fetch = fetch
        self._kept: dict[Tile, bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree of 2^level leaves."""
        high, low = divmod(level, TILE_HEIGHT)
        first = index << low
        hashes = self.tile(tile_at(high, first // TILE_WIDTH, self.size))
        start = first % TILE_WIDTH
        part = hashes[start : start + (1 << low)]
        if len(part) != 1 << low:
            raise LogError(f"A log of {self.size} entries has no node {index} of level {level}.")
        return complete_root(part)

    def tile(self, tile: Tile) -> list[bytes]:
        """Return the hashes of a tile; LogError if it has another length than its width says."""
        octets = self._kept.get(tile)
        if octets is None:
            octets = self._fetch(tile)
            if len(self._kept) >= self.KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[tile] = octets
        return hashes_of(octets, tile)


def hashes_of(octets: bytes, tile: Tile) -> list[bytes]:
    """Return the hashes in a tile's file; LogError if there are not as many as its width says."""
    if len(octets) != tile.width * HASH_OCTETS:
        raise LogError(
            f"The log's file {tile.path} has {len(octets)} octets instead of "
            f"{tile.width * HASH_OCTETS}."
        )
    return [octets[i : i + HASH_OCTETS] for i in range(0, len(octets), HASH_OCTETS)]


def bundle_of(entries: Iterable[bytes]) -> bytes:
    """Return entries as a bundle: each after its length in two octets, the high one first."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def entries_of(octets: bytes, tile: Tile) -> list[bytes]:
    """Return the entries in a bundle's file; LogError if it is not exactly that many."""
    entries: list[bytes] = []
    at = 0
    while at < len(octets) and len(entries) < tile.width:
        length = int.from_bytes(octets[at : at + 2], "big")
        entry = octets[at + 2 : at + 2 + length]
        if at + 2 > len(octets) or len(entry) != length:
            break
        entries.append(entry)
        at += 2 + length
    if at != len(octets) or len(entries) != tile.width:
        raise LogError(f"The log's file {tile.path} does not hold {tile.width} whole entries.")
    return entries
