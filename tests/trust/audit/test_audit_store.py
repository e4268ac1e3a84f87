"""The log on disk, as long as nothing breaks."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import threading
from pathlib import Path

import pytest
from forked import fork, run_forked

from baluardo.errors import InvalidInputError, LogError
from baluardo.trust.audit.checkpoint import open_checkpoint
from baluardo.trust.audit.merkle import (
    EMPTY_ROOT,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.audit.reading import LogReader, read_checkpoint
from baluardo.trust.audit.store import MOST_GROUP, AuditLog
from baluardo.trust.audit.verification import verify_log
from baluardo.trust.primitives.signing import SigningKey

ORIGIN = "marina.example/log"


def entry(index: int) -> bytes:
    return f"entry {index}".encode()


def fill(log: AuditLog, *groups: int) -> None:
    for count in groups:
        start = log.size
        assert log.append(
            [entry(i) for i in range(start, start + count)], 1_000.0 + start
        ) == range(start, start + count)


def test_an_empty_log_is_signed(tmp_path: Path, log_key: SigningKey) -> None:
    with AuditLog.create(tmp_path / "a" / "log", ORIGIN, log_key, 1_000.0) as log:
        assert (log.size, log.root, log.origin) == (0, EMPTY_ROOT, ORIGIN)
        assert log.append([], 1_001.0) == range(0)
        report = verify_log(tmp_path / "a" / "log", log.verifier_key, [], [], 0, 1_001.0)
    assert (report.size, report.signed_at) == (0, 1_000)


def test_a_log_grows_across_tiles_and_proves_it(
    tmp_path: Path, log_key: SigningKey, log_vkey: VerifierKey
) -> None:
    chance = random.Random(4)  # noqa: S311 - sizes of groups
    with AuditLog.create(tmp_path, ORIGIN, log_key, 1_000.0) as log:
        leaves: list[bytes] = []
        roots = {0: EMPTY_ROOT}
        while log.size < 1_300:
            fill(log, chance.choice([1, 2, 3, 100, 255, 256, 257, 600]))
            leaves = [leaf_hash(entry(i)) for i in range(log.size)]
            roots[log.size] = log.root
            assert log.root == root_of(leaves)
        for index in {0, 1, 255, 256, 257, 511, 1_023, log.size - 1}:
            assert log.entry(index) == entry(index)
            proof = log.inclusion_proof(index)
            verify_inclusion(leaves[index], index, log.size, proof, log.root)
        for old, root in roots.items():
            verify_consistency(old, log.size, log.consistency_proof(old), root, log.root)
            if old:
                first = log.inclusion_proof(0, old)
                verify_inclusion(leaves[0], 0, old, first, root)
        assert list(log.entries(250, 260)) == [entry(i) for i in range(250, 260)]
        reader = LogReader(tmp_path, log.size)
        assert [reader.root(old) for old in roots] == list(roots.values())
        size, root = log.size, log.root
    opened = open_checkpoint(read_checkpoint(tmp_path), log_vkey)
    assert (opened.size, opened.root) == (size, root)


def test_a_log_is_opened_again_where_it_was(tmp_path: Path, log_key: SigningKey) -> None:
    AuditLog.create(tmp_path, ORIGIN, log_key, 1_000.0).close()
    for count in (1, 254, 1, 1, 300):
        with AuditLog.open(tmp_path, log_key) as log:
            fill(log, count)
            size, root = log.size, log.root
        with AuditLog.open(tmp_path, log_key) as log:
            assert (log.size, log.root) == (size, root)


def test_partial_tiles_go_once_the_full_one_is_there(tmp_path: Path, log_key: SigningKey) -> None:
    with AuditLog.create(tmp_path, ORIGIN, log_key, 1_000.0) as log:
        fill(log, 250, 3)
        tile = tmp_path / "tile"
        assert sorted(p.name for p in (tile / "0" / "000.p").iterdir()) == ["250", "253"]
        old = LogReader(tmp_path, 253)
        fill(log, 10)
        assert not (tile / "0" / "000.p").exists()
        assert not (tile / "entries" / "000.p").exists()
        assert (tile / "entries" / "001.p" / "7").exists()
        # Whoever still reads the log of 253 entries gets what it was.
        assert old.entry(252) == entry(252)
        assert old.root() == root_of([leaf_hash(entry(i)) for i in range(253)])
        (tile / "0" / "000.p").mkdir()  # a crash came before they were gone
        (tile / "0" / "000.p" / "17").write_bytes(b"left")
    AuditLog.open(tmp_path, log_key).close()
    assert not (tile / "0" / "000.p").exists()


def test_a_second_writer_is_refused(tmp_path: Path, log_key: SigningKey) -> None:
    with AuditLog.create(tmp_path, ORIGIN, log_key, 1_000.0) as log:
        with pytest.raises(LogError, match="another process; only one may"):
            AuditLog.open(tmp_path, log_key)
        fill(log, 1)
    with pytest.raises(LogError, match="is closed"):
        log.append([b"x"], 1_000.0)
    AuditLog.open(tmp_path, log_key).close()


def test_a_forked_child_writes_nothing_and_holds_nothing(
    tmp_path: Path, log_key: SigningKey
) -> None:
    """It has the lock's descriptor and the same idea of what comes next: two histories."""
    log = AuditLog.create(tmp_path, ORIGIN, log_key, 1_000.0)
    gone, done = os.pipe()

    def stay() -> None:
        with pytest.raises(LogError, match="closed"):
            log.append([b"the child's"], 1_000.0)
        log.close()
        with pytest.raises(LogError, match="another process"):
            AuditLog.open(tmp_path, log_key)  # closing it there let nobody in here

    run_forked(stay)
    fill(log, 1)
    child = fork()
    if child == 0:
        os.close(done)
        os.read(gone, 1)  # until the test is over
        os._exit(0)
    try:
        log.close()
        AuditLog.open(tmp_path, log_key).close()
    finally:
        os.close(done)
        os.close(gone)
        os.waitpid(child, 0)


