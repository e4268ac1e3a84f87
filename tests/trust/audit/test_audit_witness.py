"""A witness cosigns one history of a log, and convicts a log that has two."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from forked import run_forked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baluardo.errors import (
    InvalidInputError,
    LogError,
    ProfileError,
    SignatureError,
    TargetError,
    TrustError,
)
from baluardo.trust.audit import witness as witnessing
from baluardo.trust.audit.checkpoint import (
    Checkpoint,
    open_checkpoint,
    sign_checkpoint,
    verify_signature,
)
from baluardo.trust.audit.evidence import ForkEvidence
from baluardo.trust.audit.merkle import (
    Frontier,
    complete_root,
    consistency_proof,
    leaf_hash,
    root_of,
    verify_consistency,
)
from baluardo.trust.audit.note import MOST_SIGNATURES, Note, NoteSignature, VerifierKey
from baluardo.trust.audit.witness import Witness
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import SignatureAlgorithm

ORIGIN = "marina.example/log"
NAVY = "witness.example/navy"


class History:
    """A log in memory: leaves, checkpoints and proofs."""

    def __init__(self, key: SigningKey, words: Sequence[str]) -> None:
        self.key = key
        self.leaves = [leaf_hash(word.encode()) for word in words]

    def read(self, level: int, index: int) -> bytes:
        return complete_root(self.leaves[index << level : (index + 1) << level])

    def root(self, size: int) -> bytes:
        return root_of(self.leaves[:size])

    def checkpoint(self, size: int, time: int) -> bytes:
        checkpoint = Checkpoint(ORIGIN, size, self.root(size))
        return Note(
            checkpoint.body, (sign_checkpoint(checkpoint, ORIGIN, self.key, time),)
        ).octets()

    def proof(self, old: int, new: int) -> tuple[bytes, ...]:
        return consistency_proof(old, new, self.read)


@pytest.fixture
def history(log_key: SigningKey) -> History:
    return History(log_key, [str(i) for i in range(20)])


@pytest.fixture
def other(log_key: SigningKey) -> History:
    """The same log's key, another story from entry 5 on."""
    return History(log_key, [str(i) if i < 5 else f"false {i}" for i in range(20)])


@pytest.fixture
def witness(
    tmp_path: Path, witness_keys: dict[str, SigningKey], log_vkey: VerifierKey
) -> Iterator[Witness]:
    with Witness(tmp_path / "memory", NAVY, witness_keys[NAVY], [log_vkey]) as witness:
        yield witness


def evidence_in(tmp_path: Path) -> list[ForkEvidence]:
    return [ForkEvidence.of_octets(p.read_bytes()) for p in tmp_path.rglob("*fork-*.json")]


def test_a_growing_log_is_cosigned_each_time(
    witness: Witness, history: History, log_vkey: VerifierKey
) -> None:
    assert (witness.size(ORIGIN), witness.last(ORIGIN)) == (0, None)
    with pytest.raises(LogError, match="Nothing of 'marina"):
        witness.cosigned(ORIGIN)
    for old, new in ((0, 3), (3, 8), (8, 8), (8, 20)):
        offered = history.checkpoint(new, 1_000 + new)
        line = witness.consider(offered, history.proof(old, new), 2_000.5)
        checkpoint = open_checkpoint(offered, log_vkey).checkpoint
        assert verify_signature(checkpoint, line, witness.key) == 2_000
        assert witness.size(ORIGIN) == new
        kept = open_checkpoint(witness.cosigned(ORIGIN), log_vkey, [witness.key])
        assert (kept.size, kept.witnesses) == (new, {NAVY: 2_000})


def test_it_remembers_after_a_start(
    tmp_path: Path,
    history: History,
    other: History,
    witness_keys: dict[str, SigningKey],
    log_vkey: VerifierKey,
) -> None:
    for turn, (story, size) in enumerate(((history, 8), (history, 8), (other, 8))):
        with Witness(tmp_path, NAVY, witness_keys[NAVY], [log_vkey]) as witness:
            if story is other:
                with pytest.raises(LogError, match="forked"):
                    witness.consider(story.checkpoint(size, 1_100), (), 2_000.0)
            else:
                witness.consider(story.checkpoint(size, 1_000 + turn), (), 2_000.0)


