"""A witness keeps the last checkpoint of each log it watches, and cosigns only what follows it.

An owner who shows one history to some and another to others, or cuts the end off, needs the
witness's cosignature on both: it refuses the second, and what it then holds is evidence against
the log's own key.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from baluardo.durable_files import sync_directory, write_durably
from baluardo.errors import InvalidInputError, LogError, TargetError
from baluardo.foreign_input import quoted, read_file
from baluardo.trust.audit.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    open_checkpoint,
    sign_checkpoint,
)
from baluardo.trust.audit.disk import shown, take_hold
from baluardo.trust.audit.evidence import ForkEvidence
from baluardo.trust.audit.merkle import verify_consistency
from baluardo.trust.audit.note import MOST_NOTE_OCTETS, Note, NoteSignature, VerifierKey
from baluardo.trust.audit.reading import LogReader, read_checkpoint
from baluardo.trust.primitives.hashing import sha256
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import AnyProfile

STATE_MODE: Final = 0o644


class Witness:
    """A witness with its key and its memory, a directory that one process at a time may use.

    Several threads may use it; checkpoints are considered one by one.
    """

    def __init__(
        self, state: Path, name: str, key: SigningKey, logs: Iterable[VerifierKey]
    ) -> None:
        """Watch logs by their keys. LogError if the state is in use, cannot be read or is wrong.

        InvalidInputError for two logs of one name, ProfileError for a log of another profile.
        """
        self.key = VerifierKey(name, key.public)
        self._signing = key
        self._logs: dict[str, VerifierKey] = {}
        for log in logs:
            self.key.require_profile(log)
            if self._logs.setdefault(log.name, log) != log:
                raise InvalidInputError(
                    f"There are two logs {quoted(log.name)}; watch one of them."
                )
        self._state = state
        self._turn = threading.Lock()
        try:
            state.mkdir(mode=0o755, exist_ok=True)
            with contextlib.suppress(PermissionError):  # then it was made by somebody else
                sync_directory(state.parent)
        except OSError as error:
            raise LogError(f"{shown(state)} cannot be made: {error.strerror}.") from None
        self._hold = take_hold(state, f"The witness's memory in {shown(state)}")
        self._last: dict[str, SignedCheckpoint] = {}
        try:
            for log in self._logs.values():
                path = self._path(log.name, "checkpoint")
                if path.exists():
                    octets = read_file(path, MOST_NOTE_OCTETS, "The witness's memory")
                    self._last[log.name] = open_checkpoint(octets, log, [self.key])
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let another process use the state."""
        with self._turn:
            self._hold.release()

    def __enter__(self) -> Witness:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def last(self, origin: str) -> SignedCheckpoint | None:
        """Return the newest checkpoint that was cosigned of a log; None before the first."""
        return self._last.get(origin)

    def size(self, origin: str) -> int:
        """Return from which size a proof of consistency has to lead."""
        last = self._last.get(origin)
        return last.size if last else 0

    def consider(
        self,
        offered: bytes,
        proof: Sequence[bytes],
        now: float,
        begins_with: bytes | None = None,
    ) -> NoteSignature:
        """Cosign a checkpoint that follows the one held, and return the line to add to it.

        `proof` leads from `size(origin)` to it. It is remembered on the disk before the line is
        returned. LogError if the log is not watched or the proof is bad; if the log's own key
        convicts it (a fork, or a log that shrank) the sentence names the file with the evidence.
        `begins_with` is the root of the tree of `size(origin)` leaves according to who offers:
        where that is not the one held, a good proof convicts the log, a bad one nobody.
        """
        log = self._watched(offered)
        signed = open_checkpoint(offered, log)
        # Lines of others are not kept: nobody verified them, and they could fill the memory.
        signed = replace(signed, note=Note(signed.note.text, (signed.line_of(log),)))
        with self._turn:
            return self._consider(log, signed, proof, now, begins_with)

    def cosigned(self, origin: str) -> bytes:
        """Return the newest checkpoint with this witness's line, for auditors to compare with."""
        if origin not in self._last:
            raise LogError(f"Nothing of {quoted(origin)} was cosigned yet.")
        return self._last[origin].note.octets()

    def _consider(
        self,
        log: VerifierKey,
        signed: SignedCheckpoint,
        proof: Sequence[bytes],
        now: float,
        begins_with: bytes | None,
    ) -> NoteSignature:
        if not self._hold.held:
            raise LogError(f"The witness's memory in {shown(self._state)} is closed.")
        held = self._last.get(log.name)
        if held is not None:
            self._check(held, signed, proof, log, begins_with)
        elif proof:
            raise LogError("Of this log nothing is known yet: the proof must be empty.")
        # Never earlier than before: a cosignature says that nothing larger was known at its time.
        time = max(int(now), held.witnesses.get(self.key.name, 0) if held else 0)
        line = sign_checkpoint(signed.checkpoint, self.key.name, self._signing, time)
        note = signed.note.signed(line)
        self._remember(log.name, "checkpoint", note.octets())
        self._last[log.name] = replace(signed, note=note, witnesses={self.key.name: time})
        return line

    def _watched(self, offered: bytes) -> VerifierKey:
        origin = Checkpoint.of_body(Note.of_octets(offered).text).origin
        if origin not in self._logs:
            raise LogError(f"The log {quoted(origin)} is not one that this witness watches.")
        return self._logs[origin]

    def _check(
        self,
        held: SignedCheckpoint,
        offered: SignedCheckpoint,
        proof: Sequence[bytes],
        log: VerifierKey,
        begins_with: bytes | None,
    ) -> None:
        """Return if what is offered follows what is held; keep the evidence if it cannot."""
        pair = held.note.octets(), offered.note.octets()
        for evidence in (
            ForkEvidence(*pair),  # enough for one size or wrong dates; a proof might be anything
            ForkEvidence(*pair, begins_with or b"", tuple(proof)),
        ):
            what = _conviction(evidence, log)
            if what:
                name = f"fork-{sha256(evidence.octets()).hex()[:16]}.json"
                path = self._remember(log.name, name, evidence.octets())
                raise LogError(
                    f"{what} Nothing was cosigned. The evidence, which anybody can verify, is in "
                    f"{shown(path)}: baluardo audit evidence."
                )
        if offered.size < held.size:
            raise LogError(
                f"The log {quoted(log.name)} shows a checkpoint of {offered.size} entries, and "
                f"{held.size} were cosigned already: it is an old one, or the log was cut. "
                "Nothing was cosigned."
            )
        verify_consistency(held.size, offered.size, proof, held.root, offered.root)

    def _remember(self, origin: str, name: str, octets: bytes) -> Path:
        path = self._path(origin, name)
        try:
            write_durably(path, octets, mode=STATE_MODE)
        except TargetError as problem:
            raise LogError(f"{problem} Nothing was cosigned.") from None
        return path

    def _path(self, origin: str, name: str) -> Path:
        return self._state / f"{_stem(origin)}.{name}"


def memory_of(state: Path, origin: str) -> Path:
    """Return the file in which a witness with its memory in `state` keeps its last checkpoint."""
    return state / f"{_stem(origin)}.checkpoint"


def new_witness_key(profile: AnyProfile) -> SigningKey:
    """Make a key for a witness of a community's logs."""
    return SigningKey.generate(profile.log)


def cosign_directory(witness: Witness, directory: Path, now: float) -> NoteSignature:
    """Let a witness consider the newest checkpoint of a log in a directory, with its own proof."""
    offered = read_checkpoint(directory)
    checkpoint = Checkpoint.of_body(Note.of_octets(offered).text)
    held = witness.size(checkpoint.origin)
    if not 0 < held < checkpoint.size:
        return witness.consider(offered, (), now)
    reader = LogReader(directory, checkpoint.size)
    return witness.consider(offered, reader.consistency_proof(held), now, reader.root(held))


def _stem(origin: str) -> str:
    return sha256(origin.encode()).hex()[:16]


def _conviction(evidence: ForkEvidence, log: VerifierKey) -> str:
    """Return what the evidence proves; empty if it proves nothing."""
    try:
        return evidence.verify(log)
    except LogError:
        return ""