def test_a_file_system_without_locks_is_not_called_another_process(
    tmp_path: Path, log_key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(LogError, match="cannot be locked: No locks available"):
        AuditLog.create(tmp_path, ORIGIN, log_key, 1_000.0)


@pytest.mark.parametrize("size", [257, 300, 700, 1_024])
def test_an_entry_altered_on_the_disk_is_not_taken_for_the_logs(
    tmp_path: Path, log_key: SigningKey, size: int
) -> None:
    """The register of certificates is read from here; full bundles are off the log's edge."""
    with AuditLog.create(tmp_path, ORIGIN, log_key, 1_000.0) as log:
        fill(log, size)
        assert list(log.entries()) == [entry(i) for i in range(size)]
        with AuditLog.create(tmp_path / "other", ORIGIN, log_key, 1_000.0) as other:
            other.append([b"x" * 7 + entry(i)[7:] for i in range(size)], 1_000.0)
    for name in ("entries/000", "0/000"):  # the hash beside it is no more to be trusted
        shutil.copy(tmp_path / "other" / "tile" / name, tmp_path / "tile" / name)
        with AuditLog.open(tmp_path, log_key) as log:
            with pytest.raises(LogError, match=r"0 to 255 .*altered.*audit verify"):
                log.entry(3)
            with pytest.raises(LogError, match="altered"):
                list(log.entries())
            assert log.entry(256) == entry(256)


def test_a_log_is_not_made_over_another(tmp_path: Path, log_key: SigningKey) -> None:
    with AuditLog.create(tmp_path, ORIGIN, log_key, 1_000.0) as log:
        fill(log, 1)
    with pytest.raises(LogError, match="left alone"):
        AuditLog.create(tmp_path, ORIGIN, log_key, 1_000.0)
    with AuditLog.open(tmp_path, log_key) as log:
        assert log.size == 1


def test_where_nothing_is_nothing_opens(tmp_path: Path, log_key: SigningKey) -> None:
    with pytest.raises(LogError, match="cannot be opened for writing"):
        AuditLog.open(tmp_path / "nowhere", log_key)
    with pytest.raises(LogError, match="cannot be read"):
        AuditLog.open(tmp_path, log_key)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LogError, match="cannot be written"):
        AuditLog.create(tmp_path / "file", ORIGIN, log_key, 1_000.0)
    with pytest.raises(InvalidInputError, match="cannot name a key"):
        AuditLog.create(tmp_path / "log", "no name", log_key, 1_000.0)


