"""What a log's owner, or whoever holds its disk, can do to it, and how it is found."""

from __future__ import annotations

import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from baluardo.errors import InvalidInputError, LogError, ProfileError, TrustError
from baluardo.trust.audit.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from baluardo.trust.audit.merkle import leaf_hash
from baluardo.trust.audit.note import Note, VerifierKey
from baluardo.trust.audit.reading import read_checkpoint
from baluardo.trust.audit.recomputing import Finding
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.audit.tiles import ENTRIES, Tile, bundle_of
from baluardo.trust.audit.verification import Report, Seen, examine_log, verify_log
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import SignatureAlgorithm

ORIGIN = "marina.example/log"
NAVY, COURT = "witness.example/navy", "witness.example/court"
SIZE = 700
NOW = 5_000.0


def entry(index: int) -> bytes:
    return f"entry {index:04d}".encode()


def grown(directory: Path, key: SigningKey, size: int, word: str = "entry") -> bytes:
    """Grow a log to a size; return its checkpoint."""
    opened = directory.exists()
    with (
        AuditLog.open(directory, key)
        if opened
        else AuditLog.create(directory, ORIGIN, key, 1_000.0)
    ) as log:
        log.append(
            [f"{word} {index:04d}".encode() for index in range(log.size, size)], 1_000.0 + size
        )
    return read_checkpoint(directory)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, log_key: SigningKey) -> Path:
    directory = tmp_path_factory.mktemp("built") / "log"
    for size in (300, SIZE):
        grown(directory, log_key, size)
    return directory


@pytest.fixture(scope="module")
def cosigned(
    tmp_path_factory: pytest.TempPathFactory,
    log_key: SigningKey,
    log_vkey: VerifierKey,
    witness_keys: dict[str, SigningKey],
) -> bytes:
    """The checkpoint of 300 entries as a witness keeps it."""
    octets = grown(tmp_path_factory.mktemp("cosigned") / "log", log_key, 300)
    signed = open_checkpoint(octets, log_vkey)
    line = sign_checkpoint(signed.checkpoint, NAVY, witness_keys[NAVY], 1_400)
    return signed.note.signed(line).octets()


@pytest.fixture
def log(tmp_path: Path, built: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "log"))


def examined(
    log: Path,
    log_vkey: VerifierKey,
    witnesses: list[VerifierKey] | None = None,
    known: list[bytes] | None = None,
    required: int = 0,
) -> Report:
    return examine_log(log, log_vkey, witnesses or [], known or [], required, NOW)


def flip(path: Path, at: int = -1) -> None:
    octets = bytearray(path.read_bytes())
    octets[at] ^= 1
    path.write_bytes(octets)


def test_a_genuine_log_verifies(
    log: Path, log_vkey: VerifierKey, witness_vkeys: list[VerifierKey], cosigned: bytes
) -> None:
    report = verify_log(log, log_vkey, witness_vkeys, [cosigned], 1, NOW)
    assert (report.origin, report.size, report.signed_at) == (ORIGIN, SIZE, 1_700)
    assert report.witnesses == {NAVY: Seen(300, 1_400)}
    assert report.faults == ()


def test_progress_is_told(log: Path, log_vkey: VerifierKey) -> None:
    seen: list[int] = []
    examine_log(log, log_vkey, [], [], 0, NOW, seen.append)
    assert seen == [256, 256, 188]


@pytest.mark.parametrize(("number", "offset"), [(0, 7), (1, 0), (2, 187)])
def test_an_altered_entry_is_named(
    log: Path, log_vkey: VerifierKey, cosigned: bytes, number: int, offset: int
) -> None:
    tile = Tile(ENTRIES, number, 188 if number == 2 else 256)
    entries = [entry(number * 256 + i) for i in range(tile.width)]
    entries[offset] = b"nothing happened"
    (log / tile.path).write_bytes(bundle_of(entries))
    (fault,) = examined(log, log_vkey, known=[cosigned]).faults
    assert (fault.finding, fault.index) == (Finding.ALTERED_ENTRY, number * 256 + offset)
    with pytest.raises(LogError, match=f"Entry {number * 256 + offset} was altered"):
        verify_log(log, log_vkey, [], [], 0, NOW)


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/002.p/188", "tile/1/000.p/2"])
def test_an_altered_tile_is_named_and_the_entries_stand(
    log: Path, log_vkey: VerifierKey, path: str
) -> None:
    flip(log / path)
    (fault,) = examined(log, log_vkey).faults
    assert fault.finding is Finding.ALTERED_TILE
    assert path.partition(".p")[0] in fault.sentence