def test_the_memory_is_written_before_the_line_leaves(
    tmp_path: Path, history: History, witness_keys: dict[str, SigningKey], log_vkey: VerifierKey
) -> None:
    with Witness(tmp_path / "m", NAVY, witness_keys[NAVY], [log_vkey]) as witness:
        witness.consider(history.checkpoint(3, 1_000), (), 2_000.0)
        for path in (tmp_path / "m").iterdir():  # nothing can be written any more
            path.unlink()
        (tmp_path / "m").rmdir()
        with pytest.raises(LogError, match="Nothing was cosigned"):
            witness.consider(history.checkpoint(8, 1_001), history.proof(3, 8), 2_000.0)
        assert witness.size(ORIGIN) == 3


def test_two_histories_of_one_size_convict_the_log(
    tmp_path: Path, witness: Witness, history: History, other: History, log_vkey: VerifierKey
) -> None:
    witness.consider(history.checkpoint(8, 1_000), (), 2_000.0)
    with pytest.raises(LogError, match=r"forked: it signed two different histories of 8") as told:
        witness.consider(other.checkpoint(8, 1_001), (), 2_000.0)
    (evidence,) = evidence_in(tmp_path)
    assert "two different" in evidence.verify(log_vkey)
    assert next(tmp_path.rglob("*fork-*.json")).name in str(told.value)
    assert witness.size(ORIGIN) == 8


@pytest.mark.parametrize("old", [6, 7, 8])
def test_a_rewritten_beginning_convicts_the_log(
    tmp_path: Path,
    witness: Witness,
    history: History,
    other: History,
    log_vkey: VerifierKey,
    old: int,
) -> None:
    witness.consider(history.checkpoint(old, 1_000), (), 2_000.0)
    offered, proof = other.checkpoint(15, 1_001), other.proof(old, 15)
    with pytest.raises(LogError, match="does not begin"):
        witness.consider(offered, proof, 2_000.0)
    assert not evidence_in(tmp_path)
    with pytest.raises(LogError, match=f"do not begin with the {old} that it signed before"):
        witness.consider(offered, proof, 2_000.0, begins_with=other.root(old))
    (evidence,) = evidence_in(tmp_path)
    assert "forked" in evidence.verify(log_vkey)


def test_a_log_that_shrinks_is_refused_and_convicted_by_its_own_dates(
    tmp_path: Path, witness: Witness, history: History, log_vkey: VerifierKey
) -> None:
    witness.consider(history.checkpoint(8, 1_000), (), 2_000.0)
    with pytest.raises(LogError, match="an old one, or the log was cut"):
        witness.consider(history.checkpoint(5, 1_000), (), 2_000.0)
    assert not evidence_in(tmp_path)
    with pytest.raises(LogError, match="it signed 8 entries, and later only 5"):
        witness.consider(history.checkpoint(5, 1_001), (), 2_000.0)
    (evidence,) = evidence_in(tmp_path)
    assert "was cut" in evidence.verify(log_vkey)


def test_a_bad_proof_convicts_nobody(
    tmp_path: Path, witness: Witness, history: History, other: History
) -> None:
    with pytest.raises(LogError, match="must be empty"):
        witness.consider(history.checkpoint(8, 1_000), (bytes(32),), 2_000.0)
    witness.consider(history.checkpoint(7, 1_000), (), 2_000.0)
    offered = history.checkpoint(15, 1_001)
    for proof in ((), history.proof(6, 15), history.proof(7, 14), (bytes(32),) * 70):
        for begins_with in (None, other.root(7), history.root(7), b"short"):
            with pytest.raises(LogError):
                witness.consider(offered, proof, 2_000.0, begins_with)
    assert not evidence_in(tmp_path)
    witness.consider(offered, history.proof(7, 15), 2_000.0, history.root(7))


def test_only_watched_logs_and_their_keys_count(
    witness: Witness, history: History, witness_keys: dict[str, SigningKey]
) -> None:
    stranger = Note.of_octets(history.checkpoint(3, 1_000))
    text = stranger.text.replace(ORIGIN, "other.example/log")
    with pytest.raises(LogError, match="not one that this witness watches"):
        witness.consider(Note(text, stranger.signatures).octets(), (), 2_000.0)
    forger = History(witness_keys["witness.example/court"], ["x"])
    with pytest.raises(SignatureError, match="not signed by"):
        witness.consider(forger.checkpoint(1, 1_000), (), 2_000.0)


@pytest.mark.usefixtures("witness")
def test_one_process_uses_a_memory(
    tmp_path: Path, witness_keys: dict[str, SigningKey], log_vkey: VerifierKey
) -> None:
    with pytest.raises(LogError, match=r"memory .* another process"):
        Witness(tmp_path / "memory", NAVY, witness_keys[NAVY], [log_vkey])