def test_another_key_opens_no_log(
    tmp_path: Path, log_key: SigningKey, witness_keys: dict[str, SigningKey]
) -> None:
    AuditLog.create(tmp_path, ORIGIN, log_key, 1_000.0).close()
    with pytest.raises(Exception, match="not signed by"):
        AuditLog.open(tmp_path, next(iter(witness_keys.values())))


@pytest.mark.parametrize(
    "path", ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44", "checkpoint"]
)
def test_a_log_with_an_altered_edge_is_not_written_on(
    tmp_path: Path, log_key: SigningKey, path: str
) -> None:
    with AuditLog.create(tmp_path, ORIGIN, log_key, 1_000.0) as log:
        fill(log, 300)
    octets = bytearray((tmp_path / path).read_bytes())
    octets[len(octets) // 2] ^= 1
    (tmp_path / path).write_bytes(octets)
    with pytest.raises(Exception, match=r"altered|not genuine|whole entries|no signature"):
        AuditLog.open(tmp_path, log_key)


def test_entries_that_do_not_fit_are_refused_before_anything_is_written(
    tmp_path: Path, log_key: SigningKey
) -> None:
    with AuditLog.create(tmp_path, ORIGIN, log_key, 1_000.0) as log:
        with pytest.raises(InvalidInputError, match=r"65535 octets"):
            log.append([b"fine", bytes(65_536)], 1_000.0)
        with pytest.raises(InvalidInputError):
            log.append([b""] * (MOST_GROUP + 1), 1_000.0)
        assert log.append([b"", bytes(65_535)], 1_000.0) == range(2)
        assert log.entry(1) == bytes(65_535)
        with pytest.raises(InvalidInputError, match="no entry 2"):
            log.entry(2)


def test_signed_times_never_go_back(tmp_path: Path, log_key: SigningKey) -> None:
    with AuditLog.create(tmp_path, ORIGIN, log_key, 2_000.0) as log:
        log.append([b"x"], 1_000.0)
        assert log.checkpoint.signed_at == 2_000


def test_questions_beyond_the_log_are_refused(tmp_path: Path, log_key: SigningKey) -> None:
    with AuditLog.create(tmp_path, ORIGIN, log_key, 1_000.0) as log:
        fill(log, 3)
        reader = LogReader(tmp_path, 3)
        for question in (
            lambda: log.inclusion_proof(3),
            lambda: log.inclusion_proof(0, 4),
            lambda: log.consistency_proof(1, 4),
            lambda: log.consistency_proof(4),
            lambda: reader.root(4),
            lambda: log.entry(-1),
        ):
            with pytest.raises(InvalidInputError):
                question()


def test_threads_append_and_read_at_once(tmp_path: Path, log_key: SigningKey) -> None:
    problems: list[BaseException] = []
    with AuditLog.create(tmp_path, ORIGIN, log_key, 1_000.0) as log:

        def work(name: int) -> None:
            try:
                for turn in range(10):
                    text = f"{name} {turn}".encode()
                    (index,) = log.append([text], 1_000.0)
                    assert log.entry(index) == text
                    size, root = log.checkpoint.size, log.checkpoint.root
                    proof = log.inclusion_proof(index, size)
                    verify_inclusion(leaf_hash(text), index, size, proof, root)
            except BaseException as problem:
                problems.append(problem)
                raise

        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems
        assert log.size == 40