def test_an_entry_and_a_tile_altered_elsewhere_are_both_told(
    log: Path, log_vkey: VerifierKey
) -> None:
    flip(log / "tile/0/000")
    flip(log / "tile/entries/001")
    faults = examined(log, log_vkey).faults
    assert {fault.index for fault in faults} == {255, 511, None} or {
        fault.index for fault in faults
    } == {255, 511}


def test_an_entry_rewritten_with_its_hashes_is_found(
    tmp_path: Path, log: Path, log_key: SigningKey, log_vkey: VerifierKey, cosigned: bytes
) -> None:
    """Whoever holds the disk and not the key can make everything fit but the signature."""
    false = tmp_path / "false"
    grown(false, log_key, SIZE, "other")
    shutil.copy(log / "checkpoint", false / "checkpoint")
    (fault,) = examined(false, log_vkey).faults
    assert fault.finding is Finding.REWRITTEN
    findings = {f.finding for f in examined(false, log_vkey, known=[cosigned]).faults}
    assert findings == {Finding.REWRITTEN, Finding.FORKED}


def test_where_the_rewriting_starts_is_told_as_far_as_is_known(
    tmp_path: Path, log: Path, log_key: SigningKey, log_vkey: VerifierKey, cosigned: bytes
) -> None:
    false = tmp_path / "false"
    grown(false, log_key, 300)
    grown(false, log_key, SIZE, "other")
    shutil.copy(log / "checkpoint", false / "checkpoint")
    (fault,) = examined(false, log_vkey, known=[cosigned]).faults
    assert fault.finding is Finding.REWRITTEN
    assert "The first 300 are as a checkpoint tells them" in fault.sentence


@pytest.mark.parametrize("start", [0, 280, 299])
def test_an_owners_fork_is_found_by_a_witnessed_checkpoint(
    tmp_path: Path,
    log_key: SigningKey,
    log_vkey: VerifierKey,
    witness_vkeys: list[VerifierKey],
    cosigned: bytes,
    start: int,
) -> None:
    false = tmp_path / "false"
    if start:
        grown(false, log_key, start)
    grown(false, log_key, SIZE, "other")
    assert not examined(false, log_vkey).faults, "its own key alone shows nothing"
    report = examined(false, log_vkey, witness_vkeys, [cosigned], required=1)
    fork, few = report.faults
    assert (fork.finding, few.finding) == (Finding.FORKED, Finding.TOO_FEW_WITNESSES)
    assert f"cosigned by {NAVY}" in fork.sentence
    assert report.witnesses == {}


def test_a_fork_of_the_same_size_is_found(
    tmp_path: Path, log_key: SigningKey, log_vkey: VerifierKey, cosigned: bytes
) -> None:
    false = tmp_path / "false"
    grown(false, log_key, 300, "other")
    (fault,) = examined(false, log_vkey, known=[cosigned]).faults
    assert fault.finding is Finding.FORKED
    assert "another history of the same 300 entries" in fault.sentence


def test_a_cut_log_is_found(
    tmp_path: Path,
    log_key: SigningKey,
    log_vkey: VerifierKey,
    witness_vkeys: list[VerifierKey],
    cosigned: bytes,
) -> None:
    cut = tmp_path / "cut"
    grown(cut, log_key, 299)
    assert not examined(cut, log_vkey).faults, "its own key alone shows nothing"
    (fault,) = examined(cut, log_vkey, witness_vkeys, [cosigned]).faults
    assert fault.finding is Finding.TRUNCATED
    assert "cut, or this is an old copy of it: it has 299 entries" in fault.sentence
    assert "covers 300" in fault.sentence
    grown(tmp_path / "later", log_key, 298)
    with AuditLog.open(tmp_path / "later", log_key) as log:
        log.append([entry(298)], 1_301.0)  # no old copy is signed after what it lacks
    (fault,) = examined(tmp_path / "later", log_vkey, witness_vkeys, [cosigned]).faults
    assert "The log was cut: it has 299 entries" in fault.sentence