def test_an_altered_memory_is_not_used(
    tmp_path: Path, history: History, witness_keys: dict[str, SigningKey], log_vkey: VerifierKey
) -> None:
    with Witness(tmp_path, NAVY, witness_keys[NAVY], [log_vkey]) as witness:
        witness.consider(history.checkpoint(8, 1_000), (), 2_000.0)
    (path,) = tmp_path.glob("*.checkpoint")
    path.write_bytes(path.read_bytes().replace(b"\n8\n", b"\n7\n"))
    with pytest.raises(SignatureError, match="not genuine"):
        Witness(tmp_path, NAVY, witness_keys[NAVY], [log_vkey])
    with pytest.raises(LogError, match="cannot be made"):
        Witness(path, NAVY, witness_keys[NAVY], [log_vkey])


def test_evidence_that_proves_nothing_is_refused(
    history: History, other: History, log_vkey: VerifierKey, witness_keys: dict[str, SigningKey]
) -> None:
    forger = History(witness_keys[NAVY], ["x"] * 20)
    same = history.checkpoint(8, 1_000)
    for evidence in (
        ForkEvidence(same, same),
        ForkEvidence(same, history.checkpoint(12, 1_001)),
        ForkEvidence(same, history.checkpoint(12, 1_001), history.root(8), history.proof(8, 12)),
        ForkEvidence(same, history.checkpoint(12, 1_001), other.root(8), other.proof(8, 12)),
        ForkEvidence(history.checkpoint(5, 1_000), history.checkpoint(8, 1_000)),
    ):
        with pytest.raises(LogError):
            evidence.verify(log_vkey)
    with pytest.raises(SignatureError):
        ForkEvidence(same, forger.checkpoint(8, 1_000)).verify(log_vkey)


GOOD = ForkEvidence(b"one\n", b"two\n", bytes(32), (bytes(32),)).octets()


@given(st.binary(max_size=200), st.integers(0, len(GOOD) - 1), st.binary(max_size=3))
def test_any_octets_are_evidence_or_refused(octets: bytes, at: int, splice: bytes) -> None:
    for candidate in (octets, GOOD[:at] + splice + GOOD[at + 1 :]):
        try:
            evidence = ForkEvidence.of_octets(candidate)
        except LogError:
            continue
        assert ForkEvidence.of_octets(evidence.octets()) == evidence


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_octets_offered_are_refused(
    tmp_path_factory: pytest.TempPathFactory,
    log_key: SigningKey,
    log_vkey: VerifierKey,
    witness_keys: dict[str, SigningKey],
    data: st.DataObject,
) -> None:
    good = History(log_key, "abc").checkpoint(3, 1_000)
    at = data.draw(st.integers(0, 300))
    bad = good[:at] + data.draw(st.binary(min_size=1, max_size=3)) + good[at + 1 :]
    if bad == good:
        return
    state = tmp_path_factory.mktemp("w")
    with Witness(state, NAVY, witness_keys[NAVY], [log_vkey]) as witness:
        with pytest.raises(TrustError):
            witness.consider(bad, (), 1.0)
        assert witness.size(ORIGIN) == 0


def test_frontiers_and_histories_agree(history: History) -> None:
    assert Frontier.read(13, history.read).root() == history.root(13)


def test_lines_of_strangers_do_not_fill_the_memory(
    tmp_path: Path, history: History, witness_keys: dict[str, SigningKey], log_vkey: VerifierKey
) -> None:
    """As many lines as a note may have, and as long: the witness's own must still fit."""
    note = Note.of_octets(history.checkpoint(3, 1_000))
    junk = [NoteSignature(f"x{i}.example", bytes(4), b"x") for i in range(MOST_SIGNATURES - 2)]
    junk.append(NoteSignature("long.example", bytes(4), bytes(700_000)))
    with Witness(tmp_path, NAVY, witness_keys[NAVY], [log_vkey]) as witness:
        witness.consider(note.signed(*junk).octets(), (), 2_000.0)
        assert len(Note.of_octets(witness.cosigned(ORIGIN)).signatures) == 2
    with Witness(tmp_path, NAVY, witness_keys[NAVY], [log_vkey]) as witness:
        witness.consider(history.checkpoint(8, 1_001), history.proof(3, 8), 2_000.0)
        assert witness.size(ORIGIN) == 8


