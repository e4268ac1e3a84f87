"""A crash at any instruction leaves a log that verifies and lacks nothing it had acknowledged."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from crashing_disk import Stopped, Trace, Wreck, read_in, write_out

from baluardo.errors import LogError, TrustError
from baluardo.trust.audit.checkpoint import SignedCheckpoint, open_checkpoint
from baluardo.trust.audit.disk import Disk
from baluardo.trust.audit.merkle import verify_consistency
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.audit.verification import verify_log
from baluardo.trust.primitives.signing import SigningKey

ORIGIN = "marina.example/log"
BEFORE = 254
GROUPS = (1, 1, 3, 300)
"""A partial tile grows, is completed, the next begins, a large group spans three."""
MODES: tuple[str | int, ...] = ("killed", "power", 1, 2, 3)


def entry(index: int) -> bytes:
    return f"entry {index}".encode()


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, log_key: SigningKey) -> dict[str, bytes]:
    """A log of 254 entries, safe on the disk."""
    directory = tmp_path_factory.mktemp("before")
    with AuditLog.create(directory, ORIGIN, log_key, 1_000.0) as log:
        log.append([entry(i) for i in range(BEFORE)], 1_000.0)
    return read_in(directory)


def traced(
    files: dict[str, bytes], directory: Path, key: SigningKey, most: int | None = None
) -> Trace:
    """Append the groups on a watched disk."""
    write_out(files, directory)
    disk = Trace(directory, most)
    try:
        with AuditLog.open(directory, key, disk) as log:
            disk.acknowledge(log.size)
            for count in GROUPS:
                start = log.size
                log.append([entry(i) for i in range(start, start + count)], 2_000.0)
                disk.acknowledge(log.size)
    except Stopped:
        pass
    return disk


def signed_checkpoints(files: dict[str, bytes], key: VerifierKey) -> Iterator[SignedCheckpoint]:
    """Yield everything that the log's key has signed and that somebody may have seen."""
    for name in ("checkpoint", "checkpoint.new"):
        try:
            yield open_checkpoint(files.get(name, b""), key)
        except TrustError:
            assert name == "checkpoint.new"


def check_wreck(
    files: dict[str, bytes], acknowledged: int, directory: Path, key: SigningKey
) -> None:
    """Open what a crash left, verify it, write on another way than before, verify again."""
    write_out(files, directory)
    vkey = VerifierKey(ORIGIN, key.public)
    signed = list(signed_checkpoints(files, vkey))
    with AuditLog.open(directory, key) as log:
        assert log.size >= acknowledged
        assert log.size in {BEFORE, 255, 256, 259, 559}
        assert list(log.entries()) == [entry(i) for i in range(log.size)]
        verify_log(directory, vkey, [], [], 0, 3_000.0)
        start = log.size
        log.append([f"other {i}".encode() for i in range(start, start + 6)], 3_000.0)
        known = [each.note.octets() for each in signed]
        report = verify_log(directory, vkey, [], known, 0, 3_000.0)
        assert report.size == start + 6
        for each in signed:  # one history only was ever signed
            proof = log.consistency_proof(each.size)
            verify_consistency(each.size, log.size, proof, each.root, log.root)


def wrecks(
    files: dict[str, bytes], trace: Trace, every: range
) -> Iterator[tuple[int, dict[str, bytes]]]:
    """Yield what may be found after each step, each state once, with what was acknowledged."""
    done = set()
    for count in every:
        wreck = Wreck(files, trace.steps[:count])
        for mode in MODES:
            found = wreck.files(mode)
            state = hashlib.sha256(repr((sorted(found.items()), wreck.acknowledged)).encode())
            if state.digest() not in done:
                done.add(state.digest())
                yield wreck.acknowledged, found


def test_a_crash_after_any_step_of_a_commit_loses_nothing(
    before: dict[str, bytes], tmp_path: Path, log_key: SigningKey
) -> None:
    trace = traced(before, tmp_path / "traced", log_key)
    checked = 0
    for acknowledged, found in wrecks(before, trace, range(len(trace.steps) + 1)):
        check_wreck(found, acknowledged, tmp_path / str(checked), log_key)
        checked += 1
    assert checked > 100, "the crashes led to too few states to show anything"


def test_a_crash_while_a_crash_is_mended_loses_nothing(
    before: dict[str, bytes], tmp_path: Path, log_key: SigningKey
) -> None:
    """Start after a kill beside the putting in place of a checkpoint; crash at each step of that.

    Nothing was forced down by the kill: what the second start shows to anybody must be safe.
    """
    whole = traced(before, tmp_path / "whole", log_key)
    renames = [i for i, step in enumerate(whole.steps) if step[0] == "rename"]
    (tmp_path / "states").mkdir()
    checked = 0
    for at in (each + later for each in renames for later in (-1, 0, 1)):
        left = Wreck(before, whole.steps[:at]).files("killed")
        assert ("checkpoint.new" in left) == (at in renames or at + 1 in renames)
        again = traced(left, tmp_path / f"again {at}", log_key)
        again.steps = whole.steps[:at] + again.steps
        for acknowledged, found in wrecks(before, again, range(at, at + 12)):
            check_wreck(found, acknowledged, tmp_path / "states" / str(checked), log_key)
            checked += 1
    assert checked > 6 * len(renames)