@pytest.mark.parametrize(
    "path",
    ["tile/entries/001", "tile/entries/002.p/188", "tile/0/000", "tile/1/000.p/2", "checkpoint"],
)
def test_a_missing_file_is_named(log: Path, log_vkey: VerifierKey, path: str) -> None:
    (log / path).unlink()
    (fault,) = examined(log, log_vkey).faults
    assert fault.finding is Finding.MISSING_FILE
    assert path in fault.sentence


def test_a_log_whose_tiles_are_all_gone_is_told_in_bounds(log: Path, log_vkey: VerifierKey) -> None:
    shutil.rmtree(log / "tile")
    report = examined(log, log_vkey)
    assert len(report.faults) == 7  # three bundles, three tiles and one above
    assert {f.finding for f in report.faults} == {Finding.MISSING_FILE}


def test_a_size_that_no_log_has_is_not_counted_to(
    log: Path, log_key: SigningKey, log_vkey: VerifierKey, cosigned: bytes
) -> None:
    """The owner signs for 2^62 entries: the verifier must come to an end."""
    endless = Checkpoint(ORIGIN, 2**62, leaf_hash(b"endless"))
    line = sign_checkpoint(endless, ORIGIN, log_key, 1_000)
    (log / "checkpoint").write_bytes(Note(endless.body, (line,)).octets())
    report = examined(log, log_vkey, known=[cosigned])
    assert len(report.faults) == 20
    assert report.more_faults < 100


def test_many_faults_are_counted(log: Path, log_vkey: VerifierKey) -> None:
    (log / "tile/0/000").write_bytes(bytes(8_192))
    report = examined(log, log_vkey)
    assert len(report.faults) == 20
    assert len(report.faults) + report.more_faults == 256
    with pytest.raises(LogError, match=r"255 more faults were found"):
        report.require()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda log: flip(log / "checkpoint", -30),
        lambda log: (log / "checkpoint").write_bytes(b""),
        lambda log: (log / "checkpoint").write_bytes(b"\xff" * 2_000_000),
        lambda log: (log / "checkpoint").write_text(
            (log / "checkpoint").read_text(encoding="utf-8").replace("\n700\n", "\n699\n"),
            encoding="utf-8",
        ),
    ],
)
def test_a_checkpoint_that_the_log_did_not_sign_is_found(
    log: Path, log_vkey: VerifierKey, spoil: Callable[[Path], None]
) -> None:
    spoil(log)
    (fault,) = examined(log, log_vkey).faults
    assert fault.finding is Finding.BAD_SIGNATURE


def test_another_logs_key_verifies_nothing(log: Path, witness_keys: dict[str, SigningKey]) -> None:
    stranger = VerifierKey(ORIGIN, witness_keys[NAVY].public)
    (fault,) = examined(log, stranger).faults
    assert fault.finding is Finding.BAD_SIGNATURE


def test_a_checkpoint_from_the_future_is_told(log: Path, log_vkey: VerifierKey) -> None:
    assert not examine_log(log, log_vkey, [], [], 0, 1_700.0 - 599.0).faults
    (fault,) = examine_log(log, log_vkey, [], [], 0, 1_700.0 - 601.0).faults
    assert fault.finding is Finding.WRONG_TIME


def test_witnesses_are_counted_once_and_only_known_ones(
    log: Path, log_vkey: VerifierKey, witness_vkeys: list[VerifierKey], cosigned: bytes
) -> None:
    report = examined(log, log_vkey, witness_vkeys, [cosigned, cosigned], required=2)
    (fault,) = report.faults
    assert fault.finding is Finding.TOO_FEW_WITNESSES
    assert "1 of the 2 witnesses asked for" in fault.sentence
    assert not examined(log, log_vkey, [], [cosigned]).witnesses