def test_threads_get_one_history_cosigned(
    witness: Witness, history: History, other: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two histories offered at once: neither is looked at before the other is remembered."""
    both = threading.Barrier(2, timeout=0.2)

    def slowly(*args: Any) -> None:
        verify_consistency(*args)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait()

    monkeypatch.setattr(witnessing, "verify_consistency", slowly)
    witness.consider(history.checkpoint(3, 1_000), (), 2_000.0)

    def offer(story: History) -> object:
        try:
            return witness.consider(story.checkpoint(8, 1_001), story.proof(3, 8), 2_000.0)
        except LogError:
            return None

    with ThreadPoolExecutor(2) as pool:
        lines = list(pool.map(offer, (history, other)))
    assert lines.count(None) == 1


def test_what_could_not_be_remembered_is_not_handed_out(
    witness: Witness, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file has its name already, and the directory could not be forced down."""
    witness.consider(history.checkpoint(3, 1_000), (), 2_000.0)
    before = witness.cosigned(ORIGIN)

    def half(path: Path, octets: bytes, **_: object) -> None:
        path.write_bytes(octets)
        raise TargetError("The disk is broken.")

    monkeypatch.setattr(witnessing, "write_durably", half)
    with pytest.raises(LogError, match="Nothing was cosigned"):
        witness.consider(history.checkpoint(8, 1_001), history.proof(3, 8), 2_000.0)
    assert witness.cosigned(ORIGIN) == before


def test_a_witness_never_dates_back(
    tmp_path: Path, history: History, witness_keys: dict[str, SigningKey], log_vkey: VerifierKey
) -> None:
    with Witness(tmp_path, NAVY, witness_keys[NAVY], [log_vkey]) as witness:
        witness.consider(history.checkpoint(3, 1_000), (), 2_000.0)
    with Witness(tmp_path, NAVY, witness_keys[NAVY], [log_vkey]) as witness:
        for size, old in ((8, 3), (20, 8)):
            offered = history.checkpoint(size, 1_000 + size)
            line = witness.consider(offered, history.proof(old, size), 1_500.0)
            checkpoint = open_checkpoint(offered, log_vkey).checkpoint
            assert verify_signature(checkpoint, line, witness.key) == 2_000


def test_a_closed_witness_cosigns_nothing(
    tmp_path: Path, history: History, witness_keys: dict[str, SigningKey], log_vkey: VerifierKey
) -> None:
    witness = Witness(tmp_path, NAVY, witness_keys[NAVY], [log_vkey])
    witness.close()
    with (tmp_path / "another's").open("wb") as file:  # gets the number of the closed descriptor
        witness.close()
        file.write(b"still open")
    with pytest.raises(LogError, match="closed"):
        witness.consider(history.checkpoint(3, 1_000), (), 2_000.0)


def test_a_forked_child_cosigns_nothing(witness: Witness, history: History) -> None:
    def offer() -> None:
        with pytest.raises(LogError, match="closed"):
            witness.consider(history.checkpoint(3, 1_000), (), 2_000.0)

    run_forked(offer)
    witness.consider(history.checkpoint(3, 1_000), (), 2_000.0)


def test_two_logs_of_one_name_or_another_profile_are_not_watched(
    tmp_path: Path, witness_keys: dict[str, SigningKey], log_vkey: VerifierKey
) -> None:
    key = witness_keys[NAVY]
    false = VerifierKey(ORIGIN, witness_keys["witness.example/court"].public)
    with pytest.raises(InvalidInputError, match="two logs"):
        Witness(tmp_path, NAVY, key, [log_vkey, false])
    other = SigningKey.from_seed(SignatureAlgorithm.ML_DSA_87, Secret(bytes(32)))
    with pytest.raises(ProfileError, match="ML-DSA-87"):
        Witness(tmp_path, NAVY, other, [log_vkey])
    Witness(tmp_path, NAVY, key, [log_vkey, log_vkey]).close()


def test_the_evidence_cannot_be_spoilt_or_multiplied_by_who_offers(
    tmp_path: Path, witness: Witness, history: History, other: History, log_vkey: VerifierKey
) -> None:
    """What it does not need is not in it: a reader would refuse so long a proof."""
    witness.consider(history.checkpoint(8, 1_000), (), 2_000.0)
    for offered in (other.checkpoint(8, 1_001), history.checkpoint(5, 1_002)):
        for times in (65, 66, 5_000):
            with pytest.raises(LogError, match="evidence"):
                witness.consider(offered, (bytes(32),) * times, 2_000.0, b"x" * times)
    evidence = evidence_in(tmp_path)
    assert len(evidence) == 2
    assert all(each.verify(log_vkey) for each in evidence)
