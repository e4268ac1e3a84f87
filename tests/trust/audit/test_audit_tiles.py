"""Where tiles lie, which a log of a size has, and what is in a bundle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, LogError
from baluardo.trust.audit.merkle import leaf_hash, root_of
from baluardo.trust.audit.tiles import (
    ENTRIES,
    TILE_WIDTH,
    Tile,
    TileHashes,
    bundle_of,
    entries_of,
    hashes_of,
    levels,
    tile_at,
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        # C2SP tlog-tiles.md: index 1234067 is x001/x234/067.
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(ENTRIES, 1_234_067, 9), "tile/entries/x001/x234/067.p/9"),
        (Tile(0, 0), "tile/0/000"),
        (Tile(1, 999, 255), "tile/1/999.p/255"),
        (Tile(63, 1_000), "tile/63/x001/000"),
    ],
)
def test_paths_are_those_of_tlog_tiles(tile: Tile, path: str) -> None:
    assert tile.path == path


def test_tiles_of_a_log_of_70000() -> None:
    """The example in C2SP tlog-tiles.md."""
    size = 70_000
    assert levels(size) == 3
    assert tile_at(0, 272, size) == Tile(0, 272)
    assert tile_at(0, 273, size) == Tile(0, 273, 112)
    assert tile_at(1, 0, size) == Tile(1, 0)
    assert tile_at(1, 1, size) == Tile(1, 1, 17)
    assert tile_at(2, 0, size) == Tile(2, 0, 1)
    for level, index in ((0, 274), (1, 2), (2, 1), (3, 0)):
        with pytest.raises(LogError, match="has no tile"):
            tile_at(level, index, size)


def test_a_log_of_256_has_a_full_tile_and_one_above() -> None:
    """Likewise."""
    assert tile_at(0, 0, 256) == Tile(0, 0)
    assert tile_at(1, 0, 256) == Tile(1, 0, 1)
    assert (levels(0), levels(255), levels(256)) == (0, 1, 2)


@pytest.mark.parametrize(("level", "index", "width"), [(-2, 0, 1), (64, 0, 1), (0, -1, 1)])
def test_tiles_that_no_log_has(level: int, index: int, width: int) -> None:
    with pytest.raises(InvalidInputError):
        Tile(level, index, width)


@pytest.mark.parametrize("width", [0, 257])
def test_widths_that_no_tile_has(width: int) -> None:
    with pytest.raises(InvalidInputError):
        Tile(0, 0, width)


def test_nodes_are_read_out_of_tiles() -> None:
    leaves = [leaf_hash(str(i).encode()) for i in range(600)]
    fetched: list[Tile] = []

    def fetch(tile: Tile) -> bytes:
        fetched.append(tile)
        step = 256**tile.level
        first = tile.index * TILE_WIDTH
        return b"".join(
            root_of(leaves[i * step : (i + 1) * step]) for i in range(first, first + tile.width)
        )

    read = TileHashes(600, fetch)
    assert read(0, 599) == leaves[599]
    assert read(3, 74) == root_of(leaves[592:600])
    assert read(8, 1) == root_of(leaves[256:512])
    assert read(9, 0) == root_of(leaves[:512])
    assert fetched == [Tile(0, 2, 88), Tile(1, 0, 2)]
    for level, index in ((0, 600), (3, 75), (9, 1), (10, 0)):
        with pytest.raises(LogError):
            read(level, index)


def test_a_tile_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(LogError, match="instead of 64"):
        hashes_of(bytes(63), Tile(0, 0, 2))


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_bundles_give_back_their_entries(entries: list[bytes]) -> None:
    tile = Tile(ENTRIES, 0, len(entries))
    assert entries_of(bundle_of(entries), tile) == entries


@given(st.binary(max_size=200), st.integers(1, 256))
def test_any_octets_are_a_bundle_or_refused(octets: bytes, width: int) -> None:
    tile = Tile(ENTRIES, 0, width)
    try:
        entries = entries_of(octets, tile)
    except LogError:
        return
    assert len(entries) == width
    assert bundle_of(entries) == octets


def test_bundles_that_are_cut_or_too_long_are_refused() -> None:
    whole = bundle_of([b"one", b"", b"three"])
    for octets in (whole[:-1], whole[:-5], whole + b"\x00", whole + b"\x00\x00", b""):
        with pytest.raises(LogError, match="whole entries"):
            entries_of(octets, Tile(ENTRIES, 0, 3))
