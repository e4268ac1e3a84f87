"""Doors for the audit log: notes, checkpoints, keys, tiles, entries, openings, whole logs."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Sequence
from pathlib import Path

from community import NOW
from door import Door
from material import as_text, folder, only, seeded_key

from baluardo.errors import InvalidInputError, LogError, SignatureError
from baluardo.trust.audit.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from baluardo.trust.audit.evidence import ForkEvidence
from baluardo.trust.audit.merkle import leaf_hash, verify_consistency, verify_inclusion
from baluardo.trust.audit.note import Note, NoteSignature, VerifierKey
from baluardo.trust.audit.reading import LogReader
from baluardo.trust.audit.record import Disclosure, Record, make_record
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.audit.tiles import ENTRIES, Tile, bundle_of, entries_of, hashes_of
from baluardo.trust.audit.verification import verify_log
from baluardo.trust.audit.witness import Witness

ORIGIN = "italia.example/log"
ACTOR = "spiffe://italia.example/authority/issuing"
ENTRIES_KEPT = [f"entry {number}".encode() for number in range(11)]


@functools.cache
def log_key() -> VerifierKey:
    return VerifierKey(ORIGIN, seeded_key().public)


@functools.cache
def checkpoint() -> bytes:
    directory = folder() / "log"
    shutil.rmtree(directory, ignore_errors=True)
    with AuditLog.create(directory, ORIGIN, seeded_key(), NOW) as log:
        log.append(ENTRIES_KEPT, NOW)
        return log.checkpoint.note.octets()


def entries() -> Sequence[bytes]:
    made = make_record(NOW, "certificate.issued", ACTOR, {"serial": "7"}, {"name": "Anna"})
    return [made.entry(), make_record(NOW, "list.published", ACTOR, {}).entry()]


def openings() -> Sequence[bytes]:
    return [Disclosure.make("name", "Anna").text.encode()]


def reopened(octets: bytes) -> None:
    """The log with another checkpoint on its disk."""
    path = folder() / "log" / "checkpoint"
    path.write_bytes(octets)
    try:
        AuditLog.open(folder() / "log", seeded_key()).close()
    finally:
        path.write_bytes(checkpoint())


@functools.cache
def proofs() -> tuple[tuple[bytes, ...], tuple[bytes, ...], bytes, bytes]:
    """Of entry 5's inclusion, of growth from 6 entries, the root of 6, the root of all."""
    checkpoint()
    reader = LogReader(folder() / "log", len(ENTRIES_KEPT))
    return reader.inclusion_proof(5), reader.consistency_proof(6), reader.root(6), reader.root()


def evidence() -> Sequence[bytes]:
    """Two histories of one size, both signed by the log."""
    other = Checkpoint(ORIGIN, len(ENTRIES_KEPT), bytes(32))
    line = sign_checkpoint(other, ORIGIN, seeded_key(), int(NOW))
    forged = Note(other.body, (line,)).octets()
    return [ForkEvidence(checkpoint(), forged).octets()]


def convicts(octets: bytes) -> None:
    assert "forked" in ForkEvidence.of_octets(octets).verify(log_key())


def remembered(octets: bytes) -> None:
    """A witness that wakes up with this in its memory."""
    memory = folder() / "witness"
    with Witness(memory, "auditor.example", seeded_key(), [log_key()]) as witness:
        if witness.last(ORIGIN) is None:
            witness.consider(checkpoint(), (), NOW)
    (path,) = memory.glob("*.checkpoint")
    kept = path.read_bytes()
    path.write_bytes(octets)
    try:
        with Witness(memory, "auditor.example", seeded_key(), [log_key()]) as witness:
            only(len(ENTRIES_KEPT))(witness.size(ORIGIN))
    finally:
        path.write_bytes(kept)


def file_of_log(kind: str) -> Path:
    checkpoint()
    return next(path for path in (folder() / "log" / "tile" / kind).rglob("*") if path.is_file())


@functools.cache
def genuine_file(kind: str) -> bytes:
    return file_of_log(kind).read_bytes()


def audited(kind: str, octets: bytes) -> None:
    """The whole log, one of its files replaced: only what was there before verifies."""
    genuine, path = genuine_file(kind), file_of_log(kind)
    path.write_bytes(octets)
    try:
        verify_log(folder() / "log", log_key(), [], [], 0, NOW)
    finally:
        path.write_bytes(genuine)
    only(genuine)(octets)


def included(octets: bytes) -> None:
    genuine, _, _, root = proofs()
    verify_inclusion(leaf_hash(ENTRIES_KEPT[5]), 5, len(ENTRIES_KEPT), hashes(octets), root)
    only(genuine)(tuple(hashes(octets)))


def consistent(octets: bytes) -> None:
    _, genuine, old_root, root = proofs()
    verify_consistency(6, len(ENTRIES_KEPT), hashes(octets), old_root, root)
    only(genuine)(tuple(hashes(octets)))


def hashes(octets: bytes) -> list[bytes]:
    return [octets[i : i + 32] for i in range(0, min(len(octets), 64 * 32), 32)]


REFUSED = (LogError, SignatureError)

DOORS = (
    Door("audit.note", Note.of_octets, (LogError,), lambda: [checkpoint()]),
    Door(
        "audit.signature-line",
        as_text(NoteSignature.of_line),
        (LogError,),
        lambda: [checkpoint().splitlines()[-1]],
    ),
    Door(
        "audit.key",
        as_text(VerifierKey.of_text),
        (InvalidInputError,),
        lambda: [log_key().text.encode()],
    ),
    Door(
        "audit.checkpoint-body",
        as_text(Checkpoint.of_body),
        (LogError,),
        lambda: [Note.of_octets(checkpoint()).text.encode()],
    ),
    Door(
        "audit.checkpoint",
        lambda octets: only(len(ENTRIES_KEPT))(open_checkpoint(octets, log_key()).size),
        REFUSED,
        lambda: [checkpoint()],
    ),
    Door(
        "audit.tile",
        lambda octets: hashes_of(octets, Tile(0, 0, 3)),
        (LogError,),
        lambda: [bytes(96)],
    ),
    Door(
        "audit.bundle",
        lambda octets: entries_of(octets, Tile(ENTRIES, 0, 3)),
        (LogError,),
        lambda: [bundle_of([b"one", b"", b"three"])],
    ),
    Door("audit.entry", Record.of_entry, (LogError,), entries),
    Door("audit.opening", as_text(Disclosure.of_text), (LogError,), openings),
    Door("audit.inclusion-proof", included, REFUSED, lambda: [b"".join(proofs()[0])]),
    Door("audit.consistency-proof", consistent, REFUSED, lambda: [b"".join(proofs()[1])]),
    *(
        Door(
            f"audit.verification.{kind}",
            functools.partial(audited, kind),
            REFUSED,
            functools.partial(lambda kind: [genuine_file(kind)], kind),
        )
        for kind in ("0", "entries")
    ),
    Door("audit.evidence", convicts, REFUSED, evidence),
    Door("audit.witness-memory", remembered, REFUSED, lambda: [checkpoint()]),
    Door("audit.log", reopened, REFUSED, lambda: [checkpoint()]),
)
