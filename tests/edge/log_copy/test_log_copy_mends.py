"""Copies of the log over lossy ways, on torn disks, and of authorities that serve rubbish."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.edge.log_copy import uncounted
from baluardo.edge.log_copy.index import MARK_EVERY, MOST_MARKS, Marks
from baluardo.edge.log_copy.store import WITNESS, LogCopy
from baluardo.edge.log_copy.uncounted import Fetch, Refusals
from baluardo.errors import CustodyError, LogError
from baluardo.trust.audit.checkpoint import open_checkpoint
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.audit.reading import CHECKPOINT
from baluardo.trust.audit.tiles import ENTRIES, Tile
from baluardo.trust.custody.keyfile import read_key
from baluardo.trust.identity import DAY
from baluardo.trust.issuing.own_witness import OwnWitness
from baluardo.trust.suites import EU_HYBRID
from edge.log_copy.log_author import (
    NAME,
    NOW,
    VKEY,
    Author,
    check_whole,
    fingerprint,
    issued,
    opened,
)
from trust.fleet import ACCESS

YEARS = 20 * 365 * DAY


class Way:
    """A way to an authority that counts what is asked, and may lose some of it."""

    def __init__(self, fetch: Fetch, loss: float = 0.0) -> None:
        self.fetch, self.loss, self.random = fetch, loss, Random(4)  # noqa: S311 - which questions are lost
        self.bundles: list[int] = []

    def __call__(self, tile: Tile) -> bytes:
        if self.random.random() < self.loss:
            raise LogError("The way broke.")
        if tile.level == ENTRIES:
            self.bundles.append(tile.index)
        return self.fetch(tile)


def files(place: Path) -> list[Path]:
    return sorted(each for each in (place / "tile").rglob("*") if each.is_file())


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path / "log")


def test_a_first_copy_over_a_lossy_way_goes_on_where_it_ended(
    author: Author, tmp_path: Path
) -> None:
    author.grow(256 * 20 + 3)
    way, place = Way(author.fetch(), loss=0.2), tmp_path / "copy"
    attempts = 0
    while True:
        attempts += 1
        copy = opened(place)  # and over new starts
        try:
            copy.take(author.offered, way, NOW)
            break
        except LogError:
            assert copy.size == 0
            copy.close()
    check_whole(copy, author, 256 * 20 + 3)
    assert attempts > 2
    assert way.bundles == list(range(21)), "nothing is fetched twice"
    copy.close()
    check_whole(opened(place), author, 256 * 20 + 3)


@pytest.mark.parametrize("what", ["shorter", "other"])
def test_what_an_attempt_has_left_is_not_believed(
    author: Author, tmp_path: Path, what: str
) -> None:
    author.grow(256 * 3 + 1)
    place = tmp_path / "copy"
    copy = opened(place)

    def breaking(tile: Tile) -> bytes:
        if tile.index == 2:
            raise LogError("The way broke.")
        return author.fetch()(tile)

    with pytest.raises(LogError, match="broke"):
        copy.take(author.offered, breaking, NOW)
    left = place / "tile" / "entries" / "001"
    octets = left.read_bytes()
    left.write_bytes(octets[:-1] + (b"" if what == "shorter" else bytes([octets[-1] ^ 1])))
    way = Way(author.fetch())
    assert copy.take(author.offered, way, NOW), "at once: nobody else was wrong"
    check_whole(copy, author, 256 * 3 + 1)
    assert left.read_bytes() == octets
    assert way.bundles == ([1, 2, 3] if what == "shorter" else [2, 3, 0, 1, 2, 3])


def test_what_does_not_lead_to_what_was_signed_is_removed_and_not_fetched_again_soon(
    author: Author, tmp_path: Path
) -> None:
    author.grow(300)
    place = tmp_path / "copy"
    copy = opened(place)
    copy.take(author.offered, author.fetch(), NOW)
    before = files(place)
    author.grow(256 * 3)
    false = Author(tmp_path / "false").grow(author.log.size, "false")
    way, now = Way(false.fetch()), NOW
    for pause in (60.0, 120.0, 240.0):
        asked = len(way.bundles)
        with pytest.raises(LogError, match="not those"):
            copy.take(author.offered, way, now)
        assert files(place) == before, "nothing of it stays"
        assert len(way.bundles) == asked + 4
        with pytest.raises(LogError, match="was refused"):
            copy.take(author.offered, way, now + pause - 1.0)
        assert len(way.bundles) == asked + 4, "nothing is fetched"
        now += pause
    check_whole(copy, author, 300)
    assert copy.take(author.offered, author.fetch(), now)
    check_whole(copy, author, 300 + 256 * 3)


def test_pauses_grow_to_a_bound_and_a_mended_authority_waits_less() -> None:
    refusals = Refusals()
    refusals.check(b"a", NOW)
    pauses = []
    for _ in range(40):
        refusals.add(b"a", NOW)
        free = [each for each in range(0, 30_000, 30) if may(refusals, b"a", NOW + each)]
        pauses.append(free[0])
        assert may(refusals, b"b", NOW + min(free[0], Refusals.LONGEST_OTHER_SECONDS))
    assert pauses[:3] == [60, 120, 240]
    assert pauses[-1] == Refusals.LONGEST_SECONDS
    assert may(refusals, b"a", NOW - 1), "a clock that was set back does not wait for years"
    refusals.clear()
    refusals.check(b"a", NOW)


def may(refusals: Refusals, root: bytes, now: float) -> bool:
    try:
        refusals.check(root, now)
    except LogError:
        return False
    return True


def test_nobody_fills_the_disk(
    author: Author, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    author.grow(256 * 4)
    size = len(author.fetch()(Tile(ENTRIES, 0)))
    monkeypatch.setattr(uncounted, "MOST_OCTETS", 2 * size + size // 2)
    place = tmp_path / "copy"
    copy = opened(place)
    with pytest.raises(LogError, match="are more than"):
        copy.take(author.offered, author.fetch(), NOW)
    assert files(place) == []
    monkeypatch.undo()
    assert copy.take(author.offered, author.fetch(), NOW + Refusals.FIRST_SECONDS)


@pytest.mark.parametrize("wrong", [NOW + YEARS, 1.0])
def test_a_record_with_a_wrong_time_hides_nobody(
    author: Author, tmp_path: Path, wrong: float
) -> None:
    place = tmp_path / "copy"
    author.grow(300)
    copy = opened(place)
    copy.take(author.offered, author.fetch(), NOW)
    for count in (1, 5, 256):
        at = NOW + count
        odd = [issued(author.log.size + each, "odd", wrong) for each in range(count)]
        author.log.append(odd, at)
        copy.take(author.offered, author.fetch(), at)
    copy.close()
    for found in (copy, opened(place)):
        assert all(found.evidence(fingerprint(each)) is not None for each in range(300))
    found.close()


def test_a_clock_that_was_wrong_once_hides_nobody(author: Author, tmp_path: Path) -> None:
    place = tmp_path / "copy"
    author.grow(300)
    copy = opened(place)
    copy.take(author.offered, author.fetch(), NOW + YEARS)
    author.grow(3)
    copy.take(author.offered, author.fetch(), NOW)
    copy.close()
    again = opened(place)
    assert all(again.evidence(fingerprint(each)) is not None for each in range(303))
    again.close()


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text("0123456789 \n", max_size=200)))
def test_any_marks_are_read_or_let_be(
    tmp_path_factory: pytest.TempPathFactory, octets: bytes | str
) -> None:
    file = tmp_path_factory.mktemp("marks") / "sizes"
    file.write_bytes(octets if isinstance(octets, bytes) else octets.encode())
    assert 0 <= Marks(file).first(50, NOW) <= 50


def test_marks_are_few_and_the_newest(tmp_path: Path) -> None:
    marks = Marks(tmp_path / "sizes")
    for month in range(3 * MOST_MARKS):
        marks.add(month, NOW + month * MARK_EVERY / 2)
    lines = (tmp_path / "sizes").read_text(encoding="utf-8").splitlines()
    assert len(lines) == MOST_MARKS
    again = Marks(tmp_path / "sizes")
    assert again.first(1_000, NOW + YEARS) == marks.first(1_000, NOW + YEARS) > 100
    assert again.first(10, NOW + YEARS) == 0, "of another log nothing is skipped"


def copied(place: Path) -> LogCopy:
    """Open a copy as an edge does."""
    own = OwnWitness.open(place / "witness.jwe", NAME, EU_HYBRID, ACCESS, place / WITNESS)
    return LogCopy(place, VKEY, own.watch(place / WITNESS, VKEY, place / CHECKPOINT))


def torn(path: Path, what: str) -> None:
    octets = path.read_bytes()
    if what == "gone":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "cut": octets[:100], "rubbish": b"\xff" * 300}[what])


def memory(place: Path) -> Path:
    (found,) = (place / WITNESS).glob("*.checkpoint")
    return found


@pytest.mark.parametrize("what", ["empty", "cut", "rubbish", "gone"])
def test_a_torn_memory_of_the_witness_is_put_back(
    author: Author, tmp_path: Path, what: str
) -> None:
    author.grow(9)
    place = tmp_path / "copy"
    copy = copied(place)
    copy.take(author.offered, author.fetch(), NOW)
    told, key = copy.checkpoint, copy.witness
    copy.close()
    torn(memory(place), what)
    again = copied(place)
    assert (again.checkpoint, again.witness) == (told, key)
    check_whole(again, author, 9)
    other = Author(tmp_path / "other").grow(12, "other")
    with pytest.raises(LogError, match="fork"):
        again.take(other.offered, other.fetch(), NOW)
    again.close()


@pytest.mark.parametrize("kept", ["gone", "cut", "other", "uncosigned"])
def test_a_torn_memory_that_nothing_tells_is_said_and_nothing_is_cosigned(
    author: Author, tmp_path: Path, kept: str
) -> None:
    author.grow(9)
    place = tmp_path / "copy"
    copy = copied(place)
    copy.take(author.offered, author.fetch(), NOW)
    copy.close()
    file, path = place / CHECKPOINT, memory(place)
    if kept == "other":
        file.write_bytes(Author(tmp_path / "other").grow(3).offered[:-5])
    elif kept == "uncosigned":
        file.write_bytes(author.offered)
    else:
        torn(file, kept)
    torn(path, "cut")
    with pytest.raises(LogError, match=r"from a backup.*then remove that file"):
        copied(place)
    path.unlink()
    file.unlink(missing_ok=True)
    again = copied(place)
    assert again.take(author.offered, author.fetch(), NOW), "as the sentence says"
    again.close()


def test_what_is_kept_beside_is_as_new_as_what_anybody_was_told(
    author: Author, tmp_path: Path
) -> None:
    place = tmp_path / "copy"
    copy = copied(place)
    for _ in range(3):
        author.grow(5)
        copy.take(author.offered, author.fetch(), NOW)
        assert (place / CHECKPOINT).read_bytes() == copy.checkpoint
        assert open_checkpoint(copy.checkpoint, VKEY, [copy.witness]).witnesses
    copy.close()
    (place / CHECKPOINT).unlink()  # of an edge from before there was one
    copied(place).close()
    assert (place / CHECKPOINT).read_bytes() == memory(place).read_bytes()


@pytest.mark.parametrize("what", ["empty", "cut", "rubbish"])
def test_a_torn_key_is_made_anew_only_if_it_never_cosigned(
    author: Author, tmp_path: Path, what: str
) -> None:
    author.grow(2)
    place = tmp_path / "copy"
    copied(place).close()
    key = place / "witness.jwe"
    torn(key, what)
    copy = copied(place)
    assert copy.witness.text == VerifierKey(NAME, read_key(key, ACCESS.unlock).public).text
    assert (place / "witness.jwe.torn").exists()
    copy.take(author.offered, author.fetch(), NOW)
    copy.close()
    torn(key, what)
    for _ in range(2):
        with pytest.raises(CustodyError, match="from a backup"):
            copied(place)
    key.unlink()
    with pytest.raises(CustodyError, match="is gone"):
        copied(place)