def test_a_new_log_has_its_whole_way_forced_down(tmp_path: Path, log_key: SigningKey) -> None:
    """Its directory's name and those above it: what is acknowledged must be found again."""
    trace = Trace(tmp_path)
    AuditLog.create(tmp_path / "a" / "b" / "log", ORIGIN, log_key, 1_000.0, trace).close()
    files = Wreck({}, trace.steps).files("power")
    assert "a/b/log/checkpoint" in files


def test_a_crash_while_a_log_is_made_leaves_room_for_it(
    tmp_path: Path, log_key: SigningKey
) -> None:
    (tmp_path / "traced").mkdir()
    trace = Trace(tmp_path / "traced")
    AuditLog.create(tmp_path / "traced", ORIGIN, log_key, 1_000.0, trace).close()
    states = list(wrecks({}, trace, range(len(trace.steps) + 1)))
    assert len(states) > 3
    for number, (_, found) in enumerate(states):
        directory = tmp_path / str(number)
        write_out(found, directory)
        if "checkpoint" in found:
            AuditLog.open(directory, log_key).close()
        else:
            AuditLog.create(directory, ORIGIN, log_key, 1_000.0).close()


@pytest.mark.parametrize("most", [2, 7, 14, 19, 20])
def test_a_log_that_was_interrupted_takes_nothing_more(
    before: dict[str, bytes], tmp_path: Path, log_key: SigningKey, most: int
) -> None:
    write_out(before, tmp_path / "log")
    with AuditLog.open(tmp_path / "log", log_key, Trace(tmp_path / "log", most)) as log:
        with pytest.raises(Stopped):
            log.append([b"x"], 2_000.0)
        with pytest.raises(LogError, match="must be opened again"):
            log.append([b"x"], 2_000.0)
        assert log.entry(BEFORE - 1) == entry(BEFORE - 1)


class FullDisk(Disk):
    """A disk that refuses the file it is told to."""

    def __init__(self, refused: str) -> None:
        super().__init__()
        self.refused = refused

    def write(self, path: Path, octets: bytes) -> None:
        if path.name == self.refused:
            raise OSError(28, "No space left on device")
        super().write(path, octets)


@pytest.mark.parametrize("refused", ["255", "checkpoint.new"])
def test_a_full_disk_is_told_and_nothing_is_lost(
    before: dict[str, bytes], tmp_path: Path, log_key: SigningKey, refused: str
) -> None:
    write_out(before, tmp_path / "log")
    with (
        AuditLog.open(tmp_path / "log", log_key, FullDisk(refused)) as log,
        pytest.raises(LogError, match=r"No space left on device.*is safe"),
    ):
        log.append([b"x"], 2_000.0)
    with AuditLog.open(tmp_path / "log", log_key) as log:
        assert log.size == BEFORE
        assert log.append([b"y"], 2_000.0) == range(BEFORE, BEFORE + 1)


def test_what_was_signed_and_is_gone_is_not_signed_over(
    before: dict[str, bytes], tmp_path: Path, log_key: SigningKey
) -> None:
    """A disk that lies about what it has forced down: better no log than two histories."""
    trace = traced(before, tmp_path / "traced", log_key)
    rename = next(i for i, step in enumerate(trace.steps) if step[0] == "rename")
    found = Wreck(before, trace.steps[:rename]).files("killed")
    del found["tile/0/000.p/255"]
    write_out(found, tmp_path / "lied")
    with pytest.raises(LogError, match="cannot be read"):
        AuditLog.open(tmp_path / "lied", log_key)
    found["tile/0/000.p/255"] = bytes(255 * 32)
    write_out(found, tmp_path / "altered")
    with pytest.raises(LogError, match="had signed 255 entries before"):
        AuditLog.open(tmp_path / "altered", log_key)


WRITER = """
import sys
from pathlib import Path
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import SignatureAlgorithm

key = SigningKey.from_seed(SignatureAlgorithm.ML_DSA_65, Secret(bytes([1]) * 32))
with AuditLog.open(Path(sys.argv[1]), key) as log:
    while True:
        start = log.size
        log.append([f"entry {i}".encode() for i in range(start, start + start % 97 + 1)], 1.0)
        sys.stdout.write(f"{log.size}\\n")
        sys.stdout.flush()
"""


def test_a_process_that_is_killed_loses_nothing(tmp_path: Path, log_key: SigningKey) -> None:
    directory = tmp_path / "log"
    AuditLog.create(directory, ORIGIN, log_key, 1.0).close()
    last = 0
    for acknowledgements in (1, 9, 24, 40):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(directory)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        with writer.stdout:
            for _ in range(acknowledgements):
                last = int(writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)
            writer.wait()
            for line in writer.stdout:
                last = int(line) if line.endswith("\n") else last
        with AuditLog.open(directory, log_key) as log:
            assert log.size >= last
            assert list(log.entries()) == [entry(i) for i in range(log.size)]
            verify_log(directory, log.verifier_key, [], [], 0, 1.0)