def test_a_known_checkpoint_that_is_not_the_logs_is_no_evidence(
    log: Path, log_vkey: VerifierKey, cosigned: bytes
) -> None:
    with pytest.raises(TrustError, match="not genuine"):
        examined(log, log_vkey, known=[cosigned.replace(b"\n300\n", b"\n301\n")])


def test_a_known_checkpoint_of_the_empty_log_is_fine(
    tmp_path: Path, log: Path, log_key: SigningKey, log_vkey: VerifierKey
) -> None:
    AuditLog.create(tmp_path / "empty", ORIGIN, log_key, 1.0).close()
    assert not examined(log, log_vkey, known=[read_checkpoint(tmp_path / "empty")]).faults


def test_memory_does_not_grow_with_the_log(
    tmp_path: Path, log_key: SigningKey, log_vkey: VerifierKey
) -> None:
    peaks = []
    for size in (5_000, 40_000):
        directory = tmp_path / str(size)
        grown(directory, log_key, size)
        tracemalloc.start()
        verify_log(directory, log_vkey, [], [], 0, 1_000.0 + size)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 100_000


def test_an_owner_who_rewrites_entries_and_leaves_their_hashes_is_found(
    tmp_path: Path,
    log: Path,
    log_key: SigningKey,
    log_vkey: VerifierKey,
    witness_vkeys: list[VerifierKey],
    cosigned: bytes,
) -> None:
    """The key signs a false history; the hashes beside it are those that the witness saw."""
    false = tmp_path / "false"
    grown(false, log_key, 7)
    grown(false, log_key, SIZE, "other")
    for name in ("000", "001"):
        shutil.copy(log / "tile" / "0" / name, false / "tile" / "0" / name)
    report = examined(false, log_vkey, witness_vkeys, [cosigned], required=1)
    assert report.witnesses == {}
    findings = {fault.finding for fault in report.faults}
    assert report.faults[0].finding is Finding.FORKED
    assert {Finding.FORKED, Finding.TOO_FEW_WITNESSES} <= findings


def test_a_cut_that_was_taken_back_is_found_by_its_dates(
    tmp_path: Path,
    log: Path,
    log_key: SigningKey,
    log_vkey: VerifierKey,
) -> None:
    """Somebody was shown 300 entries after 700 had been signed; the 700 are back now."""
    later = SIZE + 2_000
    checkpoint = open_checkpoint(grown(tmp_path / "short", log_key, 300), log_vkey).checkpoint
    shown = Note(checkpoint.body, (sign_checkpoint(checkpoint, ORIGIN, log_key, later),)).octets()
    (fault,) = examined(log, log_vkey, known=[shown]).faults
    assert fault.finding is Finding.TRUNCATED
    assert f"signed {SIZE} entries, and later only 300" in fault.sentence
    grown(log, log_key, SIZE + 1)
    whole = read_checkpoint(log)
    grown(log, log_key, SIZE + 1_500)  # all of it after both
    assert not examined(log, log_vkey, known=[whole]).faults
    (fault,) = examined(log, log_vkey, known=[whole, shown]).faults
    assert f"signed {SIZE + 1} entries, and later only 300" in fault.sentence


def test_a_log_does_not_witness_itself(
    log: Path, log_key: SigningKey, log_vkey: VerifierKey, witness_vkeys: list[VerifierKey]
) -> None:
    navy, court = witness_vkeys
    for witnesses in (
        [log_vkey],
        [VerifierKey(NAVY, log_key.public)],
        [navy, VerifierKey(COURT, navy.key)],
        [navy, VerifierKey(NAVY, court.key)],
    ):
        with pytest.raises(InvalidInputError, match="one witness"):
            examined(log, log_vkey, witnesses)
    assert not examined(log, log_vkey, [navy, court, navy]).faults


def test_a_witness_of_another_profile_does_not_count(
    log: Path, log_vkey: VerifierKey, witness_vkeys: list[VerifierKey]
) -> None:
    other = SigningKey.from_seed(SignatureAlgorithm.ML_DSA_87, Secret(bytes(32)))
    with pytest.raises(ProfileError, match="ML-DSA-87"):
        examined(log, log_vkey, [*witness_vkeys, VerifierKey("w.example", other.public)])
