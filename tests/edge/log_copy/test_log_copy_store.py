"""An edge's copy of the log: what follows is taken whole, and nothing else ever is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from baluardo.edge.log_copy.index import LONGEST_ACCEPTED, CertificateIndex
from baluardo.edge.log_copy.store import MARKS
from baluardo.edge.log_copy.uncounted import Fetch, Refusals
from baluardo.errors import InvalidInputError, LogError, ProfileError, SignatureError
from baluardo.trust.audit.evidence import ForkEvidence
from baluardo.trust.audit.merkle import verify_consistency
from baluardo.trust.audit.reading import LogReader
from baluardo.trust.audit.tiles import ENTRIES, Tile, bundle_of, entries_of
from baluardo.trust.identity import DAY
from baluardo.trust.issuing.own_witness import OwnWitness
from baluardo.trust.suites import CNSA, EU_HYBRID
from edge.log_copy.log_author import (
    NAME,
    NOW,
    VKEY,
    Author,
    check_whole,
    fingerprint,
    issued,
    key_of,
    opened,
)
from trust.audit.crashing_disk import Stopped, Trace, Wreck, read_in, write_out
from trust.fleet import ACCESS


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path / "log")


def test_it_follows_a_log_and_opens_again_as_it_was(author: Author, tmp_path: Path) -> None:
    place, sizes = tmp_path / "copy", [0]
    copy = opened(place)
    assert (copy.size, copy.checkpoint, copy.evidence(fingerprint(0))) == (0, b"", None)
    for count in (3, 250, 3, 300, 1):
        author.grow(count)
        assert copy.take(author.offered, author.fetch(), NOW)
        assert not copy.take(author.offered, author.fetch(), NOW), "nothing is new"
        sizes.append(author.log.size)
        check_whole(copy, author, sizes[-1])
    reader = LogReader(author.directory, author.log.size)
    for old in sizes[1:]:
        proof = copy.consistency(old, sizes[-1])
        verify_consistency(old, sizes[-1], proof, reader.root(old), reader.root())
    for old, size in ((5, 3), (0, sizes[-1] + 1)):
        with pytest.raises(InvalidInputError):
            copy.consistency(old, size)
    assert copy.evidence("0" * 64) is None
    copy.close()
    again = opened(place)
    check_whole(again, author, sizes[-1])
    assert not list(place.glob("tile/entries/000.p")), "partial forms of complete tiles are gone"
    with pytest.raises(LogError, match="by another process"):
        opened(place)
    again.close()


def test_an_older_checkpoint_of_an_authority_that_is_behind_changes_nothing(
    author: Author, tmp_path: Path
) -> None:
    author.grow(5)
    behind, fetch_behind = author.offered, author.fetch()
    author.grow(4, at=NOW + 60)
    copy = opened(tmp_path / "copy")
    copy.take(author.offered, author.fetch(), NOW)
    assert not copy.take(behind, fetch_behind, NOW)
    check_whole(copy, author, 9)
    assert copy.fork == ""


def test_what_another_key_signed_is_refused(author: Author, tmp_path: Path) -> None:
    copy = opened(tmp_path / "copy")
    foreign = Author(tmp_path / "foreign", key_of(9)).grow(4)
    with pytest.raises((LogError, SignatureError)):
        copy.take(foreign.offered, foreign.fetch(), NOW)
    with pytest.raises(ProfileError):
        OwnWitness.open(tmp_path / "key", NAME, CNSA, ACCESS).watch(tmp_path / "x", VKEY)
    assert copy.size == 0
    author.grow(2)
    assert copy.take(author.offered, author.fetch(), NOW), "and the log itself is still taken"


def spoilt(author: Author, how: Callable[[list[bytes]], list[bytes]]) -> Fetch:
    """Return a fetch whose bundles are altered on their way."""
    honest = author.fetch()

    def fetch(tile: Tile) -> bytes:
        octets = honest(tile)
        return bundle_of(how(entries_of(octets, tile))) if tile.level == ENTRIES else octets

    return fetch


@pytest.mark.parametrize(
    "how",
    [
        lambda entries: [issued(1, "another"), *entries[1:]],
        lambda entries: [*entries[:-1], b"{}"],
        lambda entries: entries[::-1],
        lambda entries: entries[:-1],
        lambda entries: [*entries, b"one more"],
    ],
)
def test_entries_that_were_not_signed_for_are_not_taken_and_convict_nobody(
    author: Author, tmp_path: Path, how: Callable[[list[bytes]], list[bytes]]
) -> None:
    author.grow(5)
    copy = opened(tmp_path / "copy")
    with pytest.raises(LogError):
        copy.take(author.offered, spoilt(author, how), NOW)
    assert (copy.size, copy.checkpoint, copy.fork) == (0, b"", "")
    later = NOW + Refusals.FIRST_SECONDS
    copy.take(author.offered, author.fetch(), later)
    author.grow(3)
    with pytest.raises(LogError):
        copy.take(author.offered, lambda _tile: b"", later)
    check_whole(copy, author, 5)
    assert copy.fork == ""
    copy.take(author.offered, author.fetch(), later + Refusals.FIRST_SECONDS)
    check_whole(copy, author, 8)


@pytest.mark.parametrize(("own", "theirs"), [(7, 7), (7, 12), (8, 300), (260, 700)])
def test_a_fork_is_kept_as_evidence_and_nothing_newer_is_taken(
    author: Author, tmp_path: Path, own: int, theirs: int
) -> None:
    place = tmp_path / "copy"
    author.grow(own)
    other = Author(tmp_path / "other").grow(theirs, "other", NOW + 60)
    copy = opened(place)
    copy.take(author.offered, author.fetch(), NOW)
    with pytest.raises(LogError, match="fork"):
        copy.take(other.offered, other.fetch(), NOW)
    assert "forked" in copy.fork
    check_whole(copy, author, own)
    (file,) = (place / "witness").glob("*.fork-*.json")
    assert "forked" in ForkEvidence.of_octets(file.read_bytes()).verify(VKEY)
    author.grow(3, at=NOW + 120)
    for each in (author, other):
        with pytest.raises(LogError, match="Nothing newer of it is taken"):
            copy.take(each.offered, each.fetch(), NOW)
    copy.close()
    again = opened(place)
    assert "forked" in again.fork, "also after a start"
    check_whole(again, author, own)
    again.close()
    file.unlink()  # what a person does who has judged it
    again = opened(place)
    assert again.take(author.offered, author.fetch(), NOW)
    again.close()


def test_a_log_that_was_cut_is_convicted_by_its_dates(author: Author, tmp_path: Path) -> None:
    author.grow(9, at=NOW + 60)
    cut = Author(tmp_path / "cut").grow(4, at=NOW + 120)
    copy = opened(tmp_path / "copy")
    copy.take(author.offered, author.fetch(), NOW)
    with pytest.raises(LogError, match="was cut"):
        copy.take(cut.offered, cut.fetch(), NOW)
    assert "was cut" in copy.fork
    check_whole(copy, author, 9)


@pytest.mark.parametrize("what", ["gone", "altered", "shorter"])
@pytest.mark.parametrize("path", ["tile/entries/000", "tile/entries/001.p/44", "tile/0/001.p/44"])
def test_a_torn_copy_is_fetched_again_and_must_lead_to_what_was_cosigned(
    author: Author, tmp_path: Path, path: str, what: str
) -> None:
    place = tmp_path / "copy"
    author.grow(300)
    copy = opened(place)
    copy.take(author.offered, author.fetch(), NOW)
    copy.close()
    file = place / path
    octets = file.read_bytes()
    if what == "gone":
        file.unlink()
    else:
        file.write_bytes(octets[:-1] + (b"" if what == "shorter" else bytes([octets[-1] ^ 1])))
    again = opened(place)
    assert (again.size, again.evidence(fingerprint(3))) == (0, None)
    other = Author(tmp_path / "other").grow(500, "other")
    with pytest.raises(LogError, match="fork"):
        again.take(other.offered, other.fetch(), NOW)
    again.close()
    next((place / "witness").glob("*.fork-*.json")).unlink()
    again = opened(place)
    assert again.take(author.offered, author.fetch(), NOW)
    check_whole(again, author, 300)
    again.close()


def test_a_disk_that_rots_under_a_running_edge_is_noticed(author: Author, tmp_path: Path) -> None:
    place = tmp_path / "copy"
    author.grow(300)
    copy = opened(place)
    copy.take(author.offered, author.fetch(), NOW)
    shutil.rmtree(place / "tile")
    with pytest.raises(LogError):
        copy.evidence(fingerprint(7))
    assert copy.size == 0
    assert copy.take(author.offered, author.fetch(), NOW)
    check_whole(copy, author, 300)


def test_a_crash_at_any_step_leaves_a_whole_copy(author: Author, tmp_path: Path) -> None:
    author.grow(254)
    before = tmp_path / "before"
    copy = opened(before)
    copy.take(author.offered, author.fetch(), NOW)
    copy.close()
    author.grow(4)
    step, finished = 0, False
    while not finished:
        step += 1
        place = tmp_path / f"killed-{step}"
        shutil.copytree(before, place)
        disk = Trace(place, step)
        stopping = opened(place)
        stopping._disk = disk
        safe = read_in(place)
        try:
            stopping.take(author.offered, author.fetch(), NOW)
            finished = True
        except Stopped:
            pass
        stopping.close()
        for mode in ("power", step if step % 2 else "killed"):
            where = place
            if mode != "killed":
                where = tmp_path / f"lost-{mode}-{step}"
                write_out(Wreck(safe, disk.steps).files(mode), where)
                # The witness writes by a way of its own, which is forced down when it returns.
                shutil.copytree(place / "witness", where / "witness", dirs_exist_ok=True)
            found = opened(where)
            assert found.size in {254, 258}
            check_whole(found, author, found.size)
            if found.size == 254:
                assert found.take(author.offered, author.fetch(), NOW)
                check_whole(found, author, 258)
            found.close()
    assert step > 10


def test_certificates_that_nobody_accepts_any_more_are_forgotten(
    author: Author, tmp_path: Path
) -> None:
    author.grow(256).grow(256, at=NOW + DAY)
    later = NOW + LONGEST_ACCEPTED + 2 * DAY
    copy = opened(tmp_path / "copy")
    copy.take(author.offered, author.fetch(), NOW)
    author.grow(10, at=later)
    copy.take(author.offered, author.fetch(), later)
    assert copy.evidence(fingerprint(520)) is not None
    copy.close()
    again = opened(tmp_path / "copy")
    assert again.evidence(fingerprint(521)) is not None
    assert again.evidence(fingerprint(1)) is None, "no start reads as far back"
    again.close()
    reader = LogReader(author.directory, 522, author.log.root)
    read = CertificateIndex.read(reader, 515)
    assert (read.find(fingerprint(515)), read.find(fingerprint(511))) == (515, None)
    (tmp_path / "copy" / MARKS).write_bytes(b"512 torn")
    again = opened(tmp_path / "copy")
    assert again.evidence(fingerprint(1)) is not None, "who does not know it reads all"
    again.close()


def test_the_witness_s_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "log" / "witness.jwe"
    made = OwnWitness.open(file, NAME, EU_HYBRID, ACCESS)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "_key" not in repr(made)
    with made.watch(tmp_path / "one", VKEY) as one:
        first = one.key
    with OwnWitness.open(file, NAME, EU_HYBRID, ACCESS).watch(tmp_path / "two", VKEY) as two:
        assert two.key == first
    assert first.name == NAME
